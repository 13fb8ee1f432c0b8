#include "kernels/avx512/matmul_quantized.h"
#include "kernels/isa_functions.h"

namespace quire::avx512 {
namespace {

// vpmaddubsw adds pairs into int16 with saturation, so sums are widened before they could reach it: a pair of b-bit
// weights is at most (2^b - 1) * 127 * 2, of which 2^15 holds eight for 4 bits, four for 5, two for 6.
// Weights of 8 bits are multiplied as two of 4.
struct Dot {
  static QUIRE_LEAF_INLINE __m512i widen(__m512i pairs) { return _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)); }

  template <int64_t bits, int begin, int end>
  static QUIRE_LEAF_INLINE __m512i sum_quads(const __m512i (&quads)[8], const int8_t* x, __m512i sum) {
    if constexpr (bits == 8) {
      const __m512i mask = _mm512_set1_epi8(15);
      __m512i low[8];
      __m512i high[8];
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) {
        low[j] = _mm512_and_si512(quads[j], mask);
        high[j] = _mm512_and_si512(_mm512_srli_epi16(quads[j], 4), mask);
      }
      const __m512i high_sum = sum_quads<4, begin, end>(high, x, _mm512_setzero_si512());
      return sum_quads<4, begin, end>(low, x, _mm512_add_epi32(sum, _mm512_slli_epi32(high_sum, 4)));
    } else {
      constexpr int run = bits == 4 ? 8 : bits == 5 ? 4 : 2;
      for (int j = begin; j < end; j += run) {
        __m512i pairs = _mm512_maddubs_epi16(quads[j], broadcast_word(x + 4 * j));
        for (int i = j + 1; i < j + run && i < end; ++i) {
          pairs = _mm512_add_epi16(pairs, _mm512_maddubs_epi16(quads[i], broadcast_word(x + 4 * i)));
        }
        sum = _mm512_add_epi32(sum, widen(pairs));
      }
      return sum;
    }
  }
  // factors (pairs of int16) times the two half sums, added.
  static QUIRE_LEAF_INLINE __m512i scale_halves(__m512i factors, const int16_t* half_sums) {
    return _mm512_madd_epi16(factors, broadcast_word(half_sums));
  }
};

}  // namespace

void matmul(const MatmulArgs& args) {
  if (reads_quantized_activations(args.weights.type)) {
    matmul_quantized<Dot>(args);
  } else {
    matmul_float(args);
  }
}

}  // namespace quire::avx512
