// The stand-in's card, opened as a real one would be.
#pragma once

#include <dlfcn.h>

#include <memory>
#include <string>

#include "backend/gpu/cuda_driver.h"
#include "backend/gpu/cuda_gpu.h"
#include "backend/gpu/gpu_backend.h"
#include "base/team.h"
#include "gpu/stand_in/stand_in.h"
#include "support/take.h"

namespace quire::test {

// Why tests of what only the stand-in does are not for now; empty: they are.
std::string why_no_stand_in();

#define QUIRE_STAND_IN_OR_SKIP() \
  if (const std::string why = why_no_stand_in(); !why.empty()) GTEST_SKIP() << why

// One at a time: there is one card.
class StandInGpu {
 public:
  explicit StandInGpu(const StandInCard& card = {}) : library_(dlopen(QUIRE_STAND_IN_CUDA, RTLD_NOW | RTLD_LOCAL)) {
    QUIRE_CHECK(library_ != nullptr, dlerror());
    become(card);
    driver_ = take(CudaDriver::open(QUIRE_STAND_IN_CUDA));
    gpu_ = take(CudaGpu::open(*driver_, 0));
  }
  StandInGpu(const StandInGpu&) = delete;
  StandInGpu& operator=(const StandInGpu&) = delete;

  // What is opened from now on is this card.
  void become(const StandInCard& card) const { find<SetStandInCard>("quire_stand_in_card")(card); }
  const CudaGpu& gpu() const { return *gpu_; }
  std::unique_ptr<GpuQueue> make_queue() const { return take(gpu_->make_queue()); }
  std::unique_ptr<GpuBackend> make_backend(Team& workers) const {
    return std::make_unique<GpuBackend>(make_queue(), workers);
  }
  // The `number`th call from now on fails, and where the card is lost all that follow.
  void fail(int64_t number, int code, bool is_lost) const {
    find<FailStandIn>("quire_stand_in_fail")(number, code, is_lost);
  }
  StandInCounts counts() const { return find<CountStandIn>("quire_stand_in_counts")(); }

 private:
  template <typename Function>
  Function find(const char* name) const {
    const auto found = reinterpret_cast<Function>(dlsym(library_, name));
    QUIRE_CHECK(found != nullptr, name);
    return found;
  }

  void* const library_;
  std::unique_ptr<const CudaDriver> driver_;
  std::unique_ptr<const CudaGpu> gpu_;
};

}  // namespace quire::test
