#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_quantized_body.h"

namespace quire::avx512_vnni {
namespace {

// vpdpbusd: unsigned weights times signed activations, four at a time, into int32 without saturation.
struct Dot {
  template <int64_t bits, int begin, int end, int rows>
  static QUIRE_LEAF_INLINE void add_quads(const uint8_t* at, const int8_t* const (&x)[rows], Words (&sums)[rows]) {
#pragma GCC unroll 8
    for (int q = begin; q < end; ++q) {
      const Words quad = load_quad<bits>(at, q);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        sums[r] = _mm512_dpbusd_epi32(sums[r], quad, broadcast_at(x[r] + 4 * q));
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
