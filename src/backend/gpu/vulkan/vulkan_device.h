// A GPU as one queue of a Vulkan driver has it: memory and commands.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "backend/gpu/vulkan/vulkan_driver.h"
#include "backend/gpu/vulkan/vulkan_gpus.h"

namespace quire {

// What a driver says of a device, and quire needs to know.
struct VulkanTraits {
  std::string name;
  VulkanKind kind = VulkanKind::card;
  bool has_f64 = false;
  bool has_memory_budget = false;  // VK_EXT_memory_budget
  // Execution modes of shaders that the device has, for f32 (VkPhysicalDeviceFloatControlsProperties).
  bool keeps_denormals = false;
  bool rounds_to_even = false;
  bool keeps_infinities = false;
  uint32_t queue_family = 0;
  VkPhysicalDeviceMemoryProperties memory{};
};

// An error names what the device lacks.
Result<VulkanTraits> read_traits(const VulkanDriver& driver, VkPhysicalDevice physical);

// A piece of memory, all of it one buffer.
struct VulkanBuffer {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceAddress address = 0;
  uint64_t size_bytes = 0;
  std::byte* mapped = nullptr;  // null: the host cannot touch it
};

enum class VulkanMemory : uint8_t {
  of_device,
  staged,      // the host writes, the GPU copies from it
  downloaded,  // the GPU copies to it, the host reads
  arguments,   // the host writes, kernels read
};

// Owned by a queue; one thread at a time. Borrows the driver. Whoever makes a buffer destroys it before the device
// goes.
class VulkanDevice {
 public:
  static Result<std::unique_ptr<VulkanDevice>> create(const VulkanDriver& driver, VkPhysicalDevice physical,
                                                      const VulkanTraits& traits);
  ~VulkanDevice();
  VulkanDevice(const VulkanDevice&) = delete;
  VulkanDevice& operator=(const VulkanDevice&) = delete;

  VkDevice handle() const { return device_; }
  VkQueue queue() const { return queue_; }
  const vulkan::DeviceFunctions& call() const { return functions_; }
  const VulkanTraits& traits() const { return traits_; }

  Result<VulkanBuffer> make_buffer(uint64_t size_bytes, VulkanMemory use) const;
  void destroy(const VulkanBuffer& buffer) const;

 private:
  explicit VulkanDevice(const VulkanTraits& traits) : traits_(traits) {}
  Result<void> bind_memory(VulkanBuffer& buffer, VulkanMemory use) const;

  const VulkanTraits traits_;
  VkDevice device_ = VK_NULL_HANDLE;
  VkQueue queue_ = VK_NULL_HANDLE;
  vulkan::DeviceFunctions functions_;
};

}  // namespace quire
