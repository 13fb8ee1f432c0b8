#include "backend/gpu/vulkan/vulkan_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace quire {
namespace {

// The features that shaders use, in a chain.
struct Features {
  VkPhysicalDeviceVulkan12Features vulkan_1_2 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan11Features vulkan_1_1 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
                                                 .pNext = &vulkan_1_2};
  VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &vulkan_1_1};
};

struct Feature {
  const char* name;
  VkBool32* present;
};

// Those that there is no computing without.
std::array<Feature, 6> needed(Features& features) {
  return {{{"shaderInt64", &features.all.features.shaderInt64},
           {"shaderInt16", &features.all.features.shaderInt16},
           {"storageBuffer16BitAccess", &features.vulkan_1_1.storageBuffer16BitAccess},
           {"storageBuffer8BitAccess", &features.vulkan_1_2.storageBuffer8BitAccess},
           {"scalarBlockLayout", &features.vulkan_1_2.scalarBlockLayout},
           {"bufferDeviceAddress", &features.vulkan_1_2.bufferDeviceAddress}}};
}

Result<void> check_features(const VulkanDriver& driver, VkPhysicalDevice physical, VulkanTraits& traits) {
  Features features;
  driver.call().features(physical, &features.all);
  for (const Feature& feature : needed(features)) {
    if (*feature.present == VK_FALSE) {
      return fail(ErrorKind::unsupported, fmt::format("{}: its driver has no {}", traits.name, feature.name));
    }
  }
  traits.has_f64 = features.all.features.shaderFloat64 == VK_TRUE;
  return {};
}

// One that only computes, where there is one: what draws does not wait for it.
Result<uint32_t> find_queue_family(const VulkanDriver& driver, VkPhysicalDevice physical, const std::string& name) {
  uint32_t count = 0;
  driver.call().queue_families(physical, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  driver.call().queue_families(physical, &count, families.data());
  std::optional<uint32_t> found;
  for (uint32_t index = 0; index < count; ++index) {
    const VkQueueFlags flags = families[index].queueFlags;
    if ((flags & VK_QUEUE_COMPUTE_BIT) == 0) continue;
    if (!found || (flags & VK_QUEUE_GRAPHICS_BIT) == 0) found = index;
  }
  if (!found) return fail(ErrorKind::unsupported, fmt::format("{}: it has no queue that computes", name));
  return *found;
}

bool has_extension(const VulkanDriver& driver, VkPhysicalDevice physical, std::string_view name) {
  uint32_t count = 0;
  if (driver.call().list_extensions(physical, nullptr, &count, nullptr) != VK_SUCCESS) return false;
  std::vector<VkExtensionProperties> extensions(count);
  if (driver.call().list_extensions(physical, nullptr, &count, extensions.data()) != VK_SUCCESS) return false;
  return std::ranges::any_of(extensions, [&](const auto& one) { return name == one.extensionName; });
}

// What memory has to be, from the best down.
std::span<const VkMemoryPropertyFlags> wishes(VulkanMemory use) {
  constexpr VkMemoryPropertyFlags device = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  constexpr VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  constexpr VkMemoryPropertyFlags cached = host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  static constexpr VkMemoryPropertyFlags of_device[] = {device}, staged[] = {host}, downloaded[] = {cached, host},
                                         arguments[] = {device | host, host};
  switch (use) {
    case VulkanMemory::of_device:
      return of_device;
    case VulkanMemory::staged:
      return staged;
    case VulkanMemory::downloaded:
      return downloaded;
    case VulkanMemory::arguments:
      return arguments;
  }
  return {};
}

std::optional<uint32_t> find_memory_type(const VkPhysicalDeviceMemoryProperties& memory, uint32_t allowed,
                                         VulkanMemory use) {
  for (const VkMemoryPropertyFlags wish : wishes(use)) {
    for (uint32_t type = 0; type < memory.memoryTypeCount; ++type) {
      const bool is_allowed = (allowed >> type & 1U) != 0;
      if (is_allowed && (memory.memoryTypes[type].propertyFlags & wish) == wish) return type;
    }
  }
  return {};
}

VulkanKind kind_of(VkPhysicalDeviceType type) {
  if (type == VK_PHYSICAL_DEVICE_TYPE_CPU) return VulkanKind::host_cores;
  const bool is_card = type == VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU || type == VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU;
  return is_card ? VulkanKind::card : VulkanKind::shares;
}

}  // namespace

