// The bytes of a PackedMatrix: facts for the packing function and the kernels of every table (docs/kernels.md has the
// drawing). A panel is 16 outputs; it is a row of steps in ascending order of inputs, and panels follow one another.
// Inside a step, numbers of the 16 outputs always lie side by side, so that a vector lane is an output.
//
//   scales       f16 (16)
//   low bits     line j of a group (0 <= j < 4) is 64 bytes (output, i): the low nibble belongs to input 4 j + i, the
//                high nibble to input 16 + 4 j + i
//   fifth bits   64 bytes (output, i): bit j (0 <= j < 8) is bit 4 of input 4 j + i
//   sixth bits   2 x 64 bytes (half, output, i): bits 2 j, 2 j + 1 (0 <= j < 4) are bits 4, 5 of input 16 half + 4 j +
//   i bytes        line j (0 <= j < 8) is 64 bytes (output, i): input 4 j + i, plus 128
//
//   F32, F16     a step is 1 input: (16)
//   BF16         2 inputs: (output, i), which is one operand of vdpbf16ps; after an odd last input comes a zero
//   Q4_0, Q5_0, Q8_0   2 groups: scales (2), then the two groups' low bits (Q5_0: low, fifth of each; Q8_0: bytes)
//   Q4_1, Q5_1         1 group: scales, minima (f16), low bits (Q5_1: fifth bits)
//   Q4_K, Q5_K         8 groups: d, dmin (f16), scales u8 (8, 16), minima u8 (8, 16), then per group low (fifth) bits
//   Q6_K               8 groups: d (f16), 32 bytes of padding, scales i8 (8, 2, 16), then per group low, sixth bits
//
// Included by leaf files: constants and functions of internal linkage only.
#pragma once

#include <cstdint>

#include "tensor/element_type.h"

namespace quire::packed {

inline constexpr int64_t lanes = 16;  // outputs of a panel
inline constexpr int64_t line_bytes = 64;
inline constexpr int64_t scales_bytes = 32;        // f16 of the 16 outputs
inline constexpr int64_t low_bytes = 4 * 64;       // 32 inputs, 4 bits each
inline constexpr int64_t fifth_bytes = 64;         // 32 inputs, 1 bit each
inline constexpr int64_t sixth_bytes = 2 * 64;     // 32 inputs, 2 bits each
inline constexpr int64_t whole_bytes = 8 * 64;     // 32 inputs, 8 bits each
inline constexpr int64_t k_groups = 8;             // groups of a K-quant's super-block
inline constexpr int64_t k_head_bytes = 64;        // f16 of the super-block
inline constexpr int64_t k_scales_bytes = 8 * 32;  // a byte a group and output, twice
inline constexpr int64_t k_quants_offset = k_head_bytes + k_scales_bytes;

struct Step {
  int64_t inputs;
  int64_t bytes;
};

static constexpr Step step_of(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return {1, 64};
    case ElementType::f16:
      return {1, 32};
    case ElementType::bf16:
      return {2, 64};
    case ElementType::q4_0:
      return {64, 2 * (scales_bytes + low_bytes)};
    case ElementType::q5_0:
      return {64, 2 * (scales_bytes + low_bytes + fifth_bytes)};
    case ElementType::q8_0:
      return {64, 2 * (scales_bytes + whole_bytes)};
    case ElementType::q4_1:
      return {32, 2 * scales_bytes + low_bytes};
    case ElementType::q5_1:
      return {32, 2 * scales_bytes + low_bytes + fifth_bytes};
    case ElementType::q4_k:
      return {256, k_quants_offset + k_groups * low_bytes};
    case ElementType::q5_k:
      return {256, k_quants_offset + k_groups * (low_bytes + fifth_bytes)};
    case ElementType::q6_k:
      return {256, k_quants_offset + k_groups * (low_bytes + sixth_bytes)};
    default:
      return {1, 0};
  }
}

// Bytes from one panel to the next: a multiple of 64.
static constexpr int64_t panel_bytes(ElementType type, int64_t inputs) {
  const Step step = step_of(type);
  const int64_t bytes = (inputs + step.inputs - 1) / step.inputs * step.bytes;
  return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

}  // namespace quire::packed
