#include "backend/gpu/vulkan/vulkan_gpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "backend/gpu/vulkan/self_test.h"
#include "backend/gpu/vulkan/vulkan_queue.h"

namespace quire {
namespace {

// Vulkan does not tell how many there are; a card of middling size.
constexpr int assumed_multiprocessors = 32;

}  // namespace

Result<std::unique_ptr<VulkanGpu>> VulkanGpu::find(const VulkanDriver& driver, size_t index) {
  if (gpu::shaders().empty()) {
    return fail(ErrorKind::unsupported, "this program was built without Vulkan's kernels: glslc was not there");
  }
  if (index >= driver.devices().size()) return fail(ErrorKind::not_found, fmt::format("Vulkan has no GPU {}", index));
  std::unique_ptr<VulkanGpu> gpu(new VulkanGpu(driver, driver.devices()[index]));
  QUIRE_TRY(gpu->traits_, read_traits(driver, gpu->physical_));
  gpu->facts_ = {
      .name = gpu->traits_.name, .multiprocessors = assumed_multiprocessors, .kernels = VulkanQueue::kernels()};
  return gpu;
}

Result<std::unique_ptr<const VulkanGpu>> VulkanGpu::open(const VulkanDriver& driver, size_t index) {
  QUIRE_TRY(auto gpu, find(driver, index));
  QUIRE_TRY(const auto device, VulkanDevice::create(driver, gpu->physical_, gpu->traits_));
  QUIRE_TRY(gpu->arithmetic_, test_arithmetic(*device));
  return gpu;
}

Result<std::unique_ptr<const VulkanGpu>> VulkanGpu::open(const VulkanDriver& driver, size_t index,
                                                         const VulkanArithmetic& arithmetic) {
  QUIRE_TRY(auto gpu, find(driver, index));
  gpu->arithmetic_ = arithmetic;
  return gpu;
}

std::string VulkanGpu::description() const {
  return fmt::format("{}, by Vulkan: {}", traits_.name, describe(arithmetic_));
}

// Of heaps that are the device's own. A driver that does not tell what is used says what there is.
Result<GpuMemory> VulkanGpu::memory() const {
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2,
                                                  .pNext = traits_.has_memory_budget ? &budget : nullptr};
  driver_.call().memory_properties(physical_, &properties);
  GpuMemory memory;
  for (uint32_t heap = 0; heap < properties.memoryProperties.memoryHeapCount; ++heap) {
    const VkMemoryHeap& of = properties.memoryProperties.memoryHeaps[heap];
    if ((of.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) == 0) continue;
    memory.total_bytes += of.size;
    const uint64_t used = budget.heapUsage[heap], may_use = budget.heapBudget[heap];
    memory.free_bytes += traits_.has_memory_budget ? may_use - std::min(may_use, used) : of.size;
  }
  return memory;
}

Result<std::unique_ptr<GpuQueue>> VulkanGpu::make_queue() const { return VulkanQueue::create(*this); }

}  // namespace quire
