// Exact sums of products of bytes with VNNI.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include <cstdint>

#include "kernels/lanes/unpack.h"
#include "kernels/quantized_rows.h"

namespace quire {
namespace {

// Instruction::add_products is vpdpbusd: unsigned weights times signed activations, four at a time, into int32 without
// saturation.
template <class Instruction, int tile_rows, int tile_panels>
struct DotBytes {
  static constexpr int rows = tile_rows;
  static constexpr int panels = tile_panels;
  static constexpr bool adds_to_sums = true;
  static constexpr bool scales_pairs = false;
  static constexpr int64_t unsigned_bits = 8;

  template <packed::Quants quants, int begin, int end, int panels, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[panels], const int8_t* x, Words (&sums)[panels][rows]) {
#pragma GCC unroll 8
    for (int q = begin; q < end; ++q) {
      Words quads[panels];
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) quads[p] = load_quad<quants>(groups[p].quads, q);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const Words four = broadcast_at(x + r * quant_group + 4 * q);
#pragma GCC unroll 2
        for (int p = 0; p < panels; ++p) sums[p][r] = Instruction::add_products(sums[p][r], quads[p], four);
      }
    }
  }
};

}  // namespace
}  // namespace quire
