#include "backend/gpu/vulkan/vulkan_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

constexpr uint64_t staging_bytes = uint64_t{8} << 20;
constexpr uint64_t args_room_bytes = uint64_t{1} << 20;  // of some thousand launches
constexpr uint64_t alignment = 256;                      // of what is allocated, and of arguments

constexpr std::string_view names[] = {
#define QUIRE_NAME(name, ...) #name,
    QUIRE_GPU_KERNELS(QUIRE_NAME) QUIRE_GPU_DOT_KERNELS(QUIRE_NAME) QUIRE_GPU_TENSOR_KERNELS(QUIRE_NAME)
#undef QUIRE_NAME
};

using ShadersOfKernels = std::array<const gpu::ShaderKernel*, gpu_kernel_count>;

// By the kernels' numbers; null: there is none.
const ShadersOfKernels& shaders_of_kernels() {
  static const ShadersOfKernels shaders = [] {
    ShadersOfKernels found{};
    for (const gpu::ShaderKernel& one : gpu::shader_kernels()) {
      const auto index = static_cast<size_t>(std::ranges::find(names, one.kernel) - std::begin(names));
      QUIRE_CHECK(index < found.size(), "a kernel of the list");
      found[index] = &one;
    }
    return found;
  }();
  return shaders;
}

}  // namespace

GpuKernels VulkanQueue::kernels() {
  GpuKernels kernels;
  for (size_t index = 0; index < kernels.size(); ++index) kernels[index] = shaders_of_kernels()[index] != nullptr;
  return kernels;
}

Result<std::unique_ptr<GpuQueue>> VulkanQueue::create(const VulkanGpu& gpu) {
  QUIRE_TRY(auto device, VulkanDevice::create(gpu.driver(), gpu.physical(), gpu.traits()));
  QUIRE_TRY(auto pipelines, VulkanPipelines::create(*device, gpu.arithmetic()));
  QUIRE_TRY(auto commands, VulkanCommands::create(*device));
  std::unique_ptr<VulkanQueue> queue(
      new VulkanQueue(gpu, std::move(device), std::move(pipelines), std::move(commands)));
  QUIRE_TRY(queue->staging_, queue->device_->make_buffer(staging_bytes, VulkanMemory::staged));
  QUIRE_TRY(queue->args_, queue->device_->make_buffer(args_room_bytes, VulkanMemory::arguments));
  return queue;
}

VulkanQueue::~VulkanQueue() {
  (void)commands_.wait();  // what it copies to and from may go after it
  device_->destroy(staging_);
  device_->destroy(args_);
  for (const auto& [address, buffer] : memory_) device_->destroy(buffer);
  for (const auto& [address, buffer] : host_) device_->destroy(buffer);
}

void VulkanQueue::note(Result<void> done) {
  if (done) return;
  Error why = std::move(done).error();
  why.message = fmt::format("{}: {}", facts().name, why.message);
  fail(std::move(why));
}

void VulkanQueue::fail(Error why) {
  if (!error_) error_ = std::move(why);
}

void VulkanQueue::wait_for_commands() {
  note(commands_.wait());
  staged_bytes_ = 0;
  args_bytes_ = 0;
}

// Buffers begin where their driver likes; more than is asked for is taken, and the address rounded up.
Result<DeviceAddress> VulkanQueue::allocate(uint64_t size_bytes) {
  QUIRE_TRY(const VulkanBuffer buffer,
            device_->make_buffer(round_up(size_bytes, alignment) + alignment, VulkanMemory::of_device));
  const uint64_t address = round_up<uint64_t>(buffer.address, alignment);
  memory_.emplace(address, buffer);
  return DeviceAddress{address};
}

void VulkanQueue::free(DeviceAddress memory) {
  wait_for_commands();
  const auto found = memory_.find(memory.value);
  QUIRE_CHECK(found != memory_.end(), "memory of this queue");
  device_->destroy(found->second);
  memory_.erase(found);
}

Result<std::byte*> VulkanQueue::allocate_host(uint64_t size_bytes) {
  QUIRE_TRY(const VulkanBuffer buffer, device_->make_buffer(size_bytes, VulkanMemory::downloaded));
  host_.emplace(buffer.mapped, buffer);
  return buffer.mapped;
}

void VulkanQueue::free_host(std::byte* memory) {
  wait_for_commands();
  const auto found = host_.find(memory);
  QUIRE_CHECK(found != host_.end(), "memory of this queue");
  device_->destroy(found->second);
  host_.erase(found);
}

