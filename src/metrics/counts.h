// Sums of structs that hold counters and histograms.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quire {

// Adds every number of `more` to its fellow in `sum`, so that a new counter cannot be forgotten here.
// REQUIRES: Counts holds int64_t and nothing else (arrays, structs and Histograms of it).
template <typename Counts>
void add_counts(Counts& sum, const Counts& more) {
  static_assert(std::is_trivially_copyable_v<Counts> && sizeof(Counts) % sizeof(int64_t) == 0);
  using Numbers = std::array<int64_t, sizeof(Counts) / sizeof(int64_t)>;
  auto numbers = std::bit_cast<Numbers>(sum);
  const auto added = std::bit_cast<Numbers>(more);
  for (size_t at = 0; at < numbers.size(); ++at) numbers[at] += added[at];
  sum = std::bit_cast<Counts>(numbers);
}

}  // namespace quire
