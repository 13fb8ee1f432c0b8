// Commands on their way to a device, in order.
#pragma once

#include <vector>

#include "backend/gpu/vulkan/vulkan_device.h"
#include "backend/gpu/vulkan/vulkan_pipelines.h"

namespace quire {

// Each command sees what those before it wrote. They are given to the driver some at a time, and all of them at wait().
// Owned by a queue; borrows the device.
class VulkanCommands {
 public:
  static Result<VulkanCommands> create(const VulkanDevice& device);
  ~VulkanCommands();
  VulkanCommands(VulkanCommands&& other) noexcept;
  VulkanCommands& operator=(VulkanCommands&&) = delete;

  Result<void> copy(VkBuffer from, uint64_t from_offset, VkBuffer to, uint64_t to_offset, uint64_t size_bytes);
  // Of whole words.
  Result<void> fill(VkBuffer to, uint64_t offset, uint32_t word, uint64_t size_bytes);
  Result<void> dispatch(VkPipeline pipeline, VkPipelineLayout layout, const VulkanLaunch& launch);
  // All of them have happened.
  Result<void> wait();

 private:
  explicit VulkanCommands(const VulkanDevice& device) : device_(device) {}
  // The buffer that the next command goes to, behind a barrier.
  Result<VkCommandBuffer> next();
  Result<void> submit();

  const VulkanDevice& device_;
  VkCommandPool pool_ = nullptr;
  std::vector<VkCommandBuffer> buffers_;
  size_t submitted_ = 0;  // the first so many buffers, since the last wait
  int recorded_ = 0;      // commands in the buffer behind those
};

}  // namespace quire
