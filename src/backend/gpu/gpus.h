// The GPUs of this machine.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "backend/gpu/gpu.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "base/team.h"

namespace quire {

// What computes beside the host.
enum class DeviceChoice : uint8_t {
  automatic,  // what CUDA finds, else cards that Vulkan finds
  cpu,        // nothing
  cuda,       // what CUDA finds
  vulkan,  // cards that Vulkan finds, else what it finds beside them: GPUs that share the host's memory, or its cores
};

// "auto", "cpu", "cuda" or "vulkan".
Result<DeviceChoice> parse_device_choice(std::string_view text);

// Any thread. Outlives the backends. A GPU is opened when it is used first, and anew when it was lost.
class Gpus {
 public:
  struct Options {
    DeviceChoice choice = DeviceChoice::automatic;
    std::string cuda_library = "libcuda.so.1";
    std::string vulkan_library = "libvulkan.so.1";
  };
  // An error: there is none, where one was asked for by its driver. No driver is looked for where the choice is cpu.
  static Result<std::unique_ptr<Gpus>> find(const Options& options);

  size_t count() const { return slots_.size(); }
  // Opens it where it is not open, or lost. An error says why it cannot be used.
  Result<std::shared_ptr<const Gpu>> open(size_t index);
  // Null: it is not open.
  std::shared_ptr<const Gpu> find_open(size_t index) const { return slots_[index]->gpu.get(); }
  // workers: pack weights, and outlive the backend.
  Result<std::unique_ptr<Backend>> make_backend(size_t index, Team& workers);

 private:
  struct Slot {
    std::function<Result<std::unique_ptr<const Gpu>>()> open;
    Snapshot<std::shared_ptr<const Gpu>> gpu;  // null: it is not open
  };
  Result<void> find_cuda(const std::string& library);
  Result<void> find_vulkan(const std::string& library, bool cards_only);
  void add(std::function<Result<std::unique_ptr<const Gpu>>()> open);

  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace quire
