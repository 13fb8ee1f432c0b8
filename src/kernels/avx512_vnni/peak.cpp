#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_body.h"

namespace quire::avx512_vnni {

// Two ports times a latency of 4 or 5.
int64_t peak_int8(int64_t rounds) {
  return multiply_add_bytes<10>(
      rounds, [](Words sum, Words factor) { return _mm512_dpbusd_epi32(sum, factor, factor); },
      [](Words sum) { return sum_words(sum); });
}

}  // namespace quire::avx512_vnni
