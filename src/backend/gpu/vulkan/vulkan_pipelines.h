// Shaders as a device runs them.
#pragma once

#include <map>
#include <string_view>
#include <utility>

#include "backend/gpu/vulkan/vulkan_device.h"
#include "kernels/vulkan/shaders.h"

namespace quire {

// How a device gets the bits of the contract (kernels/vulkan/arithmetic.glsl).
struct VulkanArithmetic {
  bool fma_by_f64 = false;
  bool divides_in_integers = false;
  bool takes_roots_in_integers = false;
  bool widens_halves_in_integers = false;

  bool operator==(const VulkanArithmetic&) const = default;
};

// What a dispatch tells a shader (kernels/vulkan/launch.glsl).
struct VulkanLaunch {
  VkDeviceAddress args;
  uint32_t blocks;
};
inline constexpr uint32_t launch_bytes = sizeof(VkDeviceAddress) + sizeof(uint32_t);

// Made when they are first asked for: a driver takes some time for each. Owned by a queue; borrows the device.
class VulkanPipelines {
 public:
  static Result<VulkanPipelines> create(const VulkanDevice& device, const VulkanArithmetic& arithmetic);
  ~VulkanPipelines();
  VulkanPipelines(VulkanPipelines&& other) noexcept
      : device_(other.device_),
        arithmetic_(other.arithmetic_),
        layout_(std::exchange(other.layout_, nullptr)),
        made_(std::move(other.made_)) {}
  VulkanPipelines& operator=(VulkanPipelines&&) = delete;

  VkPipelineLayout layout() const { return layout_; }
  // REQUIRES: a shader of the program.
  Result<VkPipeline> get(std::string_view shader, const gpu::KernelConstants& constants);

 private:
  VulkanPipelines(const VulkanDevice& device, const VulkanArithmetic& arithmetic)
      : device_(device), arithmetic_(arithmetic) {}
  Result<VkPipeline> make(std::string_view shader, const gpu::KernelConstants& constants) const;

  const VulkanDevice& device_;
  const VulkanArithmetic arithmetic_;
  VkPipelineLayout layout_ = nullptr;
  std::map<std::pair<std::string_view, gpu::KernelConstants>, VkPipeline> made_;
};

}  // namespace quire
