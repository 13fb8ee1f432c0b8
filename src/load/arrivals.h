// When requests arrive that do not wait for answers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"

namespace quire::load {

// Gaps have a gamma distribution of mean 1 / rate: shape 1 is a Poisson process, a smaller one comes in bursts, a
// larger one is more even. The rate goes evenly from `rate` to `rate_end` over the duration.
struct ArrivalSpec {
  double rate = 1;      // conversations a second
  double rate_end = 1;  // the same as `rate`: no ramp
  double shape = 1;
  int64_t duration_ns = 0;
};

Result<void> check(const ArrivalSpec& spec);

// Ascending times from 0 below the duration. A function of its arguments.
std::vector<int64_t> arrival_times(const ArrivalSpec& spec, uint64_t seed);

}  // namespace quire::load
