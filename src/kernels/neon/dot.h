// Exact sums of products of bytes, four at a time: sdot, and usdot where it is there.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/lanes/unpack.h"

namespace quire {
namespace {

// Product::add<lane>(sum, quad, quants) adds quad's bytes times bytes 4 * lane ... 4 * lane + 3 of quants.
//
// Four bytes of a row are an element of a register that holds 16 of its quants: so a row costs two loads a group, and
// no broadcasts. Of 32 registers three rows need 12 for the values of 16 outputs, 12 for their sums and 3 for quants; a
// quad and a mask are the last 5. Four rows would be 32 before anything is multiplied.
template <class Product>
struct DotElements {
  static constexpr int rows = 3;
  static constexpr int panels = 1;
  static constexpr bool adds_to_sums = true;
  static constexpr bool scales_pairs = false;
  static constexpr int64_t unsigned_bits = Product::unsigned_bits;

  // sums[0][r] += quads [begin, end) times the quants of row r. REQUIRES: begin and end are multiples of 4.
  template <packed::Quants of_weights, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[1], const int8_t* x, Words (&sums)[1][rows]) {
    add_lines<of_weights, begin, end>(groups[0].quads, x, sums[0]);
  }

 private:
  template <packed::Quants of_weights, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_lines(const uint8_t* at, const int8_t* x, Words (&sums)[rows]) {
    int8x16_t quants[rows];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) quants[r] = vld1q_s8(x + r * quant_group + 4 * begin);
    add_quad<of_weights, begin, 0>(at, quants, sums);
    add_quad<of_weights, begin, 1>(at, quants, sums);
    add_quad<of_weights, begin, 2>(at, quants, sums);
    add_quad<of_weights, begin, 3>(at, quants, sums);
    if constexpr (begin + 4 < end) {
      // Both halves of a group may read the same lines, which the compiler would keep meanwhile: on the stack.
      asm("" : "+r"(at));
      add_lines<of_weights, begin + 4, end>(at, x, sums);
    }
  }

  template <packed::Quants of_weights, int begin, int lane, int rows>
  static QUIRE_LEAF_INLINE void add_quad(const uint8_t* at, const int8x16_t (&quants)[rows], Words (&sums)[rows]) {
    Words quad = load_quad<of_weights>(at, begin + lane);
    if constexpr (of_weights.value_bits > unsigned_bits)
      quad = bit_xor(quad, broadcast_byte(128));  // minus 128, as a signed byte
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      sums[r] = each<Words>([&](auto sum, auto four) { return Product::template add<lane>(sum, four, quants[r]); },
                            sums[r], quad);
    }
  }
};

}  // namespace
}  // namespace quire
