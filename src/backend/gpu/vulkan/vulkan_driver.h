// Vulkan as far as it is called: a library that is there or not, its functions by name. Names, numbers and signatures
// are those of the Vulkan specification (registry.khronos.org/vulkan).
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan_core.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire {

namespace vulkan {

// K(member, name in the library)
#define QUIRE_VULKAN_INSTANCE_FUNCTIONS(K)                    \
  K(destroy_instance, vkDestroyInstance)                      \
  K(list_devices, vkEnumeratePhysicalDevices)                 \
  K(properties, vkGetPhysicalDeviceProperties2)               \
  K(features, vkGetPhysicalDeviceFeatures2)                   \
  K(memory_properties, vkGetPhysicalDeviceMemoryProperties2)  \
  K(queue_families, vkGetPhysicalDeviceQueueFamilyProperties) \
  K(list_extensions, vkEnumerateDeviceExtensionProperties)    \
  K(create_device, vkCreateDevice)                            \
  K(device_function, vkGetDeviceProcAddr)

#define QUIRE_VULKAN_DEVICE_FUNCTIONS(K)                \
  K(destroy_device, vkDestroyDevice)                    \
  K(get_queue, vkGetDeviceQueue)                        \
  K(allocate_memory, vkAllocateMemory)                  \
  K(free_memory, vkFreeMemory)                          \
  K(map_memory, vkMapMemory)                            \
  K(create_buffer, vkCreateBuffer)                      \
  K(destroy_buffer, vkDestroyBuffer)                    \
  K(buffer_requirements, vkGetBufferMemoryRequirements) \
  K(bind_buffer, vkBindBufferMemory)                    \
  K(buffer_address, vkGetBufferDeviceAddress)           \
  K(create_command_pool, vkCreateCommandPool)           \
  K(destroy_command_pool, vkDestroyCommandPool)         \
  K(reset_command_pool, vkResetCommandPool)             \
  K(allocate_commands, vkAllocateCommandBuffers)        \
  K(begin_commands, vkBeginCommandBuffer)               \
  K(end_commands, vkEndCommandBuffer)                   \
  K(bind_pipeline, vkCmdBindPipeline)                   \
  K(push_constants, vkCmdPushConstants)                 \
  K(dispatch, vkCmdDispatch)                            \
  K(pipeline_barrier, vkCmdPipelineBarrier)             \
  K(copy_buffer, vkCmdCopyBuffer)                       \
  K(fill_buffer, vkCmdFillBuffer)                       \
  K(submit, vkQueueSubmit)                              \
  K(wait_for_queue, vkQueueWaitIdle)                    \
  K(create_shader, vkCreateShaderModule)                \
  K(destroy_shader, vkDestroyShaderModule)              \
  K(create_layout, vkCreatePipelineLayout)              \
  K(destroy_layout, vkDestroyPipelineLayout)            \
  K(create_pipelines, vkCreateComputePipelines)         \
  K(destroy_pipeline, vkDestroyPipeline)

#define QUIRE_MEMBER(member, name) PFN_##name member = nullptr;
struct InstanceFunctions {
  QUIRE_VULKAN_INSTANCE_FUNCTIONS(QUIRE_MEMBER)
};
struct DeviceFunctions {
  QUIRE_VULKAN_DEVICE_FUNCTIONS(QUIRE_MEMBER)
};
#undef QUIRE_MEMBER

// What an error is called. `doing`: what failed.
Error error(VkResult code, std::string_view doing);
inline Result<void> check(VkResult code, std::string_view doing) {
  if (code == VK_SUCCESS) return {};
  return std::unexpected(error(code, doing));
}

}  // namespace vulkan

// Immutable once open; any thread. The library stays loaded: drivers have threads of their own.
class VulkanDriver {
 public:
  // By the library's name or path. An error says why there is no Vulkan here.
  static Result<std::unique_ptr<const VulkanDriver>> open(const std::string& library = "libvulkan.so.1");
  ~VulkanDriver();
  VulkanDriver(const VulkanDriver&) = delete;
  VulkanDriver& operator=(const VulkanDriver&) = delete;

  const vulkan::InstanceFunctions& call() const { return functions_; }
  std::span<const VkPhysicalDevice> devices() const { return devices_; }
  std::string name_of(VkPhysicalDevice device) const;

 private:
  VulkanDriver() = default;

  VkInstance instance_ = nullptr;
  vulkan::InstanceFunctions functions_;
  std::vector<VkPhysicalDevice> devices_;
};

}  // namespace quire
