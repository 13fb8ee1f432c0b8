// The GPUs that Vulkan drives here. Includes no header of Vulkan's: a program that was built without them has this too.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/gpu/gpu.h"
#include "base/result.h"

namespace quire {

// What a device of Vulkan's is.
enum class VulkanKind : uint8_t {
  card,       // with memory of its own
  shares,     // that of the host
  host_cores  // a driver that computes on them: slower than the CPU's own backend
};

struct VulkanListed {
  VulkanKind kind = VulkanKind::card;
  // With a self-test, some shaders' compilation long. An error says why it cannot compute here.
  std::function<Result<std::unique_ptr<const Gpu>>()> open;
};

// Who has the list keeps it as long as what is opened by it. An error says why there is no Vulkan.
Result<std::vector<VulkanListed>> list_vulkan_gpus(const std::string& library = "libvulkan.so.1");

}  // namespace quire
