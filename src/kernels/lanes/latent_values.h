// A chunk of latents, whose values are the leading elements of its keys, laid out as values are read: once a chunk for
// all queries of a tile. 64 or 256 elements move by a few interleavings in registers, so 16 heads pay an eighth of what
// their products cost, and 128 heads nothing that can be seen.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace quire {
namespace {

// Sixteen bytes of elements, and two of these interleaved.
template <typename Element>
struct Interleaved;

template <>
struct Interleaved<uint16_t> {
  typedef uint16_t Vector __attribute__((vector_size(16)));
  static QUIRE_LEAF_INLINE Vector low(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  }
  static QUIRE_LEAF_INLINE Vector high(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  }
};

template <>
struct Interleaved<int8_t> {
  typedef int8_t Vector __attribute__((vector_size(16)));
  static QUIRE_LEAF_INLINE Vector low(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }
  static QUIRE_LEAF_INLINE Vector high(Vector a, Vector b) {
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
};

// A square of 16 bytes a side is transposed. Numbering its elements by row and column, to interleave rows i and i + n /
// 2 into rows 2 i and 2 i + 1 rotates the bits of that number by one; half of all rotations exchange row and column.
template <typename Element>
QUIRE_LEAF_INLINE void transpose_square(const Element* from, int64_t from_stride, Element* to, int64_t to_stride) {
  using Vector = typename Interleaved<Element>::Vector;
  constexpr int n = 16 / sizeof(Element);
  Vector rows[n];
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) __builtin_memcpy(&rows[i], from + i * from_stride, 16);
#pragma GCC unroll 4
  for (int moved = 1; moved < n; moved *= 2) {
    Vector next[n];
#pragma GCC unroll 8
    for (int i = 0; i < n / 2; ++i) {
      next[2 * i] = Interleaved<Element>::low(rows[i], rows[i + n / 2]);
      next[2 * i + 1] = Interleaved<Element>::high(rows[i], rows[i + n / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) rows[i] = next[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < n; ++i) __builtin_memcpy(to + i * to_stride, &rows[i], 16);
}

// values (32, latent_dim) = the first latent_dim elements of keys (head_dim, 32), of which some may never have been
// written: bits are moved, whatever they mean. REQUIRES: latent_dim is a multiple of quant_group.
template <typename Element>
void lay_out_values(const Element* keys, int64_t latent_dim, Element* values) {
  constexpr int64_t n = 16 / sizeof(Element);
  for (int64_t d = 0; d < latent_dim; d += n) {
    for (int64_t position = 0; position < attention_chunk; position += n) {
      transpose_square(keys + d * attention_chunk + position, attention_chunk, values + position * latent_dim + d,
                       latent_dim);
    }
  }
}

}  // namespace
}  // namespace quire
