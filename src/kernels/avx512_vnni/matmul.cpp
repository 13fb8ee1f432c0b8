#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx512_vnni {
namespace {

// vpdpbusd: unsigned weights times signed activations, four at a time, into int32 without saturation.
struct Dot {
  template <int64_t bits, int begin, int end>
  static QUIRE_LEAF_INLINE Words sum_quads(const Words (&quads)[8], const int8_t* x, Words sum) {
#pragma GCC unroll 8
    for (int j = begin; j < end; ++j) sum = _mm512_dpbusd_epi32(sum, quads[j], broadcast_at(x + 4 * j));
    return sum;
  }
  // factors (pairs of int16) times the two half sums, added.
  static QUIRE_LEAF_INLINE Words scale_halves(Words factors, const int16_t* half_sums) {
    return _mm512_dpwssd_epi32(zero_words(), factors, broadcast_at(half_sums));
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
