// The tables of 64-bit ARM processors, and which of them this machine can run.
#include <sys/auxv.h>

#include <array>

#include "kernels/isa_functions.h"
#include "kernels/machine_tables.h"

namespace quire {
namespace {

constexpr KernelTable neon_table = {
    .name = "neon",
    .matmul = neon::matmul,
    .quantize_activations = neon::quantize_activations,
    .tile_rows = 3,
    .attention = neon::attention,
    .kv_write = neon::kv_write,
    .rms_norm = neon::rms_norm,
    .layer_norm = neon::layer_norm,
    .mean_square = neon::mean_square,
    .keep_excess = neon::keep_excess,
    .rope = neon::rope,
    .silu_mul = neon::silu_mul,
    .gelu = neon::gelu,
    .gelu_mul = neon::gelu_mul,
    .clamped_swiglu = neon::clamped_swiglu,
    .sigmoid = neon::sigmoid,
    .softplus = neon::softplus,
    .softmax = neon::softmax,
    .gelu_erf = neon::gelu_erf,
    .gelu_erf_mul = neon::gelu_erf_mul,
    .relu_squared = neon::relu_squared,
    .scale = neon::scale,
    .multiply = neon::multiply,
    .softcap = neon::softcap,
    .add = neon::add,
    .add_scaled = neon::add_scaled,
    .mix = neon::mix,
    .largest = neon::largest,
    .l2_norm = neon::l2_norm,
    .time_steps = neon::time_steps,
    .convolve = neon::convolve,
    .recur = neon::recur,
};

constexpr KernelTable neon_i8mm_table = [] {
  KernelTable table = neon_table;
  table.name = "neon_i8mm";
  table.matmul = neon_i8mm::matmul;
  return table;
}();

// Worst first. Each table's machines include the next one's, so what is supported is a prefix.
constexpr std::array<const KernelTable*, 2> all_tables = {&neon_table, &neon_i8mm_table};

constexpr PeakLoop peak_loops[] = {
    {.table = "neon", .operands = "f32", .multiply_add = neon::peak_f32},
    {.table = "neon", .operands = "int8", .multiply_add = neon::peak_int8},
    {.table = "neon_i8mm", .operands = "int8", .multiply_add = neon_i8mm::peak_int8},
};

// What Linux says of the processor: Documentation/arch/arm64/elf_hwcaps.rst. A processor with dot products is of
// ARMv8.2 at least, and has all else that its leaf files are compiled for.
size_t count_supported() {
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) == 0) return 0;
  return (getauxval(AT_HWCAP2) & HWCAP2_I8MM) == 0 ? 1 : 2;
}

}  // namespace

MachineTables machine_tables() {
  const auto supported = std::span(all_tables).first(count_supported());
  return {.supported = supported, .with_scalar_bits = supported};
}

std::span<const PeakLoop> machine_peak_loops() { return peak_loops; }

}  // namespace quire
