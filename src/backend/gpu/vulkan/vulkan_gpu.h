// A GPU that Vulkan drives, and how it computes with the contract's bits.
#pragma once

#include <memory>
#include <string>

#include "backend/gpu/gpu.h"
#include "backend/gpu/vulkan/vulkan_device.h"
#include "backend/gpu/vulkan/vulkan_pipelines.h"

namespace quire {

// Borrows the driver. Each of its queues is a device of the driver's own.
class VulkanGpu final : public Gpu {
 public:
  // With the self-test, some shaders' compilation long. An error says what the GPU lacks, or that the program has no
  // shaders.
  static Result<std::unique_ptr<const VulkanGpu>> open(const VulkanDriver& driver, size_t index);
  // With an arithmetic that is not asked for: tests do.
  static Result<std::unique_ptr<const VulkanGpu>> open(const VulkanDriver& driver, size_t index,
                                                       const VulkanArithmetic& arithmetic);

  const GpuFacts& facts() const override { return facts_; }
  const VulkanTraits& traits() const { return traits_; }
  const VulkanArithmetic& arithmetic() const { return arithmetic_; }
  // The name and what the self-test has found.
  std::string description() const override;
  Result<GpuMemory> memory() const override;
  Result<std::unique_ptr<GpuQueue>> make_queue() const override;

  const VulkanDriver& driver() const { return driver_; }
  VkPhysicalDevice physical() const { return physical_; }

 private:
  VulkanGpu(const VulkanDriver& driver, VkPhysicalDevice physical) : driver_(driver), physical_(physical) {}
  static Result<std::unique_ptr<VulkanGpu>> find(const VulkanDriver& driver, size_t index);

  const VulkanDriver& driver_;
  const VkPhysicalDevice physical_;
  VulkanTraits traits_;
  VulkanArithmetic arithmetic_;
  GpuFacts facts_;
};

}  // namespace quire
