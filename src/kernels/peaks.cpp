#include "kernels/peaks.h"

#include "kernels/kernels.h"
#include "kernels/machine_tables.h"

namespace quire {

std::vector<PeakLoop> supported_peak_loops() {
  const auto all = machine_peak_loops();
  std::vector<PeakLoop> loops(all.begin(), all.end());
  std::erase_if(loops, [](const PeakLoop& loop) { return find_kernel_table(loop.table) == nullptr; });
  return loops;
}

}  // namespace quire
