// The tables of x86 processors, and which of them this machine can run.
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/isa_functions.h"
#include "kernels/machine_tables.h"
#include "kernels/packed_layout.h"

namespace quire {
namespace {

constexpr KernelTable avx2_table = {
    .name = "avx2",
    .matmul = avx2::matmul,
    .quantize_activations = avx2::quantize_activations,
    .tile_rows = 4,
    .attention = avx2::attention,
    .kv_write = avx2::kv_write,
    .rms_norm = avx2::rms_norm,
    .layer_norm = avx2::layer_norm,
    .mean_square = avx2::mean_square,
    .keep_excess = avx2::keep_excess,
    .rope = avx2::rope,
    .silu_mul = avx2::silu_mul,
    .gelu = avx2::gelu,
    .gelu_mul = avx2::gelu_mul,
    .clamped_swiglu = avx2::clamped_swiglu,
    .sigmoid = avx2::sigmoid,
    .softplus = avx2::softplus,
    .softmax = avx2::softmax,
    .gelu_erf = avx2::gelu_erf,
    .gelu_erf_mul = avx2::gelu_erf_mul,
    .relu_squared = avx2::relu_squared,
    .scale = avx2::scale,
    .multiply = avx2::multiply,
    .softcap = avx2::softcap,
    .add = avx2::add,
    .add_scaled = avx2::add_scaled,
    .mix = avx2::mix,
    .largest = avx2::largest,
    .l2_norm = avx2::l2_norm,
    .time_steps = avx2::time_steps,
    .convolve = avx2::convolve,
    .recur = avx2::recur,
};

constexpr KernelTable avx2_vnni_table = [] {
  KernelTable table = avx2_table;
  table.name = "avx2_vnni";
  table.matmul = avx2_vnni::matmul;
  return table;
}();

constexpr KernelTable avx512_table = {
    .name = "avx512",
    .matmul = avx512::matmul,
    .quantize_activations = avx512::quantize_activations,
    .attention = avx512::attention,
    .kv_write = avx512::kv_write,
    .rms_norm = avx512::rms_norm,
    .layer_norm = avx512::layer_norm,
    .mean_square = avx512::mean_square,
    .keep_excess = avx512::keep_excess,
    .rope = avx512::rope,
    .silu_mul = avx512::silu_mul,
    .gelu = avx512::gelu,
    .gelu_mul = avx512::gelu_mul,
    .clamped_swiglu = avx512::clamped_swiglu,
    .sigmoid = avx512::sigmoid,
    .softplus = avx512::softplus,
    .softmax = avx512::softmax,
    .gelu_erf = avx512::gelu_erf,
    .gelu_erf_mul = avx512::gelu_erf_mul,
    .relu_squared = avx512::relu_squared,
    .scale = avx512::scale,
    .multiply = avx512::multiply,
    .softcap = avx512::softcap,
    .add = avx512::add,
    .add_scaled = avx512::add_scaled,
    .mix = avx512::mix,
    .largest = avx512::largest,
    .l2_norm = avx512::l2_norm,
    .time_steps = avx512::time_steps,
    .convolve = avx512::convolve,
    .recur = avx512::recur,
};

constexpr KernelTable avx512_vnni_table = [] {
  KernelTable table = avx512_table;
  table.name = "avx512_vnni";
  table.matmul = avx512_vnni::matmul;
  table.tile_rows = 5;
  return table;
}();

constexpr KernelTable avx512_bf16_table = [] {
  KernelTable table = avx512_vnni_table;
  table.name = "avx512_bf16";
  table.matmul = avx512_bf16::matmul;
  table.round_activations = avx512_bf16::round_activations;
  return table;
}();

constexpr KernelTable amx_table = [] {
  KernelTable table = avx512_vnni_table;
  table.name = "amx";
  table.matmul = amx::matmul;
  table.tile_rows = 16;
  table.round_to_bf16 = amx::round_to_bf16;
  table.matmul_bf16 = amx::matmul_bf16;
  return table;
}();

constexpr PeakLoop peak_loops[] = {
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

// Pseudo-random 16-bit numbers.
class Noise {
 public:
  uint32_t operator()() { return (state_ = state_ * 1664525 + 1013904223) >> 16; }

 private:
  uint32_t state_ = 1;
};

// Linux gives tile data (8 KiB of state a thread) to a process that asks, once for all its threads, before the first
// use: Documentation/arch/x86/xstate.rst. False where processor or system do not have it.
bool request_tile_data() {
  constexpr long request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long tile_data = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// The order in which VDPBF16PS adds, and that it flushes what is subnormal, is the manual's: bits must be equal on
// every machine that has a table, so a processor that does otherwise does not have this one.
bool pairs_add_as_specified() {
  constexpr int64_t inputs = 64;
  constexpr int64_t rows = 4;
  Noise random;
  const auto fill = [&random](auto& words) {  // around 1, every eighth below 2^-126 or with a product about there
    for (uint16_t& word : words) {
      const uint32_t exponent = random() % 8 == 0 ? random() % 2 * 63 : 120 + random() % 8;
      word = static_cast<uint16_t>((random() & 0x807F) | exponent << 7);
    }
  };
  alignas(64) std::array<uint16_t, packed::panel_bytes(ElementType::bf16, inputs) / 2> weights;
  fill(weights);
  std::array<uint16_t, rows * inputs> x;
  fill(x);
  for (size_t k = 0; k < inputs; ++k) {  // whole sums about 2^-126
    x[k] = static_cast<uint16_t>((x[k] & 0x807F) | 64 << 7);
    weights[k / 2 * 32 + k % 2] = static_cast<uint16_t>((weights[k / 2 * 32 + k % 2] & 0x807F) | 63 << 7);
  }
  std::array<float, rows * panel_outputs> expected;
  std::array<float, rows * panel_outputs> actual;
  const auto multiply = [&](void (*matmul)(const MatmulArgs&), auto& y) {
    matmul({.weights = {.type = ElementType::bf16,
                        .outputs = panel_outputs,
                        .inputs = inputs,
                        .bytes = reinterpret_cast<const std::byte*>(weights.data())},
            .x = {.rows = rows, .inputs = inputs, .rounded = x.data()},
            .y = y.data(),
            .y_stride = panel_outputs,
            .panel_begin = 0,
            .panel_end = 1});
  };
  multiply(scalar::matmul_pairs, expected);
  multiply(avx512_bf16::matmul_pairs, actual);
  return std::memcmp(expected.data(), actual.data(), sizeof(expected)) == 0;
}

// The order in which TDPBF16PS adds is known from the manual alone. Bits must be equal on every machine that has a
// table, so a processor that adds in another order does not have this one.
bool tiles_add_as_specified() {
  constexpr int64_t inputs = 64;
  Noise random;
  alignas(64) std::array<uint8_t, packed::panel_bytes(ElementType::q8_0, inputs)> weights;
  for (uint8_t& byte : weights) byte = static_cast<uint8_t>(random() & 0x3F);  // scales: below 2, as f16
  alignas(64) std::array<uint16_t, bf16_block_rows * inputs> x;
  for (uint16_t& value : x) value = static_cast<uint16_t>((random() & 0x83FF) | 0x3C00);
  std::array<int32_t, bf16_block_rows> rows;
  for (int32_t row = 0; row < bf16_block_rows; ++row) rows[static_cast<size_t>(row)] = row;
  using Results = std::array<float, bf16_block_rows * panel_outputs>;
  const auto multiply = [&](void (*matmul_bf16)(const Bf16MatmulArgs&), Results& y) {
    matmul_bf16({.weights = {.type = ElementType::q8_0,
                             .outputs = panel_outputs,
                             .inputs = inputs,
                             .bytes = reinterpret_cast<const std::byte*>(weights.data())},
                 .x = x.data(),
                 .rows = rows.data(),
                 .row_count = bf16_block_rows,
                 .y = y.data(),
                 .y_stride = panel_outputs,
                 .panel_begin = 0,
                 .panel_end = 1});
  };
  Results expected;
  Results actual;
  multiply(scalar::matmul_bf16, expected);
  multiply(amx::matmul_bf16, actual);
  return std::memcmp(expected.data(), actual.data(), sizeof(expected)) == 0;
}

// CPUID leaf 7, subleaf 1; gcc 12's __builtin_cpu_supports does not know the name.
bool has_avx_vnni() {
  uint32_t subleaf_max = 0;
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
  if (__get_cpuid_count(7, 0, &subleaf_max, &ebx, &ecx, &edx) == 0 || subleaf_max < 1) return false;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}

struct Supported {
  std::array<const KernelTable*, 6> tables{};
  size_t count = 0;
  size_t with_scalar_bits = 0;

  void add(const KernelTable& table) { tables[count++] = &table; }
};

// Worst first. AVX-VNNI and AVX-512 come each without the other. __builtin_cpu_supports asks CPUID and, for vector
// state, XGETBV: what the system does not save is not supported. AVX-VNNI has the state of AVX2.
Supported find_supported() {
  Supported found;
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  const bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
  if (avx2) found.add(avx2_table);
  if (avx2 && has_avx_vnni()) found.add(avx2_vnni_table);
  if (avx512) found.add(avx512_table);
  if (vnni) found.add(avx512_vnni_table);
  found.with_scalar_bits = found.count;
  if (!vnni || !__builtin_cpu_supports("avx512bf16") || !pairs_add_as_specified()) return found;
  found.add(avx512_bf16_table);
  const bool tiles =
      __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") && __builtin_cpu_supports("amx-bf16");
  if (tiles && request_tile_data() && tiles_add_as_specified()) found.add(amx_table);
  return found;
}

}  // namespace

MachineTables machine_tables() {
  static const Supported found = find_supported();
  const auto supported = std::span(found.tables).first(found.count);
  return {.supported = supported, .with_scalar_bits = supported.first(found.with_scalar_bits)};
}

std::span<const PeakLoop> machine_peak_loops() { return peak_loops; }

}  // namespace quire
