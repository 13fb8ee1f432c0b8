#include "gpu/backend/stand_in_gpu.h"
#include "gpu/backend/tested_gpu.h"
#include "kernels/gpu/module.h"

namespace quire::test {
namespace {

class TestedStandIn final : public TestedGpu {
 public:
  explicit TestedStandIn(int compute_capability) : card_({.compute_capability = compute_capability}) {}
  std::unique_ptr<GpuBackend> make_backend(Team& workers) const override { return card_.make_backend(workers); }
  int64_t launches() const override { return card_.counts().launches; }

 private:
  const StandInGpu card_;
};

}  // namespace

std::unique_ptr<TestedGpu> open_tested_gpu(GpuKind kind) {
  return std::make_unique<TestedStandIn>(kind == GpuKind::with_tiles ? 80 : 75);
}

bool tests_weights_of(ElementType /*type*/) { return true; }

bool tests_family(std::string_view /*name*/) { return true; }

std::string why_no_tested_gpu() { return gpu::modules().empty() ? "built without clang++-19" : ""; }

}  // namespace quire::test
