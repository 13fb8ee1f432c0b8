// Values counted by fixed buckets: plain numbers of the thread that counts, copied out as a value.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>

namespace quire {

// A histogram without its type: what an exposition reads. Borrows the histogram.
struct HistogramView {
  std::span<const int64_t> bounds;  // inclusive upper ones, ascending
  std::span<const int64_t> counts;  // of each bucket alone; the last, one more than bounds, holds what is above them
  int64_t sum = 0;

  int64_t count() const { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }
};

// `upper_bounds` is a constexpr array of ascending integers, in the values' own unit (nanoseconds, tokens, rows).
// Nothing but int64_t inside, so that structs of histograms and counters can be copied and added as plain numbers.
// One thread.
template <const auto& upper_bounds>
class Histogram {
 public:
  static_assert(std::is_sorted(upper_bounds.begin(), upper_bounds.end(), std::less_equal<>()),
                "bounds ascend, each only once");

  void observe(int64_t value) {
    const auto bucket = std::lower_bound(upper_bounds.begin(), upper_bounds.end(), value) - upper_bounds.begin();
    ++counts_[static_cast<size_t>(bucket)];
    sum_ += value;
  }

  HistogramView view() const { return {.bounds = upper_bounds, .counts = counts_, .sum = sum_}; }
  int64_t count() const { return view().count(); }
  int64_t sum() const { return sum_; }

 private:
  std::array<int64_t, upper_bounds.size() + 1> counts_{};
  int64_t sum_ = 0;
};

}  // namespace quire
