#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_body.h"

namespace quire::neon_i8mm {

int64_t peak_int8(int64_t rounds) {
  return multiply_add_bytes<4>(
      rounds,
      [](Words sum, Words factor) {
        return each<Words>(
            [](auto four, auto bytes) { return vusdotq_s32(four, as_u8(bytes), vreinterpretq_s8_s32(bytes)); }, sum,
            factor);
      },
      [](Words sum) { return sum_words(sum); });
}

}  // namespace quire::neon_i8mm
