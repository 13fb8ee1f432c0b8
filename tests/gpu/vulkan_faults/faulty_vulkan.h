// What tests tell a libvulkan whose calls fail, and ask it: found in the library by name.
#pragma once

#include <cstdint>

namespace quire::test {

struct VulkanCounts {
  int64_t calls = 0;    // that may fail
  int64_t objects = 0;  // that were made and are there: devices, memory, buffers, pools, shaders, layouts, pipelines
};

// quire_vulkan_fail: the `number`th call from now on (from 1) gives this VkResult, and with is_lost all that follow.
// 0: none.
using FailVulkan = void (*)(int64_t number, int code, bool is_lost);
// quire_vulkan_counts
using CountVulkan = VulkanCounts (*)();

}  // namespace quire::test
