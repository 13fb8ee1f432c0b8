#include "engine/candidates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/fixed_math.h"

namespace quire {
namespace {

constexpr float never = -std::numeric_limits<float>::infinity();
constexpr size_t everything = std::numeric_limits<size_t>::max();
constexpr size_t mask_bits = 64;

bool valid(TokenId token, size_t vocab) { return token >= 0 && static_cast<size_t>(token) < vocab; }

// A logit that is a number stays one, whatever changes it.
float bounded(float logit, double changed) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (!(std::abs(logit) <= largest)) return logit;
  return static_cast<float>(std::clamp(changed, -largest, largest));
}

float penalized(float logit, const LogitPenalty& penalty) {
  return bounded(logit, (logit > 0.0F ? logit / penalty.divisor : logit * penalty.divisor) - penalty.minus);
}

// A logit below every one whose weight is at least `weight`, the best one's being 1.
float floor_of_weight(float best, double weight, double temperature) {
  constexpr double slack = 1e-3;  // more than exp and log can err
  const double floor = best + temperature * (std::min(0.0, fixed_log(weight)) - slack);
  return std::max(lowest_logit, std::nextafter(static_cast<float>(floor), never));
}

// Of the logits above minus infinity, one of which there is.
template <typename LogitAt>
double standard_deviation(size_t size, LogitAt logit_at) {
  constexpr size_t lanes = 8;  // sums of their own, since one after another is all that makes an addition slow
  const auto mean_of = [&](auto value_of) {
    double sums[lanes] = {};
    size_t counts[lanes] = {};
    for (size_t index = 0; index < size; ++index) {
      const float logit = logit_at(index);
      const bool counted = logit >= lowest_logit;
      sums[index % lanes] += counted ? value_of(static_cast<double>(logit)) : 0.0;
      counts[index % lanes] += counted ? 1 : 0;
    }
    return std::accumulate(sums, sums + lanes, 0.0) /
           static_cast<double>(std::accumulate(counts, counts + lanes, size_t{0}));
  };
  const double mean = mean_of([](double logit) { return logit; });
  return std::sqrt(mean_of([&](double logit) { return (logit - mean) * (logit - mean); }));
}

}  // namespace

void Candidates::set(std::span<const float> logits) {
  logits_ = logits;
  looked_ = false;
  whole_ = true;
  ordered_ = false;
  temperature_ = 1.0;
}

LogitRow& Candidates::row() {
  if (!looked_) row_.set(logits_);
  looked_ = true;
  return row_;
}

std::span<float> Candidates::own_logits() {
  if (logits_.data() != own_.data()) {
    own_.assign(logits_.begin(), logits_.end());
    logits_ = own_;
  }
  looked_ = false;
  return own_;
}

void Candidates::add(TokenId token, float bias) {
  if (valid(token, logits_.size())) own_logits()[static_cast<size_t>(token)] += bias;
}

void Candidates::forbid(std::span<const TokenId> tokens) {
  for (const TokenId token : tokens) {
    if (valid(token, logits_.size())) own_logits()[static_cast<size_t>(token)] = never;
  }
}

void Candidates::allow_only(std::span<const uint64_t> mask) {
  const std::span<float> logits = own_logits();
  for (size_t begin = 0; begin < logits.size(); begin += mask_bits) {
    const std::span<float> part = logits.subspan(begin, std::min(mask_bits, logits.size() - begin));
    const size_t word = begin / mask_bits;
    uint64_t barred = word < mask.size() ? ~mask[word] : ~uint64_t{0};
    if (~barred == 0) {
      std::ranges::fill(part, never);
      continue;
    }
    if (part.size() < mask_bits) barred &= (uint64_t{1} << part.size()) - 1;
    for (; barred != 0; barred &= barred - 1) part[static_cast<size_t>(std::countr_zero(barred))] = never;
  }
}

void Candidates::allow_only(std::span<const TokenId> tokens) {
  const std::span<float> logits = own_logits();
  size_t begin = 0;
  for (const TokenId token : tokens) {
    if (!valid(token, logits.size())) continue;
    const auto index = static_cast<size_t>(token);
    if (index > begin) std::ranges::fill(logits.subspan(begin, index - begin), never);
    begin = index + 1;
  }
  std::ranges::fill(logits.subspan(std::min(begin, logits.size())), never);
}

void Candidates::penalize(std::vector<LogitPenalty>& penalties) {
  if (penalties.empty()) return;
  if (temperature_ != 1.0) {  // they are of the logits as the temperature has left them
    const auto cooled = [&](float logit) { return bounded(logit, static_cast<double>(logit) / temperature_); };
    if (whole()) std::ranges::transform(own_logits(), own_.begin(), cooled);
    if (!whole()) std::ranges::for_each(list_, [&](Candidate& one) { one.logit = cooled(one.logit); });
    temperature_ = 1.0;
  }
  if (whole()) {
    const std::span<float> logits = own_logits();
    for (const LogitPenalty& penalty : penalties) {
      if (!valid(penalty.token, logits.size())) continue;
      float& logit = logits[static_cast<size_t>(penalty.token)];
      logit = penalized(logit, penalty);
    }
    return;
  }
  std::ranges::stable_sort(penalties, {}, &LogitPenalty::token);
  for (Candidate& candidate : list_) {
    for (const LogitPenalty& penalty : std::ranges::equal_range(penalties, candidate.token, {}, &LogitPenalty::token)) {
      candidate.logit = penalized(candidate.logit, penalty);
    }
  }
  if (ordered_) std::ranges::sort(list_, better);
}

