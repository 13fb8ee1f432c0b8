#include "model/step_tables.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/fixed_math.h"

namespace quire {
namespace {

// A run ends where a chunk of keys ends, so that no two workers write the same cache line of keys.
constexpr int64_t run_rows_max = attention_chunk;

static_assert(sizeof(BlockId) == sizeof(int32_t), "kernels read block tables as numbers");

}  // namespace

StepTables::StepTables(const ModelConfig& config, std::vector<Rope> ropes, int64_t rows_max, int64_t logits_max)
    : config_(&config), ropes_(std::move(ropes)) {
  const auto rows = static_cast<size_t>(rows_max);
  runs_.reserve(rows);
  window_runs_.reserve(rows);
  for (const RopeConfig& rope : config.ropes) {
    const std::vector<float> zeros(rows * static_cast<size_t>(rope.rotary / 2));
    turns_.push_back({.cosines = zeros, .sines = zeros});
  }
  for (size_t kind = 0; kind < turns_.size(); ++kind) {
    const TurnTable& table = turns_[kind];
    turn_rows_.push_back({.cosines = table.cosines, .sines = table.sines, .rotary = config.ropes[kind].rotary});
  }
  row_scales_.resize(config.temperature.scale != 0.0 ? rows : 0);
  positions_.reserve(config.embedding.positions ? rows : 0);
  prompt_rows_.reserve(rows);
  gathered_prompt_rows_.reserve(static_cast<size_t>(logits_max));
  sampled_rows_.reserve(rows);
  likeliest_rows_.reserve(rows);
}

void StepTables::turn(int64_t position, int64_t row) {
  if (config_->embedding.positions) positions_.push_back(static_cast<int32_t>(position));
  if (const TemperatureConfig& temperature = config_->temperature; temperature.scale != 0.0) {
    const double times = std::floor(static_cast<double>(position) / temperature.length) + 1.0;
    row_scales_[static_cast<size_t>(row)] = static_cast<float>(1.0 + temperature.scale * fixed_log(times));
  }
  for (size_t kind = 0; kind < ropes_.size(); ++kind) {
    const Rope& rope = ropes_[kind];
    TurnTable& table = turns_[kind];
    const int64_t half = rope.rotary() / 2;
    rope.turn(position, table.cosines.data() + row * half, table.sines.data() + row * half);
  }
}

void StepTables::add_slice(const BatchSlice& slice, bool has_window_blocks) {
  int64_t row = slice.row_begin;
  const int64_t position_end = slice.position_begin + (slice.row_end - slice.row_begin);
  QUIRE_CHECK(!config_->whole_texts || (slice.position_begin == 0 && slice.logits_row < 0),
              "where rows see what follows them, a slice is a whole text");
  for (int64_t position = slice.position_begin; position < position_end;) {
    const int64_t run_end = std::min(position_end, (position / run_rows_max + 1) * run_rows_max);
    runs_.push_back({.row_begin = row,
                     .rows = run_end - position,
                     .position = position,
                     .blocks = &slice.blocks.data()->value,
                     .end = position_end});
    if (has_window_blocks) {
      window_runs_.push_back(runs_.back());
      window_runs_.back().blocks = &slice.window_blocks.data()->value;
    }
    for (; position < run_end; ++position, ++row) turn(slice.positions_before + position, row);
  }
}

void StepTables::add_sampled(const BatchSlice& slice, int32_t logits_rows) {
  if (slice.logits_row < 0) return;
  QUIRE_CHECK(slice.logits_row + slice.logits_rows <= logits_rows, "logits rows of this batch");
  for (int32_t sampled = 0; sampled < slice.logits_rows; ++sampled) {
    sampled_rows_[static_cast<size_t>(slice.logits_row + sampled)] = slice.row_end - slice.logits_rows + sampled;
    if (slice.likeliest) likeliest_rows_.push_back(slice.logits_row + sampled);
  }
}

void StepTables::prepare(const Batch& batch, bool has_window_blocks, bool prompt_rows_differ) {
  runs_.clear();
  window_runs_.clear();
  positions_.clear();
  sampled_rows_.assign(static_cast<size_t>(batch.logits_rows), -1);
  likeliest_rows_.clear();
  int64_t row = 0;
  for (const BatchSlice& slice : batch.slices) {
    QUIRE_CHECK(slice.row_begin == row && slice.row_end > row, "slices cover the rows in order");
    add_slice(slice, has_window_blocks);
    add_sampled(slice, batch.logits_rows);
    row = slice.row_end;
  }
  QUIRE_CHECK(row == static_cast<int64_t>(batch.tokens.size()), "slices cover all rows");
  QUIRE_CHECK(std::ranges::find(sampled_rows_, -1) == sampled_rows_.end(), "every logits row is filled");

  QUIRE_CHECK(batch.origins.size() == batch.tokens.size(), "an origin for each row");
  prompt_rows_.clear();
  for (int32_t of = 0; prompt_rows_differ && of < row; ++of) {
    if (batch.origins[static_cast<size_t>(of)] == RowOrigin::prompt) prompt_rows_.push_back(of);
  }
  prepare_gathered(sampled_rows_);
}

void StepTables::prepare_gathered(std::span<const int32_t> rows) {
  gathered_rows_ = rows;
  gathered_prompt_rows_.clear();
  for (int32_t index = 0; index < std::ssize(rows); ++index) {
    if (std::ranges::binary_search(prompt_rows_, rows[static_cast<size_t>(index)])) {
      gathered_prompt_rows_.push_back(index);
    }
  }
}

StepInputs StepTables::gathering_inputs() const {
  return {.gathered_rows = gathered_rows_, .gathered_prompt_rows = gathered_prompt_rows_};
}

StepInputs StepTables::inputs(int64_t block_tokens) const {
  StepInputs inputs = gathering_inputs();
  inputs.runs = runs_;
  inputs.window_runs = window_runs_;
  inputs.turns = turn_rows_;
  inputs.row_scales = row_scales_;
  inputs.attention_shapes = config_->attention_shapes;
  inputs.block_tokens = block_tokens;
  inputs.prompt_rows = prompt_rows_;
  return inputs;
}

}  // namespace quire
