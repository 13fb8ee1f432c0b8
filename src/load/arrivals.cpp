#include "load/arrivals.h"

#include <fmt/format.h>

#include <cmath>
#include <random>

namespace quire::load {
namespace {

constexpr double rate_max = 100'000;
constexpr int64_t duration_max_ns = int64_t{86'400} * 1'000'000'000;

// When a process of this rate has had `count` arrivals on average, in seconds: the inverse of the rate's integral
// rate t + (slope / 2) t^2. Written so that a slope of zero needs no case of its own. NaN: never.
double time_of(double count, double rate, double slope) {
  return 2 * count / (rate + std::sqrt(rate * rate + 2 * slope * count));
}

}  // namespace

Result<void> check(const ArrivalSpec& spec) {
  const auto is_rate = [](double rate) { return rate >= 0 && rate <= rate_max; };
  if (!is_rate(spec.rate) || !is_rate(spec.rate_end) || spec.rate + spec.rate_end <= 0) {
    return fail(ErrorKind::invalid, fmt::format("a rate is from 0 to {} a second, and not 0 all the time, found {}:{}",
                                                rate_max, spec.rate, spec.rate_end));
  }
  if (!(spec.shape >= 0.01 && spec.shape <= 1000)) {
    return fail(ErrorKind::invalid, fmt::format("a burstiness is from 0.01 to 1000, found {}", spec.shape));
  }
  if (spec.duration_ns <= 0 || spec.duration_ns > duration_max_ns) {
    return fail(ErrorKind::invalid, "a duration is more than nothing and at most a day");
  }
  return {};
}

std::vector<int64_t> arrival_times(const ArrivalSpec& spec, uint64_t seed) {
  const double seconds = static_cast<double>(spec.duration_ns) / 1e9;
  const double slope = (spec.rate_end - spec.rate) / seconds;
  std::mt19937_64 random(seed);
  std::gamma_distribution<double> gap(spec.shape, 1 / spec.shape);
  std::vector<int64_t> times;
  for (double count = gap(random);; count += gap(random)) {
    const double at = time_of(count, spec.rate, slope);
    if (!(at < seconds)) return times;  // NaN is never, too
    times.push_back(std::llround(at * 1e9));
  }
}

}  // namespace quire::load
