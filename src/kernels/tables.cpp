// The tables that this machine can run, and the specifications of those that it may not have.
#include <vector>

#include "kernels/isa_functions.h"
#include "kernels/machine_tables.h"

namespace quire {
namespace {

constexpr KernelTable scalar_table = {
    .name = "scalar",
    .matmul = scalar::matmul,
    .quantize_activations = scalar::quantize_activations,
    .attention = scalar::attention,
    .kv_write = scalar::kv_write,
    .rms_norm = scalar::rms_norm,
    .layer_norm = scalar::layer_norm,
    .mean_square = scalar::mean_square,
    .keep_excess = scalar::keep_excess,
    .rope = scalar::rope,
    .silu_mul = scalar::silu_mul,
    .gelu = scalar::gelu,
    .gelu_mul = scalar::gelu_mul,
    .clamped_swiglu = scalar::clamped_swiglu,
    .sigmoid = scalar::sigmoid,
    .softplus = scalar::softplus,
    .softmax = scalar::softmax,
    .gelu_erf = scalar::gelu_erf,
    .gelu_erf_mul = scalar::gelu_erf_mul,
    .relu_squared = scalar::relu_squared,
    .scale = scalar::scale,
    .multiply = scalar::multiply,
    .softcap = scalar::softcap,
    .add = scalar::add,
    .add_scaled = scalar::add_scaled,
    .mix = scalar::mix,
    .largest = scalar::largest,
    .l2_norm = scalar::l2_norm,
    .time_steps = scalar::time_steps,
    .convolve = scalar::convolve,
    .recur = scalar::recur,
};

struct Machine {
  std::vector<const KernelTable*> supported;
  const KernelTable* best_with_scalar_bits;
};

const Machine& this_machine() {
  static const Machine machine = [] {
    const MachineTables tables = machine_tables();
    Machine result = {{&scalar_table},
                      tables.with_scalar_bits.empty() ? &scalar_table : tables.with_scalar_bits.back()};
    result.supported.insert(result.supported.end(), tables.supported.begin(), tables.supported.end());
    return result;
  }();
  return machine;
}

void matmul_by_specification(const MatmulArgs& args) {
  if (args.weights.type == ElementType::bf16) return scalar::matmul_pairs(args);
  supported_kernel_tables().back()->matmul(args);
}

}  // namespace

std::span<const KernelTable* const> supported_kernel_tables() { return this_machine().supported; }

const KernelTable& avx512_bf16_specification() {
  static const KernelTable specification = [] {
    KernelTable table = *supported_kernel_tables().back();
    table.name = "avx512_bf16_specification";
    table.matmul = matmul_by_specification;
    table.round_activations = scalar::round_activations;
    table.round_to_bf16 = nullptr;
    table.matmul_bf16 = nullptr;
    return table;
  }();
  return specification;
}

const KernelTable& amx_specification() {
  static const KernelTable specification = [] {
    // All but prompt rows has the scalar table's bits; the best table that has them is quick enough for whole models.
    KernelTable table = *this_machine().best_with_scalar_bits;
    table.name = "amx_specification";
    table.round_to_bf16 = scalar::round_to_bf16;
    table.matmul_bf16 = scalar::matmul_bf16;
    return table;
  }();
  return specification;
}

const KernelTable& best_table_with_scalar_bits() { return *this_machine().best_with_scalar_bits; }

const KernelTable* find_kernel_table(std::string_view name) {
  for (const KernelTable* table : supported_kernel_tables()) {
    if (table->name == name) return table;
  }
  return nullptr;
}

}  // namespace quire
