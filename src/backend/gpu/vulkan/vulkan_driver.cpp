#include "backend/gpu/vulkan/vulkan_driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace quire {
namespace {

Error no_vulkan(std::string_view why) {
  return {.kind = ErrorKind::unsupported, .message = fmt::format("no Vulkan here: {}", why)};
}

std::string name_of_code(VkResult code) {
#define QUIRE_CASE(name) \
  case name:             \
    return #name;
  switch (code) {
    QUIRE_CASE(VK_ERROR_OUT_OF_HOST_MEMORY)
    QUIRE_CASE(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    QUIRE_CASE(VK_ERROR_INITIALIZATION_FAILED)
    QUIRE_CASE(VK_ERROR_DEVICE_LOST)
    QUIRE_CASE(VK_ERROR_MEMORY_MAP_FAILED)
    QUIRE_CASE(VK_ERROR_EXTENSION_NOT_PRESENT)
    QUIRE_CASE(VK_ERROR_FEATURE_NOT_PRESENT)
    QUIRE_CASE(VK_ERROR_INCOMPATIBLE_DRIVER)
    QUIRE_CASE(VK_ERROR_TOO_MANY_OBJECTS)
    QUIRE_CASE(VK_ERROR_INVALID_SHADER_NV)
    default:
      return fmt::format("error {}", static_cast<int>(code));
  }
#undef QUIRE_CASE
}

}  // namespace

Error vulkan::error(VkResult code, std::string_view doing) {
  return {.kind = ErrorKind::device, .message = fmt::format("{}: {}", doing, name_of_code(code))};
}

Result<std::unique_ptr<const VulkanDriver>> VulkanDriver::open(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = dlerror();
    return std::unexpected(no_vulkan(why != nullptr ? why : library.c_str()));
  }
  const auto find = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(handle, "vkGetInstanceProcAddr"));
  if (find == nullptr) return std::unexpected(no_vulkan(fmt::format("{} has no vkGetInstanceProcAddr", library)));
  const auto create = reinterpret_cast<PFN_vkCreateInstance>(find(nullptr, "vkCreateInstance"));
  if (create == nullptr) return std::unexpected(no_vulkan("the library has no vkCreateInstance"));
  const VkApplicationInfo application = {
      .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "quire", .apiVersion = VK_API_VERSION_1_2};
  const VkInstanceCreateInfo wanted = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &application};
  std::unique_ptr<VulkanDriver> driver(new VulkanDriver);
  if (const VkResult code = create(&wanted, nullptr, &driver->instance_); code != VK_SUCCESS) {
    return std::unexpected(no_vulkan(vulkan::error(code, "its library does not begin").message));
  }
  const char* missing = nullptr;
#define QUIRE_FIND(member, name)                                                            \
  driver->functions_.member = reinterpret_cast<PFN_##name>(find(driver->instance_, #name)); \
  if (driver->functions_.member == nullptr) missing = #name;
  QUIRE_VULKAN_INSTANCE_FUNCTIONS(QUIRE_FIND)
#undef QUIRE_FIND
  if (missing != nullptr) return std::unexpected(no_vulkan(fmt::format("the library has no {}", missing)));
  uint32_t count = 0;
  QUIRE_TRY_VOID(vulkan::check(driver->call().list_devices(driver->instance_, &count, nullptr), "counting GPUs"));
  driver->devices_.resize(count);
  QUIRE_TRY_VOID(
      vulkan::check(driver->call().list_devices(driver->instance_, &count, driver->devices_.data()), "listing GPUs"));
  driver->devices_.resize(count);
  if (count == 0) return std::unexpected(no_vulkan("there is no GPU"));
  return driver;
}

VulkanDriver::~VulkanDriver() {
  if (functions_.destroy_instance != nullptr) functions_.destroy_instance(instance_, nullptr);
}

std::string VulkanDriver::name_of(VkPhysicalDevice device) const {
  VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  functions_.properties(device, &properties);
  return properties.properties.deviceName;
}

}  // namespace quire
