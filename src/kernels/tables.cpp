// The tables of this build, and which of them this machine can run.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "kernels/isa_functions.h"
#include "kernels/packed_layout.h"

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

constexpr KernelTable amx_table = [] {
  KernelTable table = avx512_vnni_table;
  table.name = "amx";
  table.round_to_bf16 = amx::round_to_bf16;
  table.matmul_bf16 = amx::matmul_bf16;
  return table;
}();

// Worst first. Each table's machines include the next one's, so what is supported is a prefix.
constexpr std::array<const KernelTable*, 5> all_tables = {&scalar_table, &avx2_table, &avx512_table, &avx512_vnni_table,
                                                          &amx_table};

// Linux gives tile data (8 KiB of state a thread) to a process that asks, once for all its threads, before the first
// use: Documentation/arch/x86/xstate.rst. False where processor or system do not have it.
bool request_tile_data() {
  constexpr long request_permission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long tile_data = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

// The order in which TDPBF16PS adds is known from the manual alone. Bits must be equal on every machine that has a
// table, so a processor that adds in another order does not have this one.
bool tiles_add_as_specified() {
  constexpr int64_t inputs = 64;
  uint32_t state = 1;
  const auto random = [&state] { return (state = state * 1664525 + 1013904223) >> 16; };
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

// __builtin_cpu_supports asks CPUID and, for vector state, XGETBV: what the system does not save is not supported.
size_t count_supported() {
  size_t count = 1;
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2) count = 2;
  if (avx512) count = 3;
  if (avx512 && __builtin_cpu_supports("avx512vnni")) count = 4;
  const bool tiles = count == 4 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("amx-tile") &&
                     __builtin_cpu_supports("amx-bf16");
  if (tiles && request_tile_data() && tiles_add_as_specified()) count = 5;
  return count;
}

}  // namespace

std::span<const KernelTable* const> supported_kernel_tables() {
  static const size_t count = count_supported();
  return std::span(all_tables).first(count);
}

const KernelTable& amx_specification() {
  static const KernelTable specification = [] {
    KernelTable table = *supported_kernel_tables().back();
    table.name = "amx_specification";
    table.round_to_bf16 = scalar::round_to_bf16;
    table.matmul_bf16 = scalar::matmul_bf16;
    return table;
  }();
  return specification;
}

const KernelTable* find_kernel_table(std::string_view name) {
  for (const KernelTable* table : supported_kernel_tables()) {
    if (table->name == name) return table;
  }
  return nullptr;
}

}  // namespace quire
