#include "engine/prompt_reading.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace quire {

std::unique_ptr<PromptReading> PromptReading::of(const Request& request) {
  if (request.prompt_logprobs_top_n < 0 && request.pooling == Pooling::none) return nullptr;
  return std::unique_ptr<PromptReading>(new PromptReading(request));
}

void PromptReading::read(const BatchSlice& slice, std::span<const TokenId> prompt, Executor& executor,
                         std::span<Sampler> samplers) {
  const int32_t slice_end = slice.position_begin + (slice.row_end - slice.row_begin);
  const int32_t begin = std::max(next_, slice.position_begin);
  const int32_t end = std::min(slice_end, prompt_length_);
  if (begin >= end) return;
  QUIRE_CHECK(begin == next_ || !reads_all(), "no row is left out");
  if (top_n_ >= 0) score(slice, prompt, begin, std::min(end, prompt_length_ - 1), executor, samplers);
  if (pooling_ == Pooling::mean) pool(slice, begin, end, executor);
  if (pooling_ == Pooling::first && begin == 0) pool(slice, 0, 1, executor);
  if (pooling_ == Pooling::last && end == prompt_length_) pool(slice, end - 1, end, executor);
  if (pooling_ != Pooling::none && end == prompt_length_) use_head(executor);
  next_ = end;
}

// The row of a position says how likely the token after it was.
void PromptReading::score(const BatchSlice& slice, std::span<const TokenId> prompt, int32_t begin, int32_t end,
                          Executor& executor, std::span<Sampler> samplers) {
  while (begin < end) {
    const int32_t count = std::min(end - begin, executor.logits_rows_max());
    rows_.resize(static_cast<size_t>(count));
    std::iota(rows_.begin(), rows_.end(), slice.row_begin + begin - slice.position_begin);
    const Result<Logits> logits = executor.logits(rows_);
    if (!logits) {
      failure_ = logits.error().message;
      return;
    }
    const size_t known = logprobs_.size();
    logprobs_.resize(known + rows_.size());
    executor.parallel_for(count, [&](int64_t index, int worker) {
      const TokenId next = prompt[static_cast<size_t>(begin + index) + 1];
      logprobs_[known + static_cast<size_t>(index)] =
          samplers[static_cast<size_t>(worker)].logprobs(logits->row(static_cast<int32_t>(index)), next, top_n_);
    });
    begin += count;
  }
  expect_numbers(std::ranges::none_of(
      logprobs_, [](const PositionLogprobs& position) { return std::isnan(position.chosen.logprob); }));
}

// One row after the other: the sum's bits do not depend on slices.
void PromptReading::pool(const BatchSlice& slice, int32_t begin, int32_t end, Executor& executor) {
  rows_.resize(static_cast<size_t>(end - begin));
  std::iota(rows_.begin(), rows_.end(), slice.row_begin + begin - slice.position_begin);
  const Result<HiddenStates> states = executor.states(rows_);
  if (!states) {
    failure_ = states.error().message;
    return;
  }
  sum_.resize(static_cast<size_t>(states->width), 0.0);
  for (int32_t index = 0; index < end - begin; ++index) {
    const std::span<const float> state = states->row(index);
    for (size_t at = 0; at < sum_.size(); ++at) sum_[at] += static_cast<double>(state[at]);
  }
  expect_numbers(std::ranges::all_of(sum_, [](double value) { return std::isfinite(value); }));
}

void PromptReading::use_head(Executor& executor) {
  if (!failure_.empty()) return;
  const double count = pooling_ == Pooling::mean ? static_cast<double>(prompt_length_) : 1.0;
  std::vector<float> pooled(sum_.size());
  std::ranges::transform(sum_, pooled.begin(), [&](double value) { return static_cast<float>(value / count); });
  const Result<std::span<const float>> vector = executor.head(pooled);
  if (!vector) {
    failure_ = vector.error().message;
    return;
  }
  vector_.assign(vector->begin(), vector->end());
  expect_numbers(std::ranges::all_of(vector_, [](float value) { return std::isfinite(value); }));
}

void PromptReading::expect_numbers(bool numbers) {
  if (!numbers && failure_.empty()) failure_ = "what the model says of the prompt is not numbers";
}

const std::vector<float>& PromptReading::embedding() const {
  QUIRE_CHECK(next_ == prompt_length_, "the whole prompt was read");
  return vector_;
}

}  // namespace quire
