#include "backend/cpu/expert_choice.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

namespace quire {
namespace {

// The sum that weights are divided by is at least this, the smallest normal f16.
constexpr float weight_sum_min = 0x1p-14F;

// No score, and below all.
constexpr float rejected = -std::numeric_limits<float>::infinity();

float score_of(const RowOfExperts& row, size_t expert) {
  return row.correction.empty() ? row.logits[expert] : row.logits[expert] + row.correction[expert];
}

// The sum of the best scores of the experts [begin, end), one or two.
float group_score(const RowOfExperts& row, size_t begin, size_t end, int64_t best_count) {
  float best = rejected, second = rejected;
  for (size_t expert = begin; expert < end; ++expert) {
    const float score = score_of(row, expert);
    if (score > best)
      second = std::exchange(best, score);
    else if (score > second)
      second = score;
  }
  return best_count > 1 && end - begin > 1 ? best + second : best;
}

// Experts of all but the best groups lose their scores: the worst group, of equal ones the last, then the worst of
// those that are left.
void reject_groups(const ExpertRule& rule, const RowOfExperts& row) {
  const auto groups = static_cast<size_t>(rule.groups);
  const size_t size = row.logits.size() / groups;
  for (int64_t left = rule.groups; left > rule.groups_used; --left) {
    std::optional<size_t> worst;
    float worst_score = 0.0F;
    for (size_t group = 0; group < groups; ++group) {
      if (row.logits[group * size] == rejected) continue;
      const float score = group_score(row, group * size, (group + 1) * size, rule.group_best);
      if (worst && score > worst_score) continue;
      worst = group;
      worst_score = score;
    }
    if (!worst) return;
    std::ranges::fill(row.logits.subspan(*worst * size, size), rejected);
  }
}

void find_highest(const RowOfExperts& row) {
  const auto score = [&](int32_t expert) { return score_of(row, static_cast<size_t>(expert)); };
  size_t found = 0;  // in descending order of scores
  for (int32_t expert = 0; expert < std::ssize(row.logits); ++expert) {
    const float own = score(expert);
    if (found == row.experts.size() && !(own > score(row.experts[found - 1]))) continue;
    size_t at = found < row.experts.size() ? found++ : found - 1;
    for (; at > 0 && own > score(row.experts[at - 1]); --at) row.experts[at] = row.experts[at - 1];
    row.experts[at] = expert;
  }
  std::ranges::sort(row.experts);
}

}  // namespace

void choose_experts_of_row(const KernelTable& kernels, const ExpertRule& rule, const RowOfExperts& row) {
  const std::span<float> scores = row.logits;
  if (rule.gating == ExpertGating::softmax) kernels.softmax(scores.data(), std::ssize(scores));
  if (rule.gating == ExpertGating::sigmoid) kernels.sigmoid(scores.data(), std::ssize(scores));
  if (rule.groups > 1) reject_groups(rule, row);
  find_highest(row);
  for (size_t i = 0; i < row.experts.size(); ++i) row.weights[i] = scores[static_cast<size_t>(row.experts[i])];
  if (rule.gating == ExpertGating::softmax_of_chosen) kernels.softmax(row.weights.data(), std::ssize(row.weights));
  if (rule.normalized) {
    float sum = 0.0F;
    for (const float weight : row.weights) sum += weight;
    for (float& weight : row.weights) weight /= std::max(sum, weight_sum_min);
  }
  for (float& weight : row.weights) weight *= rule.scale;
  if (row.scales.empty()) return;
  for (size_t i = 0; i < row.experts.size(); ++i) row.weights[i] *= row.scales[static_cast<size_t>(row.experts[i])];
}

}  // namespace quire
