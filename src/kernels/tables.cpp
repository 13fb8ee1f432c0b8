// The tables of this build, and which of them this machine can run.
#include <array>

#include "kernels/isa_functions.h"

namespace quire {
namespace {

constexpr KernelTable scalar_table = {
    .name = "scalar",
    .matmul = scalar::matmul,
    .quantize_activations = scalar::quantize_activations,
    .attention = scalar::attention,
    .kv_write = scalar::kv_write,
    .rms_norm = scalar::rms_norm,
    .rope = scalar::rope,
    .silu_mul = scalar::silu_mul,
    .add = scalar::add,
};

constexpr KernelTable avx2_table = {
    .name = "avx2",
    .matmul = avx2::matmul,
    .quantize_activations = avx2::quantize_activations,
    .attention = avx2::attention,
    .kv_write = avx2::kv_write,
    .rms_norm = avx2::rms_norm,
    .rope = avx2::rope,
    .silu_mul = avx2::silu_mul,
    .add = avx2::add,
};

constexpr KernelTable avx512_table = {
    .name = "avx512",
    .matmul = avx512::matmul,
    .quantize_activations = avx512::quantize_activations,
    .attention = avx512::attention,
    .kv_write = avx512::kv_write,
    .rms_norm = avx512::rms_norm,
    .rope = avx512::rope,
    .silu_mul = avx512::silu_mul,
    .add = avx512::add,
};

constexpr KernelTable avx512_vnni_table = [] {
  KernelTable table = avx512_table;
  table.name = "avx512_vnni";
  table.matmul = avx512_vnni::matmul;
  return table;
}();

// Worst first. Each table's machines include the next one's, so what is supported is a prefix.
constexpr std::array<const KernelTable*, 4> all_tables = {&scalar_table, &avx2_table, &avx512_table,
                                                          &avx512_vnni_table};

// __builtin_cpu_supports asks CPUID and, for vector state, XGETBV: what the system does not save is not supported.
size_t count_supported() {
  size_t count = 1;
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2) count = 2;
  if (avx512) count = 3;
  if (avx512 && __builtin_cpu_supports("avx512vnni")) count = 4;
  return count;
}

}  // namespace

std::span<const KernelTable* const> supported_kernel_tables() {
  static const size_t count = count_supported();
  return std::span(all_tables).first(count);
}

const KernelTable* find_kernel_table(std::string_view name) {
  for (const KernelTable* table : supported_kernel_tables()) {
    if (table->name == name) return table;
  }
  return nullptr;
}

}  // namespace quire
