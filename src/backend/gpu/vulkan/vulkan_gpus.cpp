#include "backend/gpu/vulkan/vulkan_gpus.h"

#include "backend/gpu/vulkan/self_test.h"
#include "backend/gpu/vulkan/vulkan_gpu.h"
#include "base/check.h"

namespace quire {
namespace {

class OpenedGpus final : public VulkanGpus {
 public:
  explicit OpenedGpus(std::unique_ptr<const VulkanDriver> driver) : driver_(std::move(driver)) {}

  void open(size_t index) {
    auto gpu = VulkanGpu::open(*driver_, index);
    const auto memory = gpu ? (*gpu)->memory() : std::unexpected(gpu.error());
    if (!memory) {
      refused_.push_back(memory.error());
      return;
    }
    listed_.push_back({.name = (*gpu)->facts().name,
                       .arithmetic = describe((*gpu)->arithmetic()),
                       .memory = *memory,
                       .is_cpu = (*gpu)->traits().is_cpu});
    gpus_.push_back(std::move(*gpu));
  }

  std::span<const Listed> usable() const override { return listed_; }
  std::span<const Error> refused() const override { return refused_; }
  Result<std::unique_ptr<GpuQueue>> make_queue(size_t index) const override {
    QUIRE_CHECK(index < gpus_.size(), "a GPU of the list");
    return gpus_[index]->make_queue();
  }

 private:
  const std::unique_ptr<const VulkanDriver> driver_;
  std::vector<std::unique_ptr<const VulkanGpu>> gpus_;
  std::vector<Listed> listed_;
  std::vector<Error> refused_;
};

}  // namespace

Result<std::unique_ptr<const VulkanGpus>> VulkanGpus::find(const std::string& library) {
  QUIRE_TRY(auto driver, VulkanDriver::open(library));
  const size_t count = driver->devices().size();
  auto gpus = std::make_unique<OpenedGpus>(std::move(driver));
  for (size_t index = 0; index < count; ++index) gpus->open(index);
  return gpus;
}

}  // namespace quire
