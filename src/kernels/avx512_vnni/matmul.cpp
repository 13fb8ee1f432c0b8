#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx512_vnni {
namespace {

// vpdpbusd: unsigned weights times signed activations, four at a time, into int32 without saturation.
struct Dot {
  static constexpr int rows = 5;  // ten sums in flight: what two multipliers with a latency of 5 can have
  static constexpr int panels = 2;
  static constexpr bool adds_to_sums = true;

  template <int64_t bits, int begin, int end, int panels, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const Group (&groups)[panels], const int8_t* x, Words (&sums)[panels][rows]) {
#pragma GCC unroll 8
    for (int q = begin; q < end; ++q) {
      Words quads[panels];
#pragma GCC unroll 2
      for (int p = 0; p < panels; ++p) quads[p] = load_quad<bits>(groups[p].quads, q);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const Words quants = broadcast_at(x + r * quant_group + 4 * q);
#pragma GCC unroll 2
        for (int p = 0; p < panels; ++p) sums[p][r] = _mm512_dpbusd_epi32(sums[p][r], quads[p], quants);
      }
    }
  }
};

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<Dot>(args);
  } else {
    avx512::matmul_float(args);
  }
}

}  // namespace quire::avx512_vnni
