#include "engine/dry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/fixed_math.h"

namespace quire {
namespace {

bool breaks_alone(TokenId token, std::span<const DryBreaker> breakers) {
  const auto same = std::ranges::equal_range(breakers, token, {}, &DryBreaker::first);
  return std::ranges::any_of(same, [](const DryBreaker& breaker) { return breaker.rest.empty(); });
}

// base^exponent, no larger than a float.
double power(double base, double exponent) {
  constexpr double log_max = 88.7228391;  // of the largest float
  if (base <= 1.0) return 1.0;
  return fixed_exp(std::min(exponent, std::floor(log_max / fixed_log(base))) * fixed_log(base));
}

}  // namespace

size_t tokens_since_breaker(std::span<const TokenId> window, std::span<const DryBreaker> breakers) {
  if (breakers.empty()) return window.size();
  for (size_t behind = 0; behind < window.size(); ++behind) {
    const size_t at = window.size() - 1 - behind;
    const std::span<const TokenId> after = window.subspan(at + 1);
    std::optional<size_t> longest;
    for (const DryBreaker& breaker : std::ranges::equal_range(breakers, window[at], {}, &DryBreaker::first)) {
      const size_t size = breaker.rest.size();
      if (size > after.size() || !std::ranges::equal(breaker.rest, after.first(size))) continue;
      longest = std::max(longest.value_or(0), size);
    }
    if (longest) return behind - *longest;
  }
  return window.size();
}

// The Z function (Gusfield 1997, section 1.3) of the window read backwards.
void DryRepetitions::measure(std::span<const TokenId> window) {
  const size_t size = window.size();
  const auto back = [&](size_t index) { return window[size - 1 - index]; };
  lengths_.assign(size, 0);
  size_t begin = 0;  // the match that reaches farthest: [begin, end)
  size_t end = 0;
  for (size_t k = 1; k < size; ++k) {
    size_t length = k < end ? std::min(end - k, lengths_[k - begin]) : 0;
    while (k + length < size && back(length) == back(k + length)) ++length;
    lengths_[k] = length;
    if (k + length <= end) continue;
    begin = k;
    end = k + length;
  }
}

void DryRepetitions::penalize(std::span<const TokenId> history, const DryParams& dry,
                              std::vector<LogitPenalty>& penalties) {
  const auto allowed = static_cast<size_t>(std::max(0, dry.allowed_length));
  if (dry.penalty_last_n >= 0)
    history = history.last(std::min(history.size(), static_cast<size_t>(dry.penalty_last_n)));
  if (history.size() <= allowed) return;
  const size_t length_max = tokens_since_breaker(history, dry.breakers);
  if (length_max < allowed) return;
  measure(history);
  for (size_t k = 1; k < history.size(); ++k) {
    const size_t length = std::min(lengths_[k], length_max);
    if (length >= allowed) note(history[history.size() - k], length);
  }
  for (const TokenId token : found_) {
    const size_t length = std::exchange(longest_[static_cast<size_t>(token)], 0) - 1;
    if (breaks_alone(token, dry.breakers)) continue;
    const double loss = dry.multiplier * power(dry.base, static_cast<double>(length - allowed));
    penalties.push_back(
        {.token = token, .minus = static_cast<float>(std::min(loss, double{std::numeric_limits<float>::max()}))});
  }
  found_.clear();
}

void DryRepetitions::note(TokenId token, size_t length) {
  if (token < 0) return;
  const auto index = static_cast<size_t>(token);
  if (index >= longest_.size()) longest_.resize(index + 1, 0);
  if (longest_[index] == 0) found_.push_back(token);
  longest_[index] = std::max(longest_[index], length + 1);
}

}  // namespace quire
