// A queue of a GPU that Vulkan drives.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "backend/gpu/vulkan/vulkan_commands.h"
#include "backend/gpu/vulkan/vulkan_gpu.h"

namespace quire {

// Borrows the GPU. One thread at a time.
class VulkanQueue final : public GpuQueue {
 public:
  static Result<std::unique_ptr<GpuQueue>> create(const VulkanGpu& gpu);
  ~VulkanQueue() override;
  VulkanQueue(const VulkanQueue&) = delete;
  VulkanQueue& operator=(const VulkanQueue&) = delete;

  // Those that there are shaders for.
  static GpuKernels kernels();

  const GpuFacts& facts() const override { return gpu_.facts(); }
  Result<GpuMemory> memory() override { return gpu_.memory(); }
  Result<DeviceAddress> allocate(uint64_t size_bytes) override;
  void free(DeviceAddress memory) override;
  Result<std::byte*> allocate_host(uint64_t size_bytes) override;
  void free_host(std::byte* memory) override;
  void fill(DeviceAddress to, std::byte value, uint64_t size_bytes) override;
  void upload(DeviceAddress to, std::span<const std::byte> from) override;
  void download(DeviceAddress from, std::span<std::byte> to) override;
  void launch(GpuKernel kernel, int64_t blocks, int threads, std::span<const std::byte> args) override;
  Result<void> wait() override;
  void fail(Error why) override;

 private:
  // A place in a buffer.
  struct Place {
    VkBuffer buffer;
    uint64_t offset;
  };

  VulkanQueue(const VulkanGpu& gpu, std::unique_ptr<VulkanDevice> device, VulkanPipelines pipelines,
              VulkanCommands commands)
      : gpu_(gpu), device_(std::move(device)), pipelines_(std::move(pipelines)), commands_(std::move(commands)) {}
  void note(Result<void> done);
  void wait_for_commands();
  Place place_of(DeviceAddress address, uint64_t size_bytes) const;
  Place place_of(const std::byte* host, uint64_t size_bytes) const;
  // Where the GPU reads these arguments.
  VkDeviceAddress stage(std::span<const std::byte> args);

  const VulkanGpu& gpu_;
  const std::unique_ptr<VulkanDevice> device_;
  VulkanPipelines pipelines_;
  VulkanCommands commands_;
  std::optional<Error> error_;
  std::map<uint64_t, VulkanBuffer> memory_;        // by the address that was given out
  std::map<const std::byte*, VulkanBuffer> host_;  // by where it is mapped
  // What is uploaded goes through here: the caller's bytes are its own again. Filled from the front since the last
  // wait.
  VulkanBuffer staging_;
  uint64_t staged_bytes_ = 0;
  VulkanBuffer args_;
  uint64_t args_bytes_ = 0;
};

}  // namespace quire
