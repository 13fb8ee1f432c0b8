#include "backend/gpu/vulkan/vulkan_commands.h"

#include <algorithm>
#include <utility>

namespace quire {
namespace {

// So that the device begins before the last one is there.
constexpr int commands_of_buffer = 64;
constexpr uint32_t groups_of_dimension = 65535;  // that every device has: maxComputeWorkGroupCount

}  // namespace

Result<VulkanCommands> VulkanCommands::create(const VulkanDevice& device) {
  VulkanCommands commands(device);
  const VkCommandPoolCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
                                          .queueFamilyIndex = device.traits().queue_family};
  QUIRE_TRY_VOID(vulkan::check(device.call().create_command_pool(device.handle(), &wanted, nullptr, &commands.pool_),
                               device.traits().name));
  return commands;
}

VulkanCommands::VulkanCommands(VulkanCommands&& other) noexcept
    : device_(other.device_),
      pool_(std::exchange(other.pool_, nullptr)),
      buffers_(std::move(other.buffers_)),
      submitted_(other.submitted_),
      recorded_(other.recorded_) {}

VulkanCommands::~VulkanCommands() {
  if (pool_ != nullptr) device_.call().destroy_command_pool(device_.handle(), pool_, nullptr);
}

Result<VkCommandBuffer> VulkanCommands::next() {
  if (recorded_ == commands_of_buffer) QUIRE_TRY_VOID(submit());
  if (submitted_ == buffers_.size()) {
    const VkCommandBufferAllocateInfo wanted = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                                .commandPool = pool_,
                                                .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                                .commandBufferCount = 1};
    VkCommandBuffer made = nullptr;
    QUIRE_TRY_VOID(vulkan::check(device_.call().allocate_commands(device_.handle(), &wanted, &made), "commands"));
    buffers_.push_back(made);
  }
  const VkCommandBuffer buffer = buffers_[submitted_];
  if (recorded_ == 0) {
    const VkCommandBufferBeginInfo once = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                           .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    QUIRE_TRY_VOID(vulkan::check(device_.call().begin_commands(buffer, &once), "commands"));
  }
  ++recorded_;
  const VkMemoryBarrier written = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                   .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                   .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                                                    VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
  constexpr VkPipelineStageFlags stages = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
  device_.call().pipeline_barrier(buffer, stages, stages, 0, 1, &written, 0, nullptr, 0, nullptr);
  return buffer;
}

Result<void> VulkanCommands::copy(VkBuffer from, uint64_t from_offset, VkBuffer to, uint64_t to_offset,
                                  uint64_t size_bytes) {
  QUIRE_TRY(const VkCommandBuffer buffer, next());
  const VkBufferCopy range = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size_bytes};
  device_.call().copy_buffer(buffer, from, to, 1, &range);
  return {};
}

Result<void> VulkanCommands::fill(VkBuffer to, uint64_t offset, uint32_t word, uint64_t size_bytes) {
  QUIRE_TRY(const VkCommandBuffer buffer, next());
  device_.call().fill_buffer(buffer, to, offset, size_bytes, word);
  return {};
}

Result<void> VulkanCommands::dispatch(VkPipeline pipeline, VkPipelineLayout layout, const VulkanLaunch& launch) {
  QUIRE_TRY(const VkCommandBuffer buffer, next());
  const uint32_t columns = std::min(launch.blocks, groups_of_dimension);
  device_.call().bind_pipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  device_.call().push_constants(buffer, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, launch_bytes, &launch);
  device_.call().dispatch(buffer, columns, (launch.blocks + columns - 1) / columns, 1);
  return {};
}

// What the host reads of the last commands is visible to it behind a barrier of its own.
Result<void> VulkanCommands::submit() {
  if (recorded_ == 0) return {};
  const VkCommandBuffer buffer = buffers_[submitted_];
  const VkMemoryBarrier written = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                   .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                   .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
  device_.call().pipeline_barrier(buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                  VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &written, 0, nullptr, 0, nullptr);
  recorded_ = 0;
  ++submitted_;
  QUIRE_TRY_VOID(vulkan::check(device_.call().end_commands(buffer), "commands"));
  const VkSubmitInfo submitted = {
      .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &buffer};
  return vulkan::check(device_.call().submit(device_.queue(), 1, &submitted, VK_NULL_HANDLE), "handing over commands");
}

// Whatever was handed over is waited for, an error or not: its memory goes next.
Result<void> VulkanCommands::wait() {
  Result<void> first = submit();
  if (submitted_ == 0) return first;
  const auto note = [&](VkResult code, std::string_view doing) {
    if (first) first = vulkan::check(code, doing);
  };
  note(device_.call().wait_for_queue(device_.queue()), "waiting for the GPU");
  submitted_ = 0;
  note(device_.call().reset_command_pool(device_.handle(), pool_, 0), "commands");
  return first;
}

}  // namespace quire
