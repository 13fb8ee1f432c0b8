#include "kernels/avx2/lanes.h"
#include "kernels/isa_functions.h"
#include "kernels/lanes/peak_pairs_body.h"

namespace quire::avx2 {

// Ten registers of sums: two ports times a latency of 4 or 5. They and the factors fit into 16.
int64_t peak_f32(int64_t rounds) { return multiply_add_f32<5>(rounds); }
// The additions, on which a chain waits, have a latency of 1.
int64_t peak_int8(int64_t rounds) { return multiply_add_pairs<4>(rounds); }

}  // namespace quire::avx2
