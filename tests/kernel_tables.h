// The kernel tables that tests of whole steps run on.
#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace quire::test {

// What this machine has, and the arithmetics of the tables that it does not have.
inline std::vector<const KernelTable*> every_arithmetic() {
  const auto supported = supported_kernel_tables();
  std::vector<const KernelTable*> tables(supported.begin(), supported.end());
  if (find_kernel_table("avx512_bf16") == nullptr) tables.push_back(&avx512_bf16_specification());
  tables.push_back(&amx_specification());
  return tables;
}

}  // namespace quire::test
