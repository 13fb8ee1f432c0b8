#include "backend/gpu/gpus.h"

#include <fmt/format.h>

#include <utility>

#include "backend/gpu/cuda_driver.h"
#include "backend/gpu/cuda_gpu.h"
#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/vulkan/vulkan_gpus.h"

namespace quire {

Result<DeviceChoice> parse_device_choice(std::string_view text) {
  if (text == "auto") return DeviceChoice::automatic;
  if (text == "cpu") return DeviceChoice::cpu;
  if (text == "cuda") return DeviceChoice::cuda;
  if (text == "vulkan") return DeviceChoice::vulkan;
  return fail(ErrorKind::invalid, fmt::format("expected auto, cpu, cuda or vulkan, found \"{}\"", text));
}

Result<void> Gpus::find_cuda(const std::string& library) {
  QUIRE_TRY(std::unique_ptr<const CudaDriver> opened, CudaDriver::open(library));
  const std::shared_ptr<const CudaDriver> driver = std::move(opened);
  for (int index = 0; index < driver->device_count(); ++index) {
    add([driver, index] { return CudaGpu::open(*driver, index); });
  }
  return {};
}

Result<void> Gpus::find_vulkan(const std::string& library, bool cards_only) {
  QUIRE_TRY(const std::vector<VulkanListed> listed, list_vulkan_gpus(library));
  for (const VulkanKind kind : {VulkanKind::card, VulkanKind::shares, VulkanKind::host_cores}) {
    for (const VulkanListed& one : listed) {
      if (one.kind == kind) add(one.open);
    }
    if (count() > 0 || cards_only) break;
  }
  if (count() == 0) return fail(ErrorKind::unsupported, "Vulkan finds no card here");
  return {};
}

void Gpus::add(std::function<Result<std::unique_ptr<const Gpu>>()> open) {
  slots_.push_back(std::make_unique<Slot>());
  slots_.back()->open = std::move(open);
}

Result<std::unique_ptr<Gpus>> Gpus::find(const Options& options) {
  auto gpus = std::make_unique<Gpus>();
  if (options.choice == DeviceChoice::cpu) return gpus;
  const bool is_automatic = options.choice == DeviceChoice::automatic;
  Result<void> found;
  if (options.choice != DeviceChoice::vulkan) found = gpus->find_cuda(options.cuda_library);
  if (options.choice == DeviceChoice::vulkan || (is_automatic && !found)) {
    found = gpus->find_vulkan(options.vulkan_library, is_automatic);
  }
  if (!found && !is_automatic) return std::unexpected(found.error());
  return gpus;
}

Result<std::shared_ptr<const Gpu>> Gpus::open(size_t index) {
  Slot& slot = *slots_[index];
  if (auto gpu = slot.gpu.get(); gpu != nullptr && gpu->memory()) return gpu;
  slot.gpu.set(nullptr);  // it was lost: models that lie on it keep what is left of it
  QUIRE_TRY(std::unique_ptr<const Gpu> opened, slot.open());
  QUIRE_TRY_VOID(opened->memory());
  std::shared_ptr<const Gpu> gpu = std::move(opened);
  slot.gpu.set(gpu);
  return gpu;
}

Result<std::unique_ptr<Backend>> Gpus::make_backend(size_t index, Team& workers) {
  QUIRE_TRY(std::shared_ptr<const Gpu> gpu, open(index));
  QUIRE_TRY(std::unique_ptr<GpuQueue> queue, gpu->make_queue());
  return std::make_unique<GpuBackend>(std::move(queue), workers, std::move(gpu));
}

}  // namespace quire
