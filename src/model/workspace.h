// All activations of a step, sized once.
#pragma once

#include <cstdint>
#include <memory>

#include "backend/backend.h"
#include "base/result.h"
#include "core/limits.h"
#include "model/blocks/step.h"
#include "model/config.h"
#include "model/placement/stage.h"

namespace quire {

// Room for a stage of a step of row_count_max rows, of which logits_count_max are sampled behind the last one. Owned by
// one instance; one thread, besides the backend's workers within a step. What was never used costs no memory of a host;
// nothing is allocated in a step.
class Workspace {
 public:
  // limits: step_tokens_max rows, of which at most running_max (one a sequence) and draft_rows_max are sampled.
  static Result<Workspace> create(const ModelConfig& config, const Limits& limits, const Stage& stage);
  // What its rows would take, beside a scratch of the backend for the shape. REQUIRES: limits that create accepts.
  static uint64_t rows_size_bytes(const ModelConfig& config, const Limits& limits, LayerRange layers);
  static StepShape scratch_shape(const ModelConfig& config, const Limits& limits);
  // Rows of a step: a whole text that is longer than step_tokens_max is computed alone.
  static int64_t row_count_max(const ModelConfig& config, const Limits& limits);

  uint64_t size_bytes() const { return size_bytes_; }
  int64_t row_count_max() const { return row_count_max_; }
  int64_t logits_count_max() const { return logits_count_max_; }

  // The first `rows` rows (or `count` sampled ones) of a buffer.
  Rows x(int64_t rows) const { return {x_, rows, width_}; }
  Rows h(int64_t rows) const { return {h_, rows, width_}; }
  Rows logits(int64_t count) const { return {logits_, count, vocab_}; }
  Rows y(int64_t rows) const { return {y_, rows, width_}; }
  // Stream `index` of the model's, where it has several.
  Rows stream(int64_t index, int64_t rows) const {
    return {streams_ + index * row_count_max_ * width_ * static_cast<int64_t>(sizeof(float)), rows, width_};
  }
  // Beside y, as wide as the stream; where a block or the end of streams asks for it.
  Rows beside(int64_t rows) const { return {beside_, rows, widths_.beside}; }
  // Where blocks find theirs.
  Step step(Backend& on, int64_t rows) const;
  // Where the layer whose part of what is kept begins there (StateLayout) keeps guessed rows, draft_rows_max at most.
  RowPlace kept(int64_t offset) const {
    return {kept_ + offset * draft_rows_max_ * static_cast<int64_t>(sizeof(float)), kept_width_ - offset};
  }
  StepScratch& scratch() const { return *scratch_; }
  // Two rows, as wide as any of the head's.
  DeviceAddress head_from() const { return head_from_; }
  DeviceAddress head_to() const { return head_to_; }

 private:
  Workspace(const ModelConfig& config, const Limits& limits, LayerRange layers);
  // Gives every buffer its place from `start` on. Returns the bytes of all.
  uint64_t place(DeviceAddress start);

  DeviceMemory memory_;
  std::unique_ptr<StepScratch> scratch_;
  uint64_t size_bytes_ = 0;  // of both
  int64_t row_count_max_ = 0;
  int64_t logits_count_max_ = 0;
  int64_t width_ = 0, vocab_ = 0;
  int64_t stream_count_ = 0;  // 0: x is the only one
  RowWidths widths_;
  int64_t head_width_ = 0;
  int64_t draft_rows_max_ = 0;
  int64_t kept_width_ = 0;  // of the stage's layers

  // (row_count_max, width of its name), in memory_
  DeviceAddress streams_;  // (streams, row_count_max, width); none where there is one, which is x
  DeviceAddress x_, h_, y_, q_, k_, v_, attended_;
  DeviceAddress gate_, up_, output_gate_, beside_, layer_inputs_;
  DeviceAddress chosen_experts_, chosen_weights_;
  DeviceAddress convolved_, joined_;
  DeviceAddress kept_;                 // (draft_rows_max, kept_width)
  DeviceAddress logits_;               // (logits_count_max, vocab)
  DeviceAddress head_from_, head_to_;  // (head_width)
};

}  // namespace quire
