// What a request wants of its prompt's rows besides an answer: how likely its tokens are, or its vector.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/event.h"
#include "core/request.h"
#include "engine/executor.h"
#include "engine/sampler.h"

namespace quire {

// Of one request; engine thread only. Each row is read once, in the order of positions, whatever the slices: rows that
// are computed again after their blocks were taken are passed over.
class PromptReading {
 public:
  // Null where nothing is wanted.
  static std::unique_ptr<PromptReading> of(const Request& request);

  // Of every row, or of the first, so that none may come from the cache before it was read.
  bool reads_all() const { return top_n_ >= 0 || pooling_ == Pooling::mean || pooling_ == Pooling::first; }

  // After the executor has computed this slice of the request's, whose prompt is `prompt`. `samplers`: one for each of
  // the executor's workers. Takes the place of the logits that finish has returned.
  // REQUIRES: no row that reads_all() asks for was left out before.
  void read(const BatchSlice& slice, std::span<const TokenId> prompt, Executor& executor, std::span<Sampler> samplers);

  // What has been read since the last call, without texts.
  std::vector<PositionLogprobs> take_logprobs() { return std::exchange(logprobs_, {}); }
  // What the model's head makes of the pooled rows; empty without pooling. REQUIRES: the whole prompt was read.
  const std::vector<float>& embedding() const;
  // Why there is nothing to say of the prompt: the device was lost, or the model has given something that is no number.
  // Empty: there is.
  const std::string& failure() const { return failure_; }

 private:
  explicit PromptReading(const Request& request)
      : top_n_(request.prompt_logprobs_top_n),
        pooling_(request.pooling),
        prompt_length_(static_cast<int32_t>(request.prompt.size())) {}
  void score(const BatchSlice& slice, std::span<const TokenId> prompt, int32_t begin, int32_t end, Executor& executor,
             std::span<Sampler> samplers);
  void pool(const BatchSlice& slice, int32_t begin, int32_t end, Executor& executor);
  void use_head(Executor& executor);
  void expect_numbers(bool numbers);

  // const after construction
  const int32_t top_n_;
  const Pooling pooling_;
  const int32_t prompt_length_;

  int32_t next_ = 0;           // the first position that was not read
  std::vector<int32_t> rows_;  // scratch
  std::vector<PositionLogprobs> logprobs_;
  std::vector<double> sum_;  // (width), of the rows that are pooled
  std::vector<float> vector_;
  std::string failure_;
};

}  // namespace quire
