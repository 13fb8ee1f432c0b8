// Layouts of the quantized blocks as a GGUF file holds them. Scales are f16 bits.
// Source: the quantization formats of ggml (ggml-common.h) as PyPI's gguf decodes them.
#pragma once

#include <cstdint>

#include "tensor/element_type.h"

namespace quire {

// value = scale * (q - 8). Elements 0..15 are the low nibbles, 16..31 the high ones; so too in the next three.
struct BlockQ4_0 {
  uint16_t scale;
  uint8_t quants[16];
};

// value = scale * q + min.
struct BlockQ4_1 {
  uint16_t scale;
  uint16_t min;
  uint8_t quants[16];
};

// value = scale * (q - 16). Bit i of high_bits (little-endian) is the fifth bit of element i.
struct BlockQ5_0 {
  uint16_t scale;
  uint8_t high_bits[4];
  uint8_t quants[16];
};

// value = scale * q + min.
struct BlockQ5_1 {
  uint16_t scale;
  uint16_t min;
  uint8_t high_bits[4];
  uint8_t quants[16];
};

// value = scale * q.
struct BlockQ8_0 {
  uint16_t scale;
  int8_t quants[32];
};

// Eight groups of 32: value = scale * group_scale * q - min_scale * group_min.
// scales holds eight 6-bit scales and eight 6-bit minima: group g < 4 has its scale in the low six bits of scales[g]
// and its minimum in those of scales[g + 4]; group g >= 4 has the low four bits of its scale and minimum in the nibbles
// of scales[g + 4], and their upper two bits on top of scales[g - 4] and scales[g].
// Quants: 64 elements in 32 bytes, the first 32 in the low nibbles.
struct BlockQ4_K {
  uint16_t scale;
  uint16_t min_scale;
  uint8_t scales[12];
  uint8_t quants[128];
};

// As Q4_K; bit g of high_bits[i] is the fifth bit of element i of group g.
struct BlockQ5_K {
  uint16_t scale;
  uint16_t min_scale;
  uint8_t scales[12];
  uint8_t high_bits[32];
  uint8_t quants[128];
};

// Sixteen groups of 16: value = scale * scales[group] * (q - 32). Each half of 128 elements has 64 bytes of low nibbles
// (elements 0..63 low, 64..127 high) and 32 bytes of upper bit pairs (element i of quarter j: bits 2j of byte i).
struct BlockQ6_K {
  uint8_t low_bits[128];
  uint8_t high_bits[64];
  int8_t scales[16];
  uint16_t scale;
};

// Sixteen groups of 16: value = scale * (scales[group] & 15) * q - min_scale * (scales[group] >> 4).
// Quants: each half of 128 elements has 32 bytes, element i of quarter j in bits 2j of byte i; so too in Q3_K and
// TQ2_0.
struct BlockQ2_K {
  uint8_t scales[16];
  uint8_t quants[64];
  uint16_t scale;
  uint16_t min_scale;
};

// Sixteen groups of 16: value = scale * (group_scale - 32) * (q - 4). Bit i / 32 of high_bits[i % 32] is the third bit
// of element i. The low four bits of group g's scale are a nibble of scales[g % 8] (low for g < 8), its upper two are
// bits 2 (g / 4) of scales[8 + g % 4].
struct BlockQ3_K {
  uint8_t high_bits[32];
  uint8_t quants[64];
  uint8_t scales[12];
  uint16_t scale;
};

// value = scale * (t - 1), t in {0, 1, 2}: five digits of base 3 a byte. A byte holds the number of its digits as a
// fraction of 256, rounded up: digit n is the whole part of 3 * (byte * 3^n mod 256) / 256.
// Digit n of byte i is element 32 n + i (i < 32), 160 + 16 n + i - 32 (i < 48), and of last_quants 240 + 4 n + i.
struct BlockTQ1_0 {
  uint8_t quants[48];
  uint8_t last_quants[4];
  uint16_t scale;
};

// value = scale * (q - 1).
struct BlockTQ2_0 {
  uint8_t quants[64];
  uint16_t scale;
};

static_assert(sizeof(BlockQ4_0) == element_traits(ElementType::q4_0).block_bytes);
static_assert(sizeof(BlockQ4_1) == element_traits(ElementType::q4_1).block_bytes);
static_assert(sizeof(BlockQ5_0) == element_traits(ElementType::q5_0).block_bytes);
static_assert(sizeof(BlockQ5_1) == element_traits(ElementType::q5_1).block_bytes);
static_assert(sizeof(BlockQ8_0) == element_traits(ElementType::q8_0).block_bytes);
static_assert(sizeof(BlockQ4_K) == element_traits(ElementType::q4_k).block_bytes);
static_assert(sizeof(BlockQ5_K) == element_traits(ElementType::q5_k).block_bytes);
static_assert(sizeof(BlockQ6_K) == element_traits(ElementType::q6_k).block_bytes);
static_assert(sizeof(BlockQ2_K) == element_traits(ElementType::q2_k).block_bytes);
static_assert(sizeof(BlockQ3_K) == element_traits(ElementType::q3_k).block_bytes);
static_assert(sizeof(BlockTQ1_0) == element_traits(ElementType::tq1_0).block_bytes);
static_assert(sizeof(BlockTQ2_0) == element_traits(ElementType::tq2_0).block_bytes);

// The eight scales and minima of a Q4_K or Q5_K block, out of and into their 12 bytes.
struct GroupScales {
  uint8_t scales[8];  // 0..63
  uint8_t mins[8];    // 0..63
};
GroupScales unpack_group_scales(const uint8_t (&packed)[12]);
// REQUIRES: values of at most 63.
void pack_group_scales(const GroupScales& groups, uint8_t (&packed)[12]);

// The sixteen scales of a Q3_K block, -32..31, out of and into their 12 bytes.
void unpack_q3_scales(const uint8_t (&packed)[12], int8_t (&scales)[16]);
void pack_q3_scales(const int8_t (&scales)[16], uint8_t (&packed)[12]);

// The 256 digits of a TQ1_0 block: 0, 1, 2.
void unpack_ternary(const BlockTQ1_0& block, uint8_t (&digits)[256]);

}  // namespace quire
