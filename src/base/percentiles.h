// How a set of values is spread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace quire {

// The value below or at which so many per cent lie. REQUIRES: sorted, at least one.
inline int64_t nearest_rank(const std::vector<int64_t>& sorted, int64_t percent) {
  const int64_t place = (std::ssize(sorted) * percent + 99) / 100;
  return sorted[static_cast<size_t>(std::max<int64_t>(place, 1) - 1)];
}

// By nearest rank; -1 where there are no values.
struct Percentiles {
  int64_t p50 = -1, p90 = -1, p99 = -1, max = -1;
};

inline Percentiles percentiles(std::vector<int64_t> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto rank = [&](int64_t percent) { return nearest_rank(values, percent); };
  return {.p50 = rank(50), .p90 = rank(90), .p99 = rank(99), .max = values.back()};
}

}  // namespace quire
