// The bytes of a PackedMatrix: facts for the packing function and the kernels of every table (docs/kernels.md has the
// drawing). A panel is 16 outputs; it is a row of steps in ascending order of inputs, and panels follow one another.
// Inside a step, numbers of the 16 outputs always lie side by side, so that a vector lane is an output.
//
//   F32, F16     a step is 1 input: (16)
//   BF16         2 inputs: (output, i), which is one operand of vdpbf16ps; after an odd last input comes a zero
//   all others   what belongs to the step (Scales), then the quants of its groups of 32 inputs (Quants)
//
// Quants of a group, by the bits of each; a line is 64 bytes (output, i):
//
//   4   line j (0 <= j < 4): the low nibble belongs to input 4 j + i, the high nibble to input 16 + 4 j + i
//   5   those, and a line of fifth bits: bit j (0 <= j < 8) belongs to input 4 j + i
//   2   two lines (half): bits 2 j, 2 j + 1 (0 <= j < 4) belong to input 16 half + 4 j + i
//   3   those, and a line of third bits, as fifth bits lie
//   6   four lines of low bits, and bits 4, 5 as two lines of pairs
//   8   line j (0 <= j < 8): input 4 j + i
//
// Included by leaf files: constants and functions of internal linkage only.
#pragma once

#include <cstdint>

#include "tensor/element_type.h"

