#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/matmul_float_body.h"

namespace quire::avx512_bf16 {
namespace {

// vdpbf16ps: two products of an output, the odd input's added first. A pair of a row is a broadcast operand.
struct PairSteps {
  using Input = uint16_t;
  static constexpr ElementType type = ElementType::bf16;
  static constexpr int64_t inputs = 2;
  static constexpr bool pads_rows = true;
  static constexpr int many_panels = 2;  // sixteen chains

  template <int rows>
  static QUIRE_LEAF_INLINE void add(const uint8_t* at, const uint16_t* const (&x)[rows], int64_t k,
                                    Floats (&acc)[rows]) {
    const auto weights = reinterpret_cast<__m512bh>(load_words(at));
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      acc[r] = _mm512_dpbf16_ps(acc[r], weights, reinterpret_cast<__m512bh>(broadcast_at(x[r] + k)));
    }
  }
};

// The first n of 16 floats.
QUIRE_LEAF_INLINE void round_first(const float* x, int64_t n, uint16_t* rounded) {
  const auto words = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(load_first(x, n)));
  _mm256_mask_storeu_epi16(rounded, first_lanes(n), words);
}

}  // namespace

void round_activations(const float* x, int64_t rows, int64_t inputs, uint16_t* rounded) {
  const int64_t stride = (inputs + 1) / 2 * 2;
  for (int64_t row = 0; row < rows; ++row, x += inputs, rounded += stride) {
    int64_t k = 0;
    for (; k + 32 <= inputs; k += 32) {
      _mm512_storeu_si512(rounded + k, reinterpret_cast<Words>(_mm512_cvtne2ps_pbh(load(x + k + 16), load(x + k))));
    }
    for (; k < inputs; k += 16) round_first(x + k, inputs - k, rounded + k);
    if (inputs % 2 == 1) rounded[inputs] = 0;
  }
}

void matmul_pairs(const MatmulArgs& args) { matmul_steps<PairSteps>(args, args.x.rounded); }

void matmul(const MatmulArgs& args) {
  args.weights.type == ElementType::bf16 ? matmul_pairs(args) : avx512_vnni::matmul(args);
}

}  // namespace quire::avx512_bf16
