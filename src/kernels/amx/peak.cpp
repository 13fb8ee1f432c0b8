#include "kernels/amx/tiles.h"
#include "kernels/isa_functions.h"

namespace quire::amx {
namespace {

// Ones times ones in all of the four tiles of sums, once a round: dot.operator()<sum, a, b>().
template <class Element, class Sum, class Dot>
QUIRE_TILE_INLINE int64_t multiply_add_ones(int64_t rounds, Element one, const Dot& dot) {
  constexpr int64_t elements = tile_rows * tile_row_bytes / static_cast<int64_t>(sizeof(Element));
  alignas(64) Element ones[elements];
  for (Element& element : ones) element = one;
  alignas(64) Sum sums[4 * tile_sums];
  {
    const ConfiguredTiles configured(tile_rows, tile_row_bytes);
    load_tile<4>(ones);
    load_tile<5>(ones);
    load_tile<6>(ones);
    load_tile<7>(ones);
    zero_tile<0>();
    zero_tile<1>();
    zero_tile<2>();
    zero_tile<3>();
    for (int64_t round = 0; round < rounds; ++round) {
      dot.template operator()<0, 4, 6>();
      dot.template operator()<1, 4, 7>();
      dot.template operator()<2, 5, 6>();
      dot.template operator()<3, 5, 7>();
    }
    store_tile<0>(sums);
    store_tile<1>(sums + tile_sums);
    store_tile<2>(sums + 2 * tile_sums);
    store_tile<3>(sums + 3 * tile_sums);
  }
  int64_t products = 0;
  for (const Sum sum : sums) products += static_cast<int64_t>(sum);
  return products;
}

}  // namespace

int64_t peak_bf16(int64_t rounds) {
  return multiply_add_ones<uint16_t, float>(rounds, 0x3F80, []<int sum, int a, int b>() { dot_tiles<sum, a, b>(); });
}

int64_t peak_int8(int64_t rounds) {
  return multiply_add_ones<int8_t, int32_t>(rounds, 1, []<int sum, int a, int b>() { dot_byte_tiles<sum, a, b>(); });
}

}  // namespace quire::amx
