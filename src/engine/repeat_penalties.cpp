#include "engine/repeat_penalties.h"

#include <algorithm>
#include <utility>

namespace quire {

// visit(token, how often it is in the history), once for each token in the order of their first places.
template <typename Visit>
void RepeatPenalties::each_seen(std::span<const TokenId> history, Visit visit) {
  for (const TokenId token : history) {
    if (token < 0) continue;
    const auto index = static_cast<size_t>(token);
    if (index >= counts_.size()) counts_.resize(index + 1, 0);
    ++counts_[index];
  }
  for (const TokenId token : history) {
    if (token < 0) continue;
    const int32_t count = std::exchange(counts_[static_cast<size_t>(token)], 0);
    if (count > 0) visit(token, count);
  }
}

void RepeatPenalties::penalize(std::span<const TokenId> history, const SamplingParams& params,
                               std::vector<LogitPenalty>& penalties) {
  if (params.repetition_penalty != 1.0F) {
    each_seen(history, [&](TokenId token, int32_t) {
      penalties.push_back({.token = token, .divisor = params.repetition_penalty});
    });
  }
  const bool looks_back =
      params.repeat_last_n != 0 &&
      (params.repeat_penalty != 1.0F || params.presence_penalty != 0.0F || params.frequency_penalty != 0.0F);
  if (!looks_back) return;
  if (params.repeat_last_n > 0) {
    history = history.last(std::min(history.size(), static_cast<size_t>(params.repeat_last_n)));
  }
  each_seen(history, [&](TokenId token, int32_t count) {
    const float minus = static_cast<float>(count) * params.frequency_penalty + params.presence_penalty;
    penalties.push_back({.token = token, .divisor = params.repeat_penalty, .minus = minus});
  });
}

}  // namespace quire
