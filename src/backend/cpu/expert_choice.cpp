#include "backend/cpu/expert_choice.h"

#include <algorithm>

namespace quire {
namespace {

// The sum that weights are divided by is at least this, the smallest normal f16.
constexpr float weight_sum_min = 0x1p-14F;

void find_highest(const RowOfExperts& row) {
  const auto score = [&](int32_t expert) {
    const auto index = static_cast<size_t>(expert);
    return row.correction.empty() ? row.logits[index] : row.logits[index] + row.correction[index];
  };
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