// All tokens with a logit of at least `floor`, ascending.
void Candidates::gather(float floor) {
  list_.clear();
  row().at_least(floor, [this](TokenId token, float logit) { list_.push_back({.token = token, .logit = logit}); });
  whole_ = false;
  ordered_ = false;
}

// The `count` best tokens, best first.
void Candidates::gather_best(size_t count) {
  gather(std::max(lowest_logit, row().reached_by(count)));
  count = std::min(count, list_.size());
  const auto middle = list_.begin() + static_cast<std::ptrdiff_t>(count);
  if (count < list_.size()) std::nth_element(list_.begin(), middle, list_.end(), better);
  list_.erase(middle, list_.end());
  order();
}

void Candidates::order() {
  if (whole()) return gather_best(everything);
  if (!ordered_) std::ranges::sort(list_, better);
  ordered_ = true;
}

// The best weighs 1.
void Candidates::weigh() {
  const double top = std::ranges::min_element(list_, better)->logit;
  for (Candidate& candidate : list_) {
    candidate.weight = fixed_exp((static_cast<double>(candidate.logit) - top) / temperature_);
  }
}

double Candidates::total_weight() const {
  double total = 0.0;
  for (const Candidate& candidate : list_) total += candidate.weight;
  return total;
}

// How many of the candidates, from the first on, it takes to weigh at least `sum` together, but at least `keep`.
size_t Candidates::count_until(double sum, size_t keep) const {
  size_t count = 0;
  for (double reached = 0.0; count < list_.size() && reached < sum; ++count) reached += list_[count].weight;
  return std::min(std::max({count, keep, size_t{1}}), list_.size());
}

void Candidates::keep_best(size_t count) {
  if (whole()) {
    gather_best(count);
  } else if (count < list_.size()) {
    order();
    list_.resize(count);
  } else {
    order();
  }
}

void Candidates::keep_top_share(double share, size_t keep) {
  if (whole() && gather_top_share(share, keep)) return;
  order();
  weigh();
  list_.resize(count_until(share * total_weight(), keep));
}

// The same among all tokens, without looking at those that cannot be among them. False when the sum of all weights,
// rounded otherwise, could move the cut; or when too few tokens can be left out.
bool Candidates::gather_top_share(double share, size_t keep) {
  const double total = row().weigh(temperature_);
  const double sum_min = share * total * (1.0 - LogitRow::sum_tolerance);
  const double sum_max = share * total * (1.0 + LogitRow::sum_tolerance);
  for (const double distance : {4.0, 8.0, 12.0, 16.0}) {
    gather(std::max(lowest_logit, static_cast<float>(row_.best() - distance * temperature_)));
    weigh();
    if (total_weight() < sum_max || list_.size() < keep) continue;
    order();
    const size_t count = count_until(sum_max, keep);
    if (count == list_.size()) continue;  // these may not reach it, added up in this order
    if (count != count_until(sum_min, keep)) break;
    list_.resize(count);
    return true;
  }
  whole_ = true;
  return false;
}

void Candidates::keep_typical(double share, size_t keep) {
  order();
  weigh();
  const double total = total_weight();
  double entropy = 0.0;
  for (const Candidate& candidate : list_) {
    const double probability = candidate.weight / total;
    if (probability > 0.0) entropy -= probability * fixed_log(probability);
  }
  for (Candidate& candidate : list_) {
    candidate.distance = candidate.weight > 0.0 ? std::abs(-fixed_log(candidate.weight / total) - entropy)
                                                : std::numeric_limits<double>::infinity();
  }
  std::ranges::sort(list_, [](const Candidate& a, const Candidate& b) {
    return a.distance < b.distance || (a.distance == b.distance && a.token < b.token);
  });
  list_.resize(count_until(share * total, keep));
  std::ranges::sort(list_, better);
}

void Candidates::keep_likely(float share, size_t keep) {
  const bool was_whole = whole();
  if (was_whole) gather(floor_of_weight(row().best(), share, temperature_));
  weigh();
  const auto unlikely = [&](const Candidate& candidate) { return candidate.weight < share; };
  const size_t likely = list_.size() - static_cast<size_t>(std::ranges::count_if(list_, unlikely));
  if (likely >= keep) {
    std::erase_if(list_, unlikely);
  } else {
    whole_ = was_whole;  // some that are not even gathered may be among the best `keep`
    keep_best(keep);
  }
}

