// The GPUs that Vulkan drives here and quire can compute on. Includes no header of Vulkan's: a program that was built
// without them has this too.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/gpu/gpu_queue.h"
#include "base/result.h"

namespace quire {

// Owned by who starts a server; any thread. Outlives the queues that it makes, each of which a GpuBackend takes.
class VulkanGpus {
 public:
  struct Listed {
    std::string name;
    std::string arithmetic;  // what the self-test has found, for a log
    GpuMemory memory;        // as it was when the list was made
    bool is_cpu = false;     // a driver that computes on the host's cores: slower than the CPU's own backend
  };

  // Opens each device. An error says why there is no Vulkan; devices that cannot compute are refused one by one.
  static Result<std::unique_ptr<const VulkanGpus>> find(const std::string& library = "libvulkan.so.1");
  virtual ~VulkanGpus() = default;

  virtual std::span<const Listed> usable() const = 0;
  // Why each of the others is not.
  virtual std::span<const Error> refused() const = 0;
  // REQUIRES: index < usable().size().
  virtual Result<std::unique_ptr<GpuQueue>> make_queue(size_t index) const = 0;
};

}  // namespace quire
