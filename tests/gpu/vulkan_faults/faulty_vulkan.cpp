// A libvulkan.so.1 for tests: the machine's own, but that its n-th call fails when it is told to. Every function that
// the backend calls and that may fail is one of these; objects that are made and destroyed are counted.
#include "gpu/vulkan_faults/faulty_vulkan.h"

#include <dlfcn.h>

#include <cstring>

#include "backend/gpu/vulkan/vulkan_driver.h"

namespace {

using quire::test::VulkanCounts;

VulkanCounts counts;
int64_t calls_until_failure = 0;
VkResult failure = VK_SUCCESS;
bool stays_lost = false;

// Of this call.
VkResult failure_of_call() {
  ++counts.calls;
  if (calls_until_failure == 0 || --calls_until_failure > 0) return VK_SUCCESS;
  if (stays_lost) calls_until_failure = 1;
  return failure;
}

// Stands in the place of a function of the library: Name is a type for each, so that each has a place of its own.
template <typename Name, typename Function>
struct Failing;
template <typename Name, typename... Args>
struct Failing<Name, VkResult (*)(Args...)> {
  static inline VkResult (*real)(Args...) = nullptr;
  static VkResult call(Args... args) {
    const VkResult failed = failure_of_call();
    // Of a device that is lost nothing runs any more.
    if (failed != VK_SUCCESS && !Name::waits) return failed;
    const VkResult result = real(args...);
    if (result == VK_SUCCESS && failed == VK_SUCCESS) counts.objects += Name::makes ? 1 : 0;
    return failed != VK_SUCCESS ? failed : result;
  }
};
template <typename Name, typename Function>
struct Destroying;
template <typename Name, typename Owner, typename Object>
struct Destroying<Name, void (*)(Owner, Object, const VkAllocationCallbacks*)> {
  static inline void (*real)(Owner, Object, const VkAllocationCallbacks*) = nullptr;
  static void call(Owner owner, Object object, const VkAllocationCallbacks* callbacks) {
    if (object != VK_NULL_HANDLE) --counts.objects;
    real(owner, object, callbacks);
  }
};
template <typename Name, typename Object>
struct Destroying<Name, void (*)(Object, const VkAllocationCallbacks*)> {
  static inline void (*real)(Object, const VkAllocationCallbacks*) = nullptr;
  static void call(Object object, const VkAllocationCallbacks* callbacks) {
    --counts.objects;
    real(object, callbacks);
  }
};

template <typename Wrapper, typename Found>
PFN_vkVoidFunction in_place_of(Found found) {
  Wrapper::real = reinterpret_cast<decltype(Wrapper::real)>(found);
  return reinterpret_cast<PFN_vkVoidFunction>(&Wrapper::call);
}

#define QUIRE_FAILING(K)                    \
  K(vkCreateDevice, true, false)            \
  K(vkAllocateMemory, true, false)          \
  K(vkMapMemory, false, false)              \
  K(vkCreateBuffer, true, false)            \
  K(vkBindBufferMemory, false, false)       \
  K(vkCreateCommandPool, true, false)       \
  K(vkResetCommandPool, false, false)       \
  K(vkAllocateCommandBuffers, false, false) \
  K(vkBeginCommandBuffer, false, false)     \
  K(vkEndCommandBuffer, false, false)       \
  K(vkQueueSubmit, false, false)            \
  K(vkQueueWaitIdle, false, true)           \
  K(vkCreateShaderModule, true, false)      \
  K(vkCreatePipelineLayout, true, false)    \
  K(vkCreateComputePipelines, true, false)

#define QUIRE_DESTROYING(K)  \
  K(vkDestroyDevice)         \
  K(vkFreeMemory)            \
  K(vkDestroyBuffer)         \
  K(vkDestroyCommandPool)    \
  K(vkDestroyShaderModule)   \
  K(vkDestroyPipelineLayout) \
  K(vkDestroyPipeline)

#define QUIRE_NAME_TYPE(name, does_make, does_wait) \
  struct name##_name {                              \
    static constexpr bool makes = does_make;        \
    static constexpr bool waits = does_wait;        \
  };
QUIRE_FAILING(QUIRE_NAME_TYPE)
#define QUIRE_NAME_TYPE_OF(name) \
  struct name##_name {};
QUIRE_DESTROYING(QUIRE_NAME_TYPE_OF)

PFN_vkVoidFunction wrapped(const char* wanted, PFN_vkVoidFunction found) {
  if (found == nullptr) return nullptr;
#define QUIRE_WRAP(name, ...) \
  if (std::strcmp(wanted, #name) == 0) return in_place_of<Failing<name##_name, PFN_##name>>(found);
  QUIRE_FAILING(QUIRE_WRAP)
#define QUIRE_WRAP_DESTROYING(name) \
  if (std::strcmp(wanted, #name) == 0) return in_place_of<Destroying<name##_name, PFN_##name>>(found);
  QUIRE_DESTROYING(QUIRE_WRAP_DESTROYING)
  return found;
}

PFN_vkGetDeviceProcAddr real_device_function = nullptr;

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char* name) {
  return wrapped(name, real_device_function(device, name));
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) PFN_vkVoidFunction vkGetInstanceProcAddr(VkInstance instance, const char* name) {
  static void* const library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  static const auto find = reinterpret_cast<PFN_vkGetInstanceProcAddr>(dlsym(library, "vkGetInstanceProcAddr"));
  if (std::strcmp(name, "vkGetDeviceProcAddr") == 0) {
    real_device_function = reinterpret_cast<PFN_vkGetDeviceProcAddr>(find(instance, name));
    return reinterpret_cast<PFN_vkVoidFunction>(&device_function);
  }
  return wrapped(name, find(instance, name));
}

__attribute__((visibility("default"))) void quire_vulkan_fail(int64_t number, int code, bool is_lost) {
  calls_until_failure = number;
  failure = static_cast<VkResult>(code);
  stays_lost = is_lost;
}

__attribute__((visibility("default"))) VulkanCounts quire_vulkan_counts() { return counts; }
}