VulkanQueue::Place VulkanQueue::place_of(DeviceAddress address, uint64_t size_bytes) const {
  auto found = memory_.upper_bound(address.value);
  QUIRE_CHECK(found != memory_.begin(), "memory of this queue");
  const VulkanBuffer& buffer = std::prev(found)->second;
  const uint64_t offset = address.value - buffer.address;
  QUIRE_CHECK(offset + size_bytes <= buffer.size_bytes, "a range of one allocation");
  return {.buffer = buffer.buffer, .offset = offset};
}

VulkanQueue::Place VulkanQueue::place_of(const std::byte* host, uint64_t size_bytes) const {
  auto found = host_.upper_bound(host);
  QUIRE_CHECK(found != host_.begin(), "memory of this queue");
  const VulkanBuffer& buffer = std::prev(found)->second;
  const auto offset = static_cast<uint64_t>(host - buffer.mapped);
  QUIRE_CHECK(offset + size_bytes <= buffer.size_bytes, "a range of one allocation");
  return {.buffer = buffer.buffer, .offset = offset};
}

// Vulkan fills whole words; the bytes at an end that are none come as an upload.
void VulkanQueue::fill(DeviceAddress to, std::byte value, uint64_t size_bytes) {
  constexpr uint64_t word_bytes = 4;
  QUIRE_CHECK(to.value % word_bytes == 0, "memory is filled from a word on");
  const uint64_t words = size_bytes / word_bytes * word_bytes;
  if (words > 0 && !error_) {
    const Place place = place_of(to, words);
    note(commands_.fill(place.buffer, place.offset, 0x01010101U * std::to_integer<uint32_t>(value), words));
  }
  std::array<std::byte, word_bytes> rest{};
  rest.fill(value);
  upload(to + static_cast<int64_t>(words), std::span(rest).first(size_bytes - words));
}

void VulkanQueue::upload(DeviceAddress to, std::span<const std::byte> from) {
  while (!from.empty() && !error_) {
    if (staged_bytes_ == staging_bytes) wait_for_commands();
    const size_t size = std::min(from.size(), static_cast<size_t>(staging_bytes - staged_bytes_));
    std::memcpy(staging_.mapped + staged_bytes_, from.data(), size);
    const Place place = place_of(to, size);
    if (!error_) note(commands_.copy(staging_.buffer, staged_bytes_, place.buffer, place.offset, size));
    staged_bytes_ = std::min(staging_bytes, round_up<uint64_t>(staged_bytes_ + size, 64));
    to = to + static_cast<int64_t>(size);
    from = from.subspan(size);
  }
}

void VulkanQueue::download(DeviceAddress from, std::span<std::byte> to) {
  if (to.empty() || error_) return;
  const Place source = place_of(from, to.size()), target = place_of(to.data(), to.size());
  note(commands_.copy(source.buffer, source.offset, target.buffer, target.offset, to.size()));
}

VkDeviceAddress VulkanQueue::stage(std::span<const std::byte> args) {
  if (args_bytes_ + args.size() > args_room_bytes) wait_for_commands();
  const uint64_t begin = args_bytes_;
  std::memcpy(args_.mapped + begin, args.data(), args.size());
  args_bytes_ = round_up<uint64_t>(begin + args.size(), alignment);
  return args_.address + begin;
}

// Threads of a block are the shader's own.
void VulkanQueue::launch(GpuKernel kernel, int64_t blocks, int /*threads*/, std::span<const std::byte> args) {
  constexpr int64_t blocks_max = (int64_t{1} << 31) - 1;
  QUIRE_CHECK(blocks > 0 && blocks <= blocks_max, "a grid that the GPU can have");
  const gpu::ShaderKernel* const shader = shaders_of_kernels()[static_cast<size_t>(kernel)];
  QUIRE_CHECK(shader != nullptr, "a kernel that the GPU has");
  if (error_) return;
  auto pipeline = pipelines_.get(shader->shader, shader->constants);
  if (!pipeline) return note(std::unexpected(std::move(pipeline).error()));
  const VkDeviceAddress staged = stage(args);
  if (error_) return;
  note(commands_.dispatch(*pipeline, pipelines_.layout(), {.args = staged, .blocks = static_cast<uint32_t>(blocks)}));
}

Result<void> VulkanQueue::wait() {
  wait_for_commands();
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace quire