namespace quire::packed {

inline constexpr int64_t lanes = 16;  // outputs of a panel
inline constexpr int64_t line_bytes = 64;
inline constexpr int64_t scales_bytes = 32;     // f16 of the 16 outputs
inline constexpr int64_t low_bytes = 4 * 64;    // 32 inputs, 4 bits each
inline constexpr int64_t pairs_bytes = 2 * 64;  // 32 inputs, 2 bits each
inline constexpr int64_t k_groups = 8;          // groups of a super-block
inline constexpr int64_t k_head_bytes = 64;     // of the super-block: f32, or two f16, of the 16 outputs

// How a quant is packed, and the unsigned number that multiplies activations.
struct Quants {
  int bits;              // packed
  int value_bits;        // of the number
  int offset;            // a power of two that comes off the number, or 0
  const uint8_t* codes;  // (16): the numbers that the packed bits stand for; null: they are the number
};

// The numbers of tensor/code_blocks.h and tensor/code_values.cpp, plus the offset: pack.cpp checks that they are.
static constexpr uint8_t iq4_codes[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
static constexpr uint8_t fp4_codes[16] = {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4};
static constexpr uint8_t iq3_s_codes[16] = {17, 19, 21, 23, 25, 27, 29, 31, 15, 13, 11, 9, 7, 5, 3, 1};
static constexpr uint8_t iq3_xxs_codes[16] = {68, 76, 84, 92, 100, 108, 116, 126, 60, 52, 44, 36, 28, 20, 12, 2};
// Of three bits; what no weight has is zero.
static constexpr uint8_t iq2_codes[16] = {72, 89, 107, 64, 56, 39, 21, 64, 64, 64, 64, 64, 64, 64, 64, 64};
static constexpr uint8_t iq1_codes[16] = {9, 17, 25, 16, 7, 15, 23, 16, 16, 16, 16, 16, 16, 16, 16, 16};

static constexpr Quants plain(int bits, int offset) { return {bits, bits, offset, nullptr}; }
static constexpr Quants iq4 = {4, 8, 128, iq4_codes};
static constexpr Quants fp4 = {4, 5, 16, fp4_codes};
static constexpr Quants iq3_s = {4, 5, 16, iq3_s_codes};
static constexpr Quants iq3_xxs = {4, 7, 64, iq3_xxs_codes};
static constexpr Quants iq2 = {3, 7, 64, iq2_codes};
static constexpr Quants iq1 = {3, 5, 16, iq1_codes};

// What a step begins with. `d` and `dmin` are the super-block's.
enum class Scales : uint8_t {
  pair,                  // 2 groups: f16 (2, 16)
  pair_bf16,             // 2 groups: bf16 (2, 16)
  pair_halves,           // 2 groups: E4M3 (2, 2, 16), a scale for each 16 inputs: twice what it is
  minimum,               // 1 group: scales, minima (f16)
  super,                 // 8 groups: d, dmin (f16), scales u8 (8, 16), minima u8 (8, 16)
  super_halves_minimum,  // 8 groups: d, dmin (f16), u8 (8, 2, 16): low nibble scale, high nibble minimum of 16 inputs
  super_halves,          // 8 groups: d (f32), scales i8 (8, 2, 16), one for each 16 inputs
  super_signed,          // 8 groups: d (f32), scales i8 (8, 16)
  one,                   // 8 groups: d (f32)
};

struct Layout {
  Quants quants;
  Scales scales;
};

struct TypeLayout {
  ElementType type;
  Layout layout;
};

// The quantized types. Those with the same layout are computed by the same code.
static constexpr TypeLayout layouts[] = {
    {ElementType::q8_0, {plain(8, 128), Scales::pair}},
    {ElementType::q4_0, {plain(4, 8), Scales::pair}},
    {ElementType::q5_0, {plain(5, 16), Scales::pair}},
    {ElementType::q4_1, {plain(4, 0), Scales::minimum}},
    {ElementType::q5_1, {plain(5, 0), Scales::minimum}},
    {ElementType::q4_k, {plain(4, 0), Scales::super}},
    {ElementType::q5_k, {plain(5, 0), Scales::super}},
    {ElementType::q6_k, {plain(6, 32), Scales::super_halves}},
    {ElementType::q3_k, {plain(3, 4), Scales::super_halves}},
    {ElementType::q2_k, {plain(2, 0), Scales::super_halves_minimum}},
    {ElementType::mxfp4, {fp4, Scales::pair_bf16}},
    {ElementType::nvfp4, {fp4, Scales::pair_halves}},
    {ElementType::iq4_nl, {iq4, Scales::pair}},
    {ElementType::iq4_xs, {iq4, Scales::super_signed}},
    {ElementType::iq3_s, {iq3_s, Scales::super_signed}},
    {ElementType::iq3_xxs, {iq3_xxs, Scales::super_signed}},
    {ElementType::iq2_s, {iq2, Scales::super_halves}},
    {ElementType::iq2_xs, {iq2, Scales::super_halves}},
    {ElementType::iq2_xxs, {iq2, Scales::super_halves}},
    {ElementType::iq1_m, {iq1, Scales::super_halves}},
    {ElementType::iq1_s, {iq1, Scales::super_halves}},
    {ElementType::tq2_0, {plain(2, 1), Scales::one}},
    {ElementType::tq1_0, {plain(2, 1), Scales::one}},
};

// REQUIRES: type is one of them.
static constexpr const Layout& layout_of(ElementType type) {
  const TypeLayout* at = layouts;
  while (at->type != type) ++at;
  return at->layout;
}

static constexpr int64_t group_bytes(Quants quants) { return line_bytes * quants.bits; }

static constexpr int64_t step_groups(Scales scales) {
  switch (scales) {
    case Scales::minimum:
      return 1;
    case Scales::pair:
    case Scales::pair_bf16:
    case Scales::pair_halves:
      return 2;
    default:
      return k_groups;
  }
}

// Of a step; a multiple of 64.
static constexpr int64_t quants_offset(Scales scales) {
  switch (scales) {
    case Scales::super:
    case Scales::super_halves:
    case Scales::super_halves_minimum:
      return k_head_bytes + k_groups * 2 * lanes;
    case Scales::super_signed:
      return k_head_bytes + k_groups * lanes;
    default:
      return 2 * scales_bytes;
  }
}

static constexpr int64_t step_bytes(const Layout& layout) {
  return quants_offset(layout.scales) + step_groups(layout.scales) * group_bytes(layout.quants);
}

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
    default:
      return {32 * step_groups(layout_of(type).scales), step_bytes(layout_of(type))};
  }
}

// Bytes from one panel to the next: a multiple of 64.
static constexpr int64_t panel_bytes(ElementType type, int64_t inputs) {
  const Step step = step_of(type);
  const int64_t bytes = (inputs + step.inputs - 1) / step.inputs * step.bytes;
  return (bytes + line_bytes - 1) / line_bytes * line_bytes;
}

}  // namespace quire::packed