void Candidates::keep_within_deviations(double count) {
  double top = 0.0;
  double deviation = 0.0;
  if (whole()) {
    top = row().best();
    deviation = standard_deviation(logits_.size(), [&](size_t index) { return logits_[index]; });
    const auto floor = static_cast<float>(top - count * deviation);
    gather(std::max(lowest_logit, std::nextafter(floor, never)));
  } else {
    top = std::ranges::min_element(list_, better)->logit;
    deviation = standard_deviation(list_.size(), [&](size_t index) { return list_[index].logit; });
  }
  const double floor = top - count * deviation;
  std::erase_if(list_, [&](const Candidate& candidate) { return static_cast<double>(candidate.logit) < floor; });
}

// Among all tokens, those that hold at least `share` of the probability, best first; there may be none. False when the
// sum of all weights, rounded otherwise, could let one more or one less be among them.
bool Candidates::gather_holding(double share) {
  const double total = row().weigh(temperature_);
  gather(floor_of_weight(row_.best(), share * total, temperature_));
  weigh();
  const double margin = share * 2 * LogitRow::sum_tolerance;
  for (const Candidate& candidate : list_) {
    if (std::abs(candidate.weight / total - share) > margin) continue;
    whole_ = true;
    return false;
  }
  std::erase_if(list_, [&](const Candidate& candidate) { return candidate.weight / total < share; });
  order();
  return true;
}

// How many of them hold at least `share` of the probability; they are the first then.
size_t Candidates::count_holding(double share) {
  order();
  weigh();
  const double total = total_weight();
  const auto holds = [&](const Candidate& candidate) { return candidate.weight / total >= share; };
  return static_cast<size_t>(std::ranges::find_if_not(list_, holds) - list_.begin());
}

void Candidates::drop_top_choices(double threshold, size_t keep) {
  if (whole() && keep <= 1 && gather_holding(threshold)) {
    whole_ = true;
    const std::span<const Candidate> holding = list_;
    for (size_t index = 0; index + 1 < holding.size(); ++index) forbid(std::span(&holding[index].token, 1));
    return;
  }
  const bool was_whole = whole();
  const bool was_ordered = ordered_ && !was_whole;
  const size_t holding = count_holding(threshold);
  const bool drops = holding >= 2 && list_.size() - (holding - 1) >= keep;
  if (drops) list_.erase(list_.begin(), list_.begin() + static_cast<std::ptrdiff_t>(holding - 1));
  if (was_ordered) return;
  std::ranges::sort(list_, {}, &Candidate::token);
  ordered_ = false;
  whole_ = was_whole && !drops;
}

void Candidates::keep_unsurprising(double bits) {
  const double share = fixed_exp(-bits / fixed_math::log2_e);
  if (whole() && gather_holding(share)) {
    if (list_.empty()) gather_best(1);
    return;
  }
  list_.resize(std::max<size_t>(count_holding(share), 1));
}

void Candidates::set_temperature(double temperature) {
  if (temperature > 0.0) {
    temperature_ = temperature;
  } else {
    keep_best(1);
  }
}

// The entropy of weights w = exp(x) is log(sum of w) - (sum of w x) / (sum of w).
double Candidates::normalized_entropy() {
  double total = 0.0;
  double moment = 0.0;
  size_t count = 0;
  const double top = whole() ? row().best() : std::ranges::min_element(list_, better)->logit;
  const auto take = [&](double logit) {
    const double weight = fixed_exp(logit - top);
    total += weight;
    moment += weight * (logit - top);
    ++count;
  };
  if (whole()) row_.at_least(lowest_logit, [&](TokenId, float logit) { take(logit); });
  if (!whole()) std::ranges::for_each(list_, [&](const Candidate& candidate) { take(candidate.logit); });
  if (count < 2) return 0.0;
  return std::clamp((fixed_log(total) - moment / total) / fixed_log(static_cast<double>(count)), 0.0, 1.0);
}

TokenId Candidates::best() { return whole() ? row().first_best() : std::ranges::min_element(list_, better)->token; }

std::span<const double> Candidates::best_logits(size_t count) {
  const bool was_whole = whole();
  if (was_whole) gather_best(count);
  order();
  scaled_.clear();
  for (const Candidate& candidate : std::span(list_).first(std::min(count, list_.size()))) {
    scaled_.push_back(static_cast<double>(candidate.logit) / temperature_);
  }
  whole_ = was_whole;
  return scaled_;
}

TokenId Candidates::draw(double share) {
  if (whole()) {
    row().weigh(temperature_);
    if (const auto token = row_.token_at(share, temperature_)) return *token;
    gather(lowest_logit);
  }
  weigh();
  const double target = share * total_weight();
  double sum = 0.0;
  for (const Candidate& candidate : list_) {
    sum += candidate.weight;
    if (sum > target) return candidate.token;
  }
  return list_.back().token;  // target rounded up to the total
}

std::span<const Candidate> Candidates::weighed() {
  if (whole()) gather(lowest_logit);
  weigh();
  return list_;
}

}  // namespace quire
