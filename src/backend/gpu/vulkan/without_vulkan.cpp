// Compiled in place of all other files of this folder where there is no glslc, or no header of Vulkan's.
#include "backend/gpu/vulkan/vulkan_gpus.h"

namespace quire {

Result<std::vector<VulkanListed>> list_vulkan_gpus(const std::string& /*library*/) {
  return fail(ErrorKind::unsupported,
              "no Vulkan here: this program was built without glslc or without Vulkan's headers");
}

}  // namespace quire
