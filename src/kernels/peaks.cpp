#include "kernels/peaks.h"

#include "kernels/isa_functions.h"

namespace quire {

std::vector<PeakLoop> supported_peak_loops() {
  std::vector<PeakLoop> loops = {
      {.table = "avx2", .operands = "f32", .multiply_add = avx2::peak_f32},
      {.table = "avx2", .operands = "int8", .multiply_add = avx2::peak_int8},
      {.table = "avx2_vnni", .operands = "int8", .multiply_add = avx2_vnni::peak_int8},
      {.table = "avx512", .operands = "f32", .multiply_add = avx512::peak_f32},
      {.table = "avx512", .operands = "int8", .multiply_add = avx512::peak_int8},
      {.table = "avx512_vnni", .operands = "int8", .multiply_add = avx512_vnni::peak_int8},
      {.table = "avx512_bf16", .operands = "bf16", .multiply_add = avx512_bf16::peak_bf16},
      {.table = "amx", .operands = "int8", .multiply_add = amx::peak_int8},
      {.table = "amx", .operands = "bf16", .multiply_add = amx::peak_bf16},
  };
  std::erase_if(loops, [](const PeakLoop& loop) { return find_kernel_table(loop.table) == nullptr; });
  return loops;
}

}  // namespace quire
