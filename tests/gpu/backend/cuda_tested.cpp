#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "gpu/backend/counting_queue.h"
#include "gpu/backend/stand_in_gpu.h"
#include "gpu/backend/tested_gpu.h"
#include "kernels/gpu/module.h"

namespace quire::test {
namespace {

// The driver of a real card, by name or path; null: the stand-in is tested.
const char* real_driver() { return std::getenv("QUIRE_TEST_CUDA_LIBRARY"); }

// A card of its own each time, of the kind that is asked for.
class TestedStandIn final : public TestedGpu {
 public:
  explicit TestedStandIn(int compute_capability) : card_({.compute_capability = compute_capability}) {}
  std::unique_ptr<GpuBackend> make_backend(Team& workers) const override { return card_.make_backend(workers); }
  int64_t launches() const override { return card_.counts().launches; }

 private:
  const StandInGpu card_;
};

// One of a process: a driver compiles the kernels as a card is opened. It goes before main returns, as a driver's
// threads do.
class RealCard final : public testing::Environment {
 public:
  Result<const CudaGpu*> gpu() {
    if (gpu_ == nullptr) {
      QUIRE_TRY(driver_, CudaDriver::open(real_driver()));
      QUIRE_TRY(gpu_, CudaGpu::open(*driver_, 0));
    }
    return gpu_.get();
  }
  void TearDown() override {
    gpu_.reset();
    driver_.reset();
  }

 private:
  std::unique_ptr<const CudaDriver> driver_;
  std::unique_ptr<const CudaGpu> gpu_;
};

auto* const real_card = static_cast<RealCard*>(testing::AddGlobalTestEnvironment(new RealCard));

class TestedRealCard final : public TestedGpu {
 public:
  std::unique_ptr<GpuBackend> make_backend(Team& workers) const override {
    queues_.push_back(take(take(real_card->gpu())->make_queue()));
    return std::make_unique<GpuBackend>(std::make_unique<CountingQueue>(*queues_.back(), launches_), workers);
  }
  int64_t launches() const override { return launches_; }

 private:
  mutable std::vector<std::unique_ptr<GpuQueue>> queues_;  // of its backends, which go first
  mutable int64_t launches_ = 0;
};

}  // namespace

std::unique_ptr<TestedGpu> open_tested_gpu(GpuKind kind) {
  if (real_driver() == nullptr) return std::make_unique<TestedStandIn>(kind == GpuKind::with_tiles ? 80 : 75);
  const bool has_tiles = take(real_card->gpu())->facts().has_tensor_cores;
  if (kind == GpuKind::without_tiles && has_tiles) return nullptr;
  return std::make_unique<TestedRealCard>();
}

bool tests_weights_of(ElementType /*type*/) { return true; }

// Those with as many layers as their size is told by take most of the time of all; with QUIRE_ALL_FAMILIES they run
// too.
bool tests_family(std::string_view name) {
  constexpr std::array<std::string_view, 6> deep = {"command-r-norms", "deepseek2-joined", "deepseek2-lite",
                                                    "exaone4-32b",     "gemma2-27b",       "gemma3-27b"};
  return std::getenv("QUIRE_ALL_FAMILIES") != nullptr || std::ranges::find(deep, name) == deep.end();
}

std::string why_no_tested_gpu() { return gpu::modules().empty() ? "built without clang++-19" : ""; }

std::string why_no_stand_in() {
  return real_driver() != nullptr ? "a real card is tested: its calls do not fail when they are told to" : "";
}

}  // namespace quire::test
