// All activations of a step, sized once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/limits.h"
#include "model/config.h"

namespace quire {

// Room for a step of row_count_max rows of which logits_count_max are sampled. Owned by one executor; one thread,
// besides the backend's workers within a step. What was never used costs no memory; nothing is allocated in a step.
class Workspace {
 public:
  // limits: step_tokens_max rows, of which at most running_max (one a sequence) and draft_rows_max are sampled.
  static Result<Workspace> create(const ModelConfig& config, const Limits& limits);
  // What all of it would take. REQUIRES: limits that create accepts.
  static uint64_t size_bytes(const ModelConfig& config, const Limits& limits);

  uint64_t size_bytes() const { return memory_.size_bytes(); }
  int64_t row_count_max() const { return row_count_max_; }
  int64_t logits_count_max() const { return logits_count_max_; }

  // The first `rows` rows (or `count` sampled ones) of a buffer.
  Rows x(int64_t rows) const { return {x_, rows, width_}; }
  Rows h(int64_t rows) const { return {h_, rows, width_}; }
  Rows q(int64_t rows) const { return {q_, rows, q_width_}; }
  Rows k(int64_t rows) const { return {k_, rows, kv_width_}; }
  Rows v(int64_t rows) const { return {v_, rows, kv_width_}; }
  Rows attended(int64_t rows) const { return {attended_, rows, q_width_}; }
  Rows gate(int64_t rows) const { return {gate_, rows, ffn_width_}; }
  Rows up(int64_t rows) const { return {up_, rows, ffn_width_}; }
  Rows logits(int64_t count) const { return {logits_, count, vocab_}; }
  float* cosines() const { return cosines_; }
  float* sines() const { return sines_; }
  const Scratch& scratch() const { return scratch_; }

  // Filled by each step; their capacity is enough for any.
  std::vector<RowRun>& runs() { return runs_; }
  AttentionPlan& attention_plan() { return attention_plan_; }
  std::vector<int32_t>& prompt_rows() { return prompt_rows_; }                // ascending; none: all rows are alike
  std::vector<int32_t>& sampled_rows() { return sampled_rows_; }              // by row of the logits
  std::vector<int32_t>& logits_prompt_rows() { return logits_prompt_rows_; }  // of rows of logits, the prompt's

 private:
  Workspace(const ModelConfig& config, const Limits& limits);
  // Gives every buffer its place from `start` on, null: none. Returns the bytes of all.
  uint64_t place(const ModelConfig& config, std::byte* start);

  PageMemory memory_;
  int64_t row_count_max_ = 0;
  int64_t logits_count_max_ = 0;
  int64_t width_ = 0, q_width_ = 0, kv_width_ = 0, ffn_width_ = 0, vocab_ = 0;

  // (row_count_max, width of its name), in memory_
  float *x_ = nullptr, *h_ = nullptr, *q_ = nullptr, *k_ = nullptr, *v_ = nullptr, *attended_ = nullptr;
  float *gate_ = nullptr, *up_ = nullptr;
  float* logits_ = nullptr;                      // (logits_count_max, vocab)
  float *cosines_ = nullptr, *sines_ = nullptr;  // (row_count_max, rotary / 2)
  Scratch scratch_;

  std::vector<RowRun> runs_;
  AttentionPlan attention_plan_;
  std::vector<int32_t> prompt_rows_;
  std::vector<int32_t> sampled_rows_;
  std::vector<int32_t> logits_prompt_rows_;
};

}  // namespace quire