Result<VulkanTraits> read_traits(const VulkanDriver& driver, VkPhysicalDevice physical) {
  VkPhysicalDeviceFloatControlsProperties floats = {.sType =
                                                        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FLOAT_CONTROLS_PROPERTIES};
  VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &floats};
  driver.call().properties(physical, &properties);
  VulkanTraits traits{.name = properties.properties.deviceName};
  traits.kind = kind_of(properties.properties.deviceType);
  if (properties.properties.apiVersion < VK_API_VERSION_1_2) {
    return fail(ErrorKind::unsupported, fmt::format("{}: found Vulkan {}.{}, expected 1.2 at least", traits.name,
                                                    VK_API_VERSION_MAJOR(properties.properties.apiVersion),
                                                    VK_API_VERSION_MINOR(properties.properties.apiVersion)));
  }
  QUIRE_TRY_VOID(check_features(driver, physical, traits));
  QUIRE_TRY(traits.queue_family, find_queue_family(driver, physical, traits.name));
  traits.has_memory_budget = has_extension(driver, physical, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  // Where widths depend on each other, a mode of f32 alone would be none.
  traits.keeps_denormals = floats.shaderDenormPreserveFloat32 == VK_TRUE &&
                           floats.denormBehaviorIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
  traits.rounds_to_even = floats.shaderRoundingModeRTEFloat32 == VK_TRUE &&
                          floats.roundingModeIndependence != VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE;
  traits.keeps_infinities = floats.shaderSignedZeroInfNanPreserveFloat32 == VK_TRUE;
  VkPhysicalDeviceMemoryProperties2 memory = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
  driver.call().memory_properties(physical, &memory);
  traits.memory = memory.memoryProperties;
  return traits;
}

Result<std::unique_ptr<VulkanDevice>> VulkanDevice::create(const VulkanDriver& driver, VkPhysicalDevice physical,
                                                           const VulkanTraits& traits) {
  std::unique_ptr<VulkanDevice> device(new VulkanDevice(traits));
  Features features;
  for (const Feature& feature : needed(features)) *feature.present = VK_TRUE;
  features.all.features.shaderFloat64 = traits.has_f64 ? VK_TRUE : VK_FALSE;
  const float priority = 1.0F;
  const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                         .queueFamilyIndex = traits.queue_family,
                                         .queueCount = 1,
                                         .pQueuePriorities = &priority};
  const VkDeviceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &features.all,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queue};
  QUIRE_TRY_VOID(vulkan::check(driver.call().create_device(physical, &wanted, nullptr, &device->device_), traits.name));
  const char* missing = nullptr;
#define QUIRE_FIND(member, name)                                                                                   \
  device->functions_.member = reinterpret_cast<PFN_##name>(driver.call().device_function(device->device_, #name)); \
  if (device->functions_.member == nullptr) missing = #name;
  QUIRE_VULKAN_DEVICE_FUNCTIONS(QUIRE_FIND)
#undef QUIRE_FIND
  if (missing != nullptr) {
    return fail(ErrorKind::unsupported, fmt::format("{}: its driver has no {}", traits.name, missing));
  }
  device->call().get_queue(device->device_, traits.queue_family, 0, &device->queue_);
  return device;
}

VulkanDevice::~VulkanDevice() {
  if (functions_.destroy_device != nullptr) functions_.destroy_device(device_, nullptr);
}

Result<VulkanBuffer> VulkanDevice::make_buffer(uint64_t size_bytes, VulkanMemory use) const {
  VulkanBuffer buffer{.size_bytes = size_bytes};
  const VkBufferCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = size_bytes,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                              VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
  QUIRE_TRY_VOID(vulkan::check(call().create_buffer(device_, &wanted, nullptr, &buffer.buffer), "memory of the GPU"));
  if (auto bound = bind_memory(buffer, use); !bound) {
    destroy(buffer);
    return std::unexpected(std::move(bound).error());
  }
  const VkBufferDeviceAddressInfo asked = {.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
                                           .buffer = buffer.buffer};
  buffer.address = call().buffer_address(device_, &asked);
  return buffer;
}

Result<void> VulkanDevice::bind_memory(VulkanBuffer& buffer, VulkanMemory use) const {
  VkMemoryRequirements requirements{};
  call().buffer_requirements(device_, buffer.buffer, &requirements);
  const auto type = find_memory_type(traits_.memory, requirements.memoryTypeBits, use);
  if (!type) return fail(ErrorKind::unsupported, fmt::format("{}: it has no memory of a kind", traits_.name));
  const VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                           .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
  const VkMemoryAllocateInfo wanted = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .pNext = &flags,
                                       .allocationSize = requirements.size,
                                       .memoryTypeIndex = *type};
  QUIRE_TRY_VOID(vulkan::check(call().allocate_memory(device_, &wanted, nullptr, &buffer.memory), "memory of the GPU"));
  QUIRE_TRY_VOID(vulkan::check(call().bind_buffer(device_, buffer.buffer, buffer.memory, 0), "memory of the GPU"));
  if (use == VulkanMemory::of_device) return {};
  void* mapped = nullptr;
  QUIRE_TRY_VOID(vulkan::check(call().map_memory(device_, buffer.memory, 0, VK_WHOLE_SIZE, 0, &mapped),
                               "memory that the GPU copies to"));
  buffer.mapped = static_cast<std::byte*>(mapped);
  return {};
}

void VulkanDevice::destroy(const VulkanBuffer& buffer) const {
  call().destroy_buffer(device_, buffer.buffer, nullptr);
  call().free_memory(device_, buffer.memory, nullptr);  // which unmaps it
}

}  // namespace quire
