#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

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

// Those with as many layers as their size is told by take most of the time of all; with QUIRE_ALL_FAMILIES they run
// too.
bool tests_family(std::string_view name) {
  constexpr std::array<std::string_view, 6> deep = {"command-r-norms", "deepseek2-joined", "deepseek2-lite",
                                                    "exaone4-32b",     "gemma2-27b",       "gemma3-27b"};
  return std::getenv("QUIRE_ALL_FAMILIES") != nullptr || std::ranges::find(deep, name) == deep.end();
}

std::string why_no_tested_gpu() { return gpu::modules().empty() ? "built without clang++-19" : ""; }

}  // namespace quire::test
