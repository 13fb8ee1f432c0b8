#include "kernels/neon/lanes.h"
// Bodies are written in its words.
#include "kernels/isa_functions.h"
#include "kernels/lanes/recurrent_body.h"

namespace quire::neon {

void l2_norm(float* x, float epsilon, int64_t n) { l2_norm_lanes(x, epsilon, n); }

void time_steps(float* x, const float* bias, const float* rates, int64_t n, float* decays) {
  time_steps_lanes(x, bias, rates, n, decays);
}

void convolve(const ConvolveArgs& args) { convolve_lanes(args); }

void recur(const RecurArgs& args) { recur_lanes(args); }

}  // namespace quire::neon
