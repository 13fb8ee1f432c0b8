#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_body.h"

namespace quire::neon {

// Sixteen registers of sums: up to four ports times a latency of 4.
int64_t peak_f32(int64_t rounds) { return multiply_add_f32<4>(rounds); }
int64_t peak_int8(int64_t rounds) {
  return multiply_add_bytes<4>(
      rounds,
      [](Words sum, Words factor) {
        return each<Words>(
            [](auto four, auto bytes) {
              return vdotq_s32(four, vreinterpretq_s8_s32(bytes), vreinterpretq_s8_s32(bytes));
            },
            sum, factor);
      },
      [](Words sum) { return sum_words(sum); });
}

}  // namespace quire::neon
