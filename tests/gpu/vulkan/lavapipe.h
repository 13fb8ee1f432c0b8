// Mesa's lavapipe, a Vulkan device that computes on the host's cores: the same on every machine, whatever other devices
// there are.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/gpu/vulkan/vulkan_gpu.h"
#include "base/result.h"

namespace quire::test {

class Lavapipe {
 public:
  // With what the self-test finds, or another arithmetic.
  static Result<std::unique_ptr<Lavapipe>> open(std::optional<VulkanArithmetic> arithmetic = {},
                                                const std::string& library = "libvulkan.so.1");

  const VulkanDriver& driver() const { return *driver_; }
  const VulkanGpu& gpu() const { return *gpu_; }

 private:
  Lavapipe() = default;

  std::unique_ptr<const VulkanDriver> driver_;
  std::unique_ptr<const VulkanGpu> gpu_;
};

// What the self-test finds, by a test of its own.
inline constexpr VulkanArithmetic lavapipe_arithmetic = {.fma_by_f64 = true};

// With that arithmetic, for all tests of a process: a driver takes a while to begin, and for each shader.
// REQUIRES: why_no_tested_gpu() is empty.
GpuQueue& shared_lavapipe_queue();

}  // namespace quire::test
