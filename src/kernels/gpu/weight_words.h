// Quants of a packed panel, four inputs of an output as the signed bytes of a word, as dot_bytes and tiles read them.
#pragma once

#include "kernels/gpu/thread.h"
#include "kernels/packed_layout.h"
#include "kernels/scalar/unpack.h"

namespace quire::gpu {

// Inputs 4 j to 4 j + 3 of a group, and 16 + 4 j on.
struct WordPair {
  uint32_t first;
  uint32_t second;
};

inline uint32_t load_word(const uint8_t* line, int output) { return scalar::load_number<uint32_t>(line, output); }

// Whether each half of a group has a scale of its own.
constexpr bool has_halves(packed::Scales scales) {
  return scales == packed::Scales::super_halves || scales == packed::Scales::super_halves_minimum ||
         scales == packed::Scales::pair_halves;
}

// What has to come off a word's bytes: they are the numbers, but those of 8 bits and of codes, whose offset is off.
constexpr int32_t word_offset(const packed::Quants& quants) {
  return quants.codes != nullptr || quants.bits == 8 ? 0 : quants.offset;
}

// The numbers themselves of a word's bytes.
template <const packed::Quants& quants>
inline uint32_t without_offset(uint32_t word) {
  constexpr int32_t offset = word_offset(quants);
  if constexpr (offset == 0) {
    return word;
  } else {
    // Of each byte above its sign's bit, which no other byte sees: it is turned at last.
    static_assert(offset > 0 && (1 << quants.bits) - 1 - offset < 128, "a signed byte");
    return (word + (128 - static_cast<uint32_t>(offset)) * 0x01010101U) ^ 0x80808080U;
  }
}

// The bits of words, as they are packed.
template <int bits>
inline WordPair packed_words(const uint8_t* group, int output, int j) {
  constexpr uint32_t one_bit = 0x01010101U, two_bits = 0x03030303U, four_bits = 0x0F0F0F0FU;
  constexpr int64_t line = packed::line_bytes;
  if constexpr (bits == 8) {
    return {load_word(group + j * line, output), load_word(group + (4 + j) * line, output)};
  } else if constexpr (bits >= 4) {
    const uint32_t low = load_word(group + j * line, output);
    WordPair words = {low & four_bits, low >> 4 & four_bits};
    const uint8_t* const above = group + packed::low_bytes;
    if constexpr (bits == 5) {
      const uint32_t fifth = load_word(above, output);
      words.first |= (fifth >> j & one_bit) << 4;
      words.second |= (fifth >> (4 + j) & one_bit) << 4;
    } else if constexpr (bits == 6) {
      words.first |= (load_word(above, output) >> 2 * j & two_bits) << 4;
      words.second |= (load_word(above + line, output) >> 2 * j & two_bits) << 4;
    }
    return words;
  } else {
    WordPair words = {load_word(group, output) >> 2 * j & two_bits,
                      load_word(group + line, output) >> 2 * j & two_bits};
    if constexpr (bits == 3) {
      const uint32_t third = load_word(group + packed::pairs_bytes, output);
      words.first |= (third >> j & one_bit) << 2;
      words.second |= (third >> (4 + j) & one_bit) << 2;
    }
    return words;
  }
}

// Four of a table's numbers, without the offset.
constexpr uint32_t code_word(const packed::Quants& quants, int first) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) {
    word |= static_cast<uint32_t>((quants.codes[first + i] - quants.offset) & 255) << 8 * i;
  }
  return word;
}

// The numbers that the four bytes of a word, each below 16, stand for.
template <const packed::Quants& quants>
inline uint32_t decoded(uint32_t word) {
  const uint32_t nibbles = word | word >> 4;
  const uint32_t selector = (nibbles & 0xFFU) | (nibbles >> 8 & 0xFF00U);
  const uint32_t low = permute_bytes(code_word(quants, 0), code_word(quants, 4), selector & 0x7777U);
  if constexpr (quants.bits == 3) return low;
  const uint32_t high = permute_bytes(code_word(quants, 8), code_word(quants, 12), selector & 0x7777U);
  const uint32_t is_high = (word >> 3 & 0x01010101U) * 0xFFU;
  return (high & is_high) | (low & ~is_high);
}

template <const packed::Quants& quants>
inline WordPair group_words(const uint8_t* group, int output, int j) {
  WordPair words = packed_words<quants.bits>(group, output, j);
  if constexpr (quants.codes != nullptr) {
    words = {decoded<quants>(words.first), decoded<quants>(words.second)};
  } else if constexpr (quants.bits == 8) {
    static_assert(quants.bits != 8 || quants.offset == 128, "the sign's bit is turned");
    words = {words.first ^ 0x80808080U, words.second ^ 0x80808080U};
  }
  return words;
}

// Where a group of a panel lies.
struct GroupPlace {
  const uint8_t* step;
  int64_t index;  // in the step
  const uint8_t* quants;
};

template <const packed::Layout& layout>
inline GroupPlace group_place(const uint8_t* panel, int64_t group) {
  constexpr int64_t step_groups = packed::step_groups(layout.scales);
  const uint8_t* const step = panel + group / step_groups * packed::step_bytes(layout);
  const int64_t index = group % step_groups;
  return {step, index, step + packed::quants_offset(layout.scales) + index * packed::group_bytes(layout.quants)};
}

}  // namespace quire::gpu
