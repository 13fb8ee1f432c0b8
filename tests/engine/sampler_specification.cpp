#include "engine/sampler_specification.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/fixed_math.h"
#include "engine/mirostat.h"
#include "engine/random.h"

namespace quire::test {
namespace {

struct List {
  std::vector<Candidate> all;
  double temperature = 1.0;
  bool sorted = false;

  void sort() {
    std::ranges::sort(all, better);
    sorted = true;
  }
  void weigh() {
    const double top = std::ranges::min_element(all, better)->logit;
    for (Candidate& one : all) one.weight = fixed_exp((double{one.logit} - top) / temperature);
  }
  double total() const {
    double sum = 0.0;
    for (const Candidate& one : all) sum += one.weight;
    return sum;
  }
  void keep_until(double target, size_t keep) {
    double sum = 0.0;
    size_t kept = 0;
    while (kept < all.size() && sum < target) sum += all[kept++].weight;
    all.resize(std::min(all.size(), std::max({kept, keep, size_t{1}})));
  }
};

// What any chain begins with.
std::vector<float> restricted(std::vector<float> logits, const SamplingParams& params, const SamplingPlace& place) {
  const auto valid = [&](TokenId token) { return token >= 0 && static_cast<size_t>(token) < logits.size(); };
  const auto forbid = [&](TokenId token) {
    if (valid(token)) logits[static_cast<size_t>(token)] = -infinity;
  };
  for (const auto& [token, bias] : params.logit_bias) {
    if (valid(token)) logits[static_cast<size_t>(token)] += bias;
  }
  for (TokenId token = 0; valid(token); ++token) {
    const auto index = static_cast<size_t>(token);
    const uint64_t word = index / 64 < place.mask.size() ? place.mask[index / 64] : 0;
    if (!place.mask.empty() && (word >> (index % 64) & 1) == 0) forbid(token);
    const auto& allowed = params.allowed_tokens;
    if (!allowed.empty() && std::ranges::find(allowed, token) == allowed.end()) forbid(token);
  }
  for (const TokenId token : place.forbidden) forbid(token);
  for (const auto& word : params.bad_words) {
    std::vector<TokenId> said(place.history.begin() + static_cast<std::ptrdiff_t>(place.prompt_tokens),
                              place.history.end());
    said.push_back(word.back());
    if (said.size() >= word.size() && std::equal(word.rbegin(), word.rend(), said.rbegin())) forbid(word.back());
  }
  return logits;
}

std::vector<LogitPenalty> repeat_penalties(std::span<const TokenId> history, const SamplingParams& params) {
  std::vector<LogitPenalty> penalties;
  for (const TokenId token : history) penalties.push_back({.token = token, .divisor = params.repetition_penalty});
  const auto by_token = [](const LogitPenalty& a, const LogitPenalty& b) { return a.token == b.token; };
  std::ranges::sort(penalties, {}, &LogitPenalty::token);
  penalties.erase(std::unique(penalties.begin(), penalties.end(), by_token), penalties.end());
  if (params.repeat_last_n >= 0) {
    history = history.last(std::min(history.size(), static_cast<size_t>(params.repeat_last_n)));
  }
  std::map<TokenId, int> counts;
  for (const TokenId token : history) ++counts[token];
  for (const auto& [token, count] : counts) {
    penalties.push_back({.token = token,
                         .divisor = params.repeat_penalty,
                         .minus = static_cast<float>(count) * params.frequency_penalty + params.presence_penalty});
  }
  return penalties;
}

void penalize(List& list, const std::vector<LogitPenalty>& penalties) {
  if (penalties.empty()) return;
  for (Candidate& one : list.all) {
    constexpr float max = std::numeric_limits<float>::max();
    if (list.temperature != 1.0) {
      one.logit = static_cast<float>(std::clamp(double{one.logit} / list.temperature, double{-max}, double{max}));
    }
    for (const auto& [token, divisor, minus] : penalties) {
      if (token != one.token) continue;
      one.logit = (one.logit > 0.0F ? one.logit / divisor : one.logit * divisor) - minus;
      one.logit = std::clamp(one.logit, -max, max);
    }
  }
  list.temperature = 1.0;
  if (list.sorted) list.sort();
}

void keep_typical(List& list, double share, size_t keep) {
  list.sort();
  list.weigh();
  const double sum = list.total();
  double entropy = 0.0;
  for (const Candidate& one : list.all) {
    const double probability = one.weight / sum;
    if (probability > 0.0) entropy -= probability * fixed_log(probability);
  }
  const auto distance = [&](const Candidate& one) {
    if (one.weight <= 0.0) return std::numeric_limits<double>::infinity();
    return std::abs(-fixed_log(one.weight / sum) - entropy);
  };
  std::ranges::sort(list.all, [&](const Candidate& a, const Candidate& b) {
    return distance(a) < distance(b) || (distance(a) == distance(b) && a.token < b.token);
  });
  list.keep_until(share * sum, keep);
  list.sort();
}

void keep_within_deviations(List& list, double count) {
  double sum = 0.0;
  double squares = 0.0;
  for (const Candidate& one : list.all) sum += one.logit;
  const double mean = sum / static_cast<double>(list.all.size());
  for (const Candidate& one : list.all) squares += (one.logit - mean) * (one.logit - mean);
  const double top = std::ranges::min_element(list.all, better)->logit;
  const double floor = top - count * std::sqrt(squares / static_cast<double>(list.all.size()));
  std::erase_if(list.all, [&](const Candidate& one) { return one.logit < floor; });
}

void keep_likely(List& list, float share, size_t keep) {
  list.weigh();
  const auto likely = [&](const Candidate& one) { return one.weight >= share; };
  if (static_cast<size_t>(std::ranges::count_if(list.all, likely)) >= keep) {
    std::erase_if(list.all, [&](const Candidate& one) { return !likely(one); });
  } else {
    list.sort();
    list.all.resize(std::min(list.all.size(), keep));
  }
}

void drop_top_choices(List& list, double threshold, size_t keep) {
  List sorted = list;
  sorted.sort();
  sorted.weigh();
  const double sum = sorted.total();
  std::vector<TokenId> top;
  for (const Candidate& one : sorted.all) {
    if (one.weight / sum >= threshold) top.push_back(one.token);
  }
  if (top.size() < 2 || list.all.size() - (top.size() - 1) < keep) return;
  top.pop_back();
  std::erase_if(list.all, [&](const Candidate& one) { return std::ranges::find(top, one.token) != top.end(); });
}

void set_temperature(List& list, const SamplingParams& params) {
  list.temperature = params.temperature;
  if (params.dynatemp_range > 0.0F) {
    const double top = std::ranges::min_element(list.all, better)->logit;
    double sum = 0.0;
    double moment = 0.0;
    for (const Candidate& one : list.all) {
      sum += fixed_exp(one.logit - top);
      moment += fixed_exp(one.logit - top) * (one.logit - top);
    }
    const double most = fixed_log(static_cast<double>(list.all.size()));
    const double entropy = list.all.size() < 2 ? 0.0 : std::clamp((fixed_log(sum) - moment / sum) / most, 0.0, 1.0);
    const double low = std::max(0.0F, params.temperature - params.dynatemp_range);
    const double high = params.temperature + params.dynatemp_range;
    const double share = entropy > 0.0 ? fixed_exp(params.dynatemp_exponent * fixed_log(entropy)) : 0.0;
    list.temperature = low + (high - low) * share;
  }
  if (list.temperature > 0.0) return;
  list.temperature = 1.0;
  list.sort();
  list.all.resize(1);
}

void cut_by_mirostat(List& list, const MirostatParams& params, double mu, size_t vocab) {
  list.sort();
  if (params.version == 2) {
    list.weigh();
    const double least = fixed_exp(-mu / fixed_math::log2_e);
    const double sum = list.total();
    size_t kept = 0;
    while (kept < list.all.size() && list.all[kept].weight / sum >= least) ++kept;
    list.all.resize(std::max<size_t>(kept, 1));
    return;
  }
  double ratios = 0.0;
  double squares = 0.0;
  for (size_t i = 0; i + 1 < std::min<size_t>(list.all.size(), 100); ++i) {
    const double step = fixed_log(static_cast<double>(i + 2) / static_cast<double>(i + 1));
    ratios += step * (list.all[i].logit / list.temperature - list.all[i + 1].logit / list.temperature);
    squares += step * step;
  }
  const double exponent = squares > 0.0 ? ratios / squares : 0.0;
  const double excess = exponent - 1.0;
  const double power = fixed_exp(-excess * fixed_log(static_cast<double>(vocab)));
  const double norm = std::abs(excess) < 1e-9 ? 1.0 / fixed_log(static_cast<double>(vocab)) : excess / (1.0 - power);
  const double count = fixed_exp((fixed_log(norm) + mu / fixed_math::log2_e) / exponent);
  if (!(count >= 1.0)) list.all.resize(1);
  if (count >= 1.0 && count < static_cast<double>(list.all.size())) list.all.resize(static_cast<size_t>(count));
}

void run(SamplingStep step, List& list, const SamplingParams& params, const SamplingPlace& place) {
  const auto keep = static_cast<size_t>(params.min_keep);
  const bool windowed =
      params.repeat_penalty != 1.0F || params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F;
  const bool penalizes = params.repetition_penalty != 1.0F || (windowed && params.repeat_last_n != 0);
  if (step == SamplingStep::penalties && penalizes) penalize(list, repeat_penalties(place.history, params));
  if (step == SamplingStep::dry && params.dry.multiplier != 0.0F)
    penalize(list, specified_dry(place.history, params.dry));
  if (step == SamplingStep::temperature && params.mirostat.version != 0) set_temperature(list, params);
  if (params.mirostat.version != 0) return;
  if (step == SamplingStep::top_n_sigma && params.top_n_sigma > 0.0F) keep_within_deviations(list, params.top_n_sigma);
  if (step == SamplingStep::top_k && params.top_k > 0) {
    list.sort();
    list.all.resize(std::min(list.all.size(), static_cast<size_t>(params.top_k)));
  }
  if (step == SamplingStep::typical_p && params.typical_p < 1.0F) keep_typical(list, params.typical_p, keep);
  if (step == SamplingStep::top_p && params.top_p < 1.0F) {
    list.sort();
    list.weigh();
    list.keep_until(double{params.top_p} * list.total(), keep);
  }
  if (step == SamplingStep::min_p && params.min_p > 0.0F) keep_likely(list, params.min_p, keep);
  if (step == SamplingStep::xtc && params.xtc.probability > 0.0F) {
    const double chance = keyed_uniform(params.seed, params.choice, place.history.size(), DrawPurpose::xtc);
    if (chance < params.xtc.probability) drop_top_choices(list, params.xtc.threshold, keep);
  }
  if (step == SamplingStep::temperature) set_temperature(list, params);
}

}  // namespace

std::vector<LogitPenalty> specified_dry(std::span<const TokenId> history, const DryParams& dry) {
  if (dry.penalty_last_n >= 0)
    history = history.last(std::min(history.size(), static_cast<size_t>(dry.penalty_last_n)));
  const auto size = std::ssize(history);
  const auto at = [&](int64_t index) { return history[static_cast<size_t>(index)]; };
  int64_t longest_allowed = size;
  for (int64_t begin = size - 1; begin >= 0 && longest_allowed == size; --begin) {
    for (const DryBreaker& breaker : dry.breakers) {
      if (breaker.first != at(begin) || begin + std::ssize(breaker.rest) >= size) continue;
      if (!std::equal(breaker.rest.begin(), breaker.rest.end(), history.begin() + begin + 1)) continue;
      longest_allowed = std::min(longest_allowed, size - 1 - begin - std::ssize(breaker.rest));
    }
  }
  std::map<TokenId, int64_t> longest;
  for (int64_t next = 1; next < size; ++next) {
    int64_t length = 0;
    while (length < next && at(next - 1 - length) == at(size - 1 - length)) ++length;
    length = std::min(length, longest_allowed);
    if (length >= dry.allowed_length) longest[at(next)] = std::max(longest[at(next)], length);
  }
  std::vector<LogitPenalty> penalties;
  if (size <= dry.allowed_length || longest_allowed < dry.allowed_length) return penalties;
  for (const auto& [token, length] : longest) {
    const auto alone = [&](const DryBreaker& breaker) { return breaker.first == token && breaker.rest.empty(); };
    if (std::ranges::any_of(dry.breakers, alone)) continue;
    double power = 1.0;
    if (dry.base > 1.0F) {
      const double log_base = fixed_log(dry.base);
      power = fixed_exp(
          std::min<double>(static_cast<double>(length - dry.allowed_length), std::floor(88.7228391 / log_base)) *
          log_base);
    }
    penalties.push_back(
        {.token = token,
         .minus = static_cast<float>(std::min(dry.multiplier * power, double{std::numeric_limits<float>::max()}))});
  }
  return penalties;
}

std::optional<SamplingChoice> specified_choice(const std::vector<float>& given, const SamplingParams& params,
                                               const SamplingPlace& place) {
  const std::vector<float> logits = restricted(given, params, place);
  List list;
  for (size_t token = 0; token < logits.size(); ++token) {
    if (!(logits[token] < infinity)) return std::nullopt;
    if (logits[token] != -infinity) list.all.push_back({static_cast<TokenId>(token), logits[token]});
  }
  if (list.all.empty()) return std::nullopt;
  const bool greedy =
      params.temperature <= 0.0F && params.dynatemp_range <= 0.0F && params.order.has(SamplingStep::temperature);
  for (const SamplingStep step : params.order.steps()) {
    const bool changes = step == SamplingStep::penalties || step == SamplingStep::dry;
    if (changes || !greedy) run(step, list, params, place);
  }
  if (greedy) return SamplingChoice{std::ranges::min_element(list.all, better)->token, place.mirostat_mu};
  const double mu = place.mirostat_mu.value_or(2.0 * params.mirostat.tau);
  if (params.mirostat.version != 0) cut_by_mirostat(list, params.mirostat, mu, given.size());
  list.weigh();
  const double target = keyed_uniform(params.seed, params.choice, place.history.size()) * list.total();
  double sum = 0.0;
  const Candidate* chosen = &list.all.back();
  for (const Candidate& one : list.all) {
    sum += one.weight;
    if (sum <= target) continue;
    chosen = &one;
    break;
  }
  if (params.mirostat.version == 0) return SamplingChoice{chosen->token, {}};
  const double surprise = -fixed_log(chosen->weight / list.total()) * fixed_math::log2_e;
  return SamplingChoice{chosen->token, mu - params.mirostat.eta * (surprise - params.mirostat.tau)};
}

}  // namespace quire::test
