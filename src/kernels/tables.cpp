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

// Worst first. Each table's machines include the next one's, so what is supported is a prefix.
constexpr std::array<const KernelTable*, 1> all_tables = {&scalar_table};

size_t count_supported() { return 1; }

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
