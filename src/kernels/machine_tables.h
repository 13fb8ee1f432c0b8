// What a processor's architecture adds to the scalar table: tables_x86.cpp or tables_arm.cpp, whichever is compiled.
#pragma once

#include <span>

#include "kernels/kernels.h"
#include "kernels/peaks.h"

namespace quire {

struct MachineTables {
  std::span<const KernelTable* const> supported;         // by this machine, worst first
  std::span<const KernelTable* const> with_scalar_bits;  // the first of them, that give the scalar table's bits
};

// Asks the processor, and may run a few instructions of it to see what they do.
MachineTables machine_tables();

// Those of all the architecture's tables, worst first.
std::span<const PeakLoop> machine_peak_loops();

}  // namespace quire
