#include "backend/gpu/vulkan/vulkan_gpus.h"

#include "backend/gpu/vulkan/vulkan_gpu.h"

namespace quire {

Result<std::vector<VulkanListed>> list_vulkan_gpus(const std::string& library) {
  QUIRE_TRY(std::unique_ptr<const VulkanDriver> opened, VulkanDriver::open(library));
  const std::shared_ptr<const VulkanDriver> driver = std::move(opened);
  std::vector<VulkanListed> listed;
  for (size_t index = 0; index < driver->devices().size(); ++index) {
    const auto traits = read_traits(*driver, driver->devices()[index]);
    // One that lacks something is listed last, and says so when it is opened.
    listed.push_back(
        {.kind = traits ? traits->kind : VulkanKind::host_cores,
         .open = [driver, index]() -> Result<std::unique_ptr<const Gpu>> { return VulkanGpu::open(*driver, index); }});
  }
  return listed;
}

}  // namespace quire
