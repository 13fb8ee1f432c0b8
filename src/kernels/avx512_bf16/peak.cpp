#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_body.h"

namespace quire::avx512_bf16 {

int64_t peak_bf16(int64_t rounds) {
  return multiply_add_floats<16>(rounds, broadcast_word(0x3F803F80), [](Floats sum, Words factor) {
    const auto pairs = reinterpret_cast<__m512bh>(factor);
    return _mm512_dpbf16_ps(sum, pairs, pairs);
  });
}

}  // namespace quire::avx512_bf16
