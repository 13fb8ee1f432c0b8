#include "gpu/vulkan/lavapipe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/check.h"
#include "gpu/backend/counting_queue.h"
#include "gpu/backend/tested_gpu.h"

namespace quire::test {

Result<std::unique_ptr<Lavapipe>> Lavapipe::open(std::optional<VulkanArithmetic> arithmetic,
                                                 const std::string& library) {
  std::unique_ptr<Lavapipe> lavapipe(new Lavapipe);
  QUIRE_TRY(lavapipe->driver_, VulkanDriver::open(library));
  const VulkanDriver& driver = *lavapipe->driver_;
  const auto found = std::ranges::find_if(
      driver.devices(), [&](VkPhysicalDevice device) { return driver.name_of(device).starts_with("llvmpipe"); });
  if (found == driver.devices().end()) {
    return fail(ErrorKind::not_found, "no lavapipe here (Debian's mesa-vulkan-drivers)");
  }
  const auto index = static_cast<size_t>(found - driver.devices().begin());
  QUIRE_TRY(lavapipe->gpu_, arithmetic ? VulkanGpu::open(driver, index, *arithmetic) : VulkanGpu::open(driver, index));
  return lavapipe;
}

namespace {

// One of a process. It goes before main returns: a driver has threads of its own, which do not outlive that.
class Shared final : public testing::Environment {
 public:
  Result<GpuQueue*> queue() {
    if (queue_ == nullptr) {
      QUIRE_TRY(lavapipe_, Lavapipe::open(lavapipe_arithmetic));
      QUIRE_TRY(queue_, lavapipe_->gpu().make_queue());
    }
    return queue_.get();
  }
  void TearDown() override {
    queue_.reset();
    lavapipe_.reset();
  }

 private:
  std::unique_ptr<Lavapipe> lavapipe_;
  std::unique_ptr<GpuQueue> queue_;
};

auto* const shared = static_cast<Shared*>(testing::AddGlobalTestEnvironment(new Shared));

class TestedLavapipe final : public TestedGpu {
 public:
  std::unique_ptr<GpuBackend> make_backend(Team& workers) const override {
    return std::make_unique<GpuBackend>(std::make_unique<CountingQueue>(shared_lavapipe_queue(), launches_), workers);
  }
  int64_t launches() const override { return launches_; }

 private:
  mutable int64_t launches_ = 0;
};

// All types and families take minutes: docs/testing.md has the command.
bool tests_everything() { return std::getenv("QUIRE_TEST_ALL_SHADERS") != nullptr; }

}  // namespace

GpuQueue& shared_lavapipe_queue() {
  const auto queue = shared->queue();
  QUIRE_CHECK(queue.has_value(), "lavapipe is here");
  return **queue;
}

std::unique_ptr<TestedGpu> open_tested_gpu(GpuKind kind) {
  return kind == GpuKind::with_tiles ? std::make_unique<TestedLavapipe>() : nullptr;
}

std::string why_no_tested_gpu() {
  const auto queue = shared->queue();
  return queue ? "" : queue.error().message;
}

// Of quants of 4, 6 and 8 bits and of codes; of scales each way that minima and halves have.
bool tests_weights_of(ElementType type) {
  using enum ElementType;
  constexpr std::array tested = {f32, f16, bf16, q8_0, q4_0, q4_k, q6_k, q2_k, nvfp4};
  return tests_everything() || std::ranges::find(tested, type) != tested.end();
}

bool tests_family(std::string_view name) {
  constexpr std::array<std::string_view, 4> tested = {"llama", "qwen3", "gemma3", "bert"};
  return tests_everything() || std::ranges::find(tested, name) != tested.end();
}

}  // namespace quire::test
