#include "model/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/array_layout.h"
#include "model/blocks/head.h"
#include "model/layer.h"
#include "model/state_store.h"

namespace quire {
Workspace::Workspace(const ModelConfig& config, const Limits& limits, LayerRange layers)
    : row_count_max_(row_count_max(config, limits)),
      logits_count_max_(std::min(limits.running_max + limits.draft_rows_max, limits.step_tokens_max)),
      width_(config.width),
      vocab_(config.whole_texts || layers.end < config.layer_count() ? 0 : config.vocab),
      stream_count_(config.streams > 1 ? config.streams : 0),
      widths_(widths_of(config)),
      head_width_(widest_row(config.head, config.width)),
      draft_rows_max_(limits.draft_rows_max),
      kept_width_(StateLayout(config, layers).kept_width()) {}

int64_t Workspace::row_count_max(const ModelConfig& config, const Limits& limits) {
  return config.whole_texts ? std::max(limits.step_tokens_max, limits.context_tokens) : limits.step_tokens_max;
}

uint64_t Workspace::place(DeviceAddress start) {
  ArrayLayout layout;
  const auto put = [&](DeviceAddress& array, int64_t rows, int64_t width) {
    array = start + static_cast<int64_t>(layout.place(static_cast<uint64_t>(rows * width) * sizeof(float)));
  };
  put(streams_, stream_count_ * row_count_max_, width_);
  put(x_, row_count_max_, width_);
  put(h_, row_count_max_, width_);
  put(y_, row_count_max_, widths_.y);
  put(q_, row_count_max_, widths_.q);
  put(k_, row_count_max_, widths_.kv);
  put(v_, row_count_max_, widths_.kv);
  put(attended_, row_count_max_, widths_.q);
  put(gate_, row_count_max_, widths_.ffn);
  put(up_, row_count_max_, widths_.ffn);
  put(output_gate_, row_count_max_, widths_.output_gate);
  put(beside_, row_count_max_, widths_.beside);
  put(layer_inputs_, row_count_max_, widths_.layer_inputs);
  put(chosen_experts_, row_count_max_, widths_.experts.used);  // numbers as large as floats
  put(chosen_weights_, row_count_max_, widths_.experts.used);
  put(convolved_, row_count_max_, widths_.convolved);
  put(joined_, row_count_max_, widths_.joined);
  put(kept_, draft_rows_max_, kept_width_);
  put(logits_, logits_count_max_, vocab_);
  put(head_from_, 1, head_width_);
  put(head_to_, 1, head_width_);
  return layout.size_bytes();
}

uint64_t Workspace::rows_size_bytes(const ModelConfig& config, const Limits& limits, LayerRange layers) {
  return Workspace(config, limits, layers).place({});
}

StepShape Workspace::scratch_shape(const ModelConfig& config, const Limits& limits) {
  const RowWidths widths = widths_of(config);
  return {
      .rows_max = row_count_max(config, limits),
      .input_max = std::max({config.width, widths.q, widths.ffn, widths.joined, widest_row(config.head, config.width)}),
      .stored_row_bytes = config.embedding_row_bytes,
      .kv_type = config.kv_type,
      .q_width = widths.q,
      .kv_width = widths.kv,
      .attention_shapes = static_cast<int64_t>(config.attention_shapes.size()),
      .heads_input = widths.heads_input,
      .experts = widths.experts,
      .convolved = widths.convolved};
}

Step Workspace::step(Backend& on, int64_t rows) const {
  Step step{.on = on,
            .row_count = rows,
            .q = {q_, widths_.q},
            .k = {k_, widths_.kv},
            .v = {v_, widths_.kv},
            .attended = {attended_, widths_.q},
            .gate = {gate_, widths_.ffn},
            .up = {up_, widths_.ffn},
            .output_gate = {output_gate_, widths_.output_gate},
            .beside = {beside_, widths_.beside},
            .layer_inputs = {layer_inputs_, widths_.layer_inputs},
            .convolved = {convolved_, widths_.convolved},
            .joined = {joined_, widths_.joined},
            .chosen_experts = chosen_experts_,
            .chosen_weights = chosen_weights_};
  step.stream_count = stream_count_;
  for (int64_t i = 0; i < stream_count_; ++i) step.stream_rows[static_cast<size_t>(i)] = stream(i, rows);
  return step;
}

Result<Workspace> Workspace::create(const ModelConfig& config, const Limits& limits, const Stage& stage) {
  if (limits.step_tokens_max <= 0 || limits.running_max <= 0) {
    return fail(ErrorKind::invalid, fmt::format("step_tokens_max {} and running_max {}: expected at least 1",
                                                limits.step_tokens_max, limits.running_max));
  }
  Backend& backend = *stage.on;
  Workspace space(config, limits, stage.layers);
  QUIRE_TRY(space.memory_, backend.device().allocate(space.place({}), MemoryUse::sparse, "activations"));
  space.place(space.memory_.address());
  const StepShape shape = scratch_shape(config, limits);
  QUIRE_TRY(space.scratch_, backend.make_scratch(shape));
  space.size_bytes_ = space.memory_.size_bytes() + backend.scratch_size_bytes(shape);
  return space;
}

}  // namespace quire
