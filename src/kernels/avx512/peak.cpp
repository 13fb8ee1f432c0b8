#include "kernels/avx512/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_pairs_body.h"

namespace quire::avx512 {

// Two ports times a latency of 4 or 5.
int64_t peak_f32(int64_t rounds) { return multiply_add_f32<10>(rounds); }
// The additions, on which a chain waits, have a latency of 1.
int64_t peak_int8(int64_t rounds) { return multiply_add_pairs<8>(rounds); }

}  // namespace quire::avx512
