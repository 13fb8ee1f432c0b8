#include "cli/tune/tune_curve.h"

#include <algorithm>

#include "base/check.h"

namespace quire::cli {
namespace {

// Two doublings in a row that lose this much of the best are a fall, not noise.
constexpr double falling_share = 0.85;
// What else happens on a machine makes a visit longer, never shorter, and lasts for seconds where the host takes a core
// away: so it is the quickest visits that say what a number gives, however many were disturbed. Not the very quickest
// one of many, which is luck.
constexpr size_t visits_of_a_quick_one = 8;

}  // namespace

std::vector<int32_t> TuneCurve::contexts() const {
  std::vector<int32_t> all;
  for (const auto& [contexts, visits] : visits_) all.push_back(contexts);
  return all;
}

int64_t TuneCurve::step_ns(int32_t contexts) const {
  const auto found = visits_.find(contexts);
  QUIRE_CHECK(found != visits_.end(), "a number that was measured");
  std::vector<int64_t> visits = found->second;
  const auto quick = visits.begin() + static_cast<std::ptrdiff_t>((visits.size() - 1) / visits_of_a_quick_one);
  std::ranges::nth_element(visits, quick);
  return std::max<int64_t>(1, *quick);
}

double TuneCurve::tokens_per_s(int32_t contexts) const {
  return contexts * 1e9 / static_cast<double>(step_ns(contexts));
}

size_t TuneCurve::visit_count(int32_t contexts) const {
  const auto found = visits_.find(contexts);
  return found == visits_.end() ? 0 : found->second.size();
}

double TuneCurve::spread() const {
  std::vector<double> shares;
  for (const auto& [contexts, visits] : visits_) {
    if (visits.size() < 2) continue;
    const auto [least, most] = std::ranges::minmax(visits);
    shares.push_back(static_cast<double>(most - least) / static_cast<double>(step_ns(contexts)));
  }
  if (shares.empty()) return 0;
  std::ranges::sort(shares);
  return shares[shares.size() / 2];
}

int32_t TuneCurve::best() const {
  QUIRE_CHECK(!visits_.empty(), "something was measured");
  const std::vector<int32_t> all = contexts();
  return *std::ranges::max_element(all, {}, [this](int32_t number) { return tokens_per_s(number); });
}

int32_t TuneCurve::pays() const {
  const double enough = share * tokens_per_s(best());
  for (const int32_t number : contexts()) {
    if (tokens_per_s(number) >= enough) return number;
  }
  return best();
}

std::vector<int32_t> TuneCurve::close(double share_of_best) const {
  std::vector<int32_t> all;
  const double enough = share_of_best * tokens_per_s(best());
  for (const auto& [contexts, visits] : visits_) {
    if (contexts * 1e9 / static_cast<double>(std::ranges::min(visits)) >= enough) all.push_back(contexts);
  }
  return all;
}

std::optional<int32_t> TuneCurve::next_doubling(int32_t contexts_max) const {
  if (visits_.empty()) return contexts_max >= 1 ? std::optional(1) : std::nullopt;
  const std::vector<int32_t> all = contexts();
  const int32_t last = all.back();
  if (last >= contexts_max) return std::nullopt;
  const auto falls = [&](int32_t number) { return tokens_per_s(number) < falling_share * tokens_per_s(best()); };
  if (all.size() >= 3 && falls(last) && falls(all[all.size() - 2]) && best() < all[all.size() - 2]) return std::nullopt;
  return std::min(2 * last, contexts_max);
}

std::optional<int32_t> TuneCurve::next_between() const {
  const int32_t upper = pays();
  int32_t lower = 0;
  for (const int32_t number : contexts()) {
    if (number < upper) lower = number;
  }
  if (lower == 0 || upper - lower <= std::max(1, upper / 8)) return std::nullopt;
  return (lower + upper) / 2;
}

}  // namespace quire::cli
