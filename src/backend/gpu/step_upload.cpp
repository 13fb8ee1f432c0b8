#include "backend/gpu/step_upload.h"

#include <algorithm>
#include <cstring>

#include "backend/gpu/gpu_launch.h"
#include "base/bytes.h"
#include "base/check.h"

namespace quire {
namespace {

constexpr size_t alignment = 64;

int64_t rows_of(std::span<const RowRun> runs) { return runs.empty() ? 0 : runs.back().row_begin + runs.back().rows; }

// The most chunks that a row of these sees.
int64_t chunks_max(std::span<const RowRun> runs, const AttentionShape& shape) {
  int64_t most = 0;
  for (const RowRun& run : runs) {
    for (int64_t r = 0; r < run.rows; ++r) {
      const scalar::Seen seen = scalar::seen_from(run.position + r, shape.window, shape.after, run.end);
      most = std::max(most, ceil_div(seen.end, attention_chunk) - seen.begin / attention_chunk);
    }
  }
  return most;
}

}  // namespace

template <typename T>
const T* StepUpload::add(std::span<const T> values) {
  const size_t begin = round_up(bytes_.size(), alignment);
  bytes_.resize(begin + values.size_bytes());
  if (!values.empty()) std::memcpy(bytes_.data() + begin, values.data(), values.size_bytes());
  return device_pointer<const T>(there_ + static_cast<int64_t>(begin));
}

int64_t StepUpload::after_max() const {
  int64_t most = 0;
  for (const AttentionShape& shape : inputs_.attention_shapes) most = std::max(most, shape.after);
  return most;
}

// Neighbouring runs of one sequence have one copy of its block table.
const gpu::RowPlace* StepUpload::add_rows(std::span<const RowRun> runs) {
  places_.clear();
  for (size_t i = 0; i < runs.size();) {
    const int32_t* const blocks = runs[i].blocks;
    const size_t first = i;
    int64_t positions = 0;
    for (; i < runs.size() && runs[i].blocks == blocks; ++i) {
      const RowRun& run = runs[i];
      positions = std::max(positions, std::min(run.end, run.position + run.rows + after_max()));
    }
    const auto table = std::span(blocks, static_cast<size_t>(ceil_div(positions, inputs_.block_tokens)));
    const int32_t* const copy = add(table);
    for (const RowRun& run : runs.subspan(first, i - first)) {
      QUIRE_CHECK(run.row_begin == std::ssize(places_), "runs cover the rows in order");
      for (int64_t r = 0; r < run.rows; ++r) {
        places_.push_back({.blocks = copy, .position = run.position + r, .end = run.end});
      }
    }
  }
  return add(std::span<const gpu::RowPlace>(places_));
}

void StepUpload::add_state_runs(std::span<const StateRun> runs) {
  state_runs_.clear();
  state_copies_.clear();
  const int64_t rows = runs.empty() ? 0 : runs.back().row_begin + runs.back().rows;
  run_of_.assign(static_cast<size_t>(rows), -1);
  for (const StateRun& run : runs) {
    const int64_t copy_begin = std::ssize(state_copies_);
    for (const StateCopy& copy : run.copies) state_copies_.push_back({.rows = copy.rows, .state = copy.state});
    const auto index = static_cast<int32_t>(state_runs_.size());
    std::fill_n(run_of_.begin() + run.row_begin, run.rows, index);
    state_runs_.push_back({.row_begin = run.row_begin,
                           .rows = run.rows,
                           .certain = run.certain,
                           .from = run.from,
                           .to = run.to,
                           .copy_begin = copy_begin,
                           .copy_end = std::ssize(state_copies_)});
  }
  step_.state_runs = add(std::span<const gpu::StateRun>(state_runs_));
  step_.state_run_count = std::ssize(state_runs_);
  step_.state_copies = add(std::span<const gpu::StateCopy>(state_copies_));
  step_.run_of = add(std::span<const int32_t>(run_of_));
  step_.run_of_count = rows;
}

void StepUpload::build(const StepInputs& inputs, DeviceAddress there) {
  inputs_ = inputs;
  there_ = there;
  bytes_.clear();
  step_.turns.clear();
  step_.shapes.clear();
  step_.row_count = rows_of(inputs.runs);
  step_.rows = add_rows(inputs.runs);
  step_.window_rows = add_rows(inputs.window_runs);
  for (const RopeRows& turns : inputs.turns) {
    // What is borrowed has room for the largest step.
    const auto used = static_cast<size_t>(step_.row_count * (turns.rotary / 2));
    const size_t count = inputs.runs.empty() ? turns.cosines.size() : std::min(used, turns.cosines.size());
    step_.turns.push_back(
        {.cosines = add(turns.cosines.first(count)), .sines = add(turns.sines.first(count)), .rotary = turns.rotary});
  }
  for (const AttentionShape& shape : inputs.attention_shapes) {
    const bool windowed = shape.window > 0 && !inputs.window_runs.empty();
    const std::span<const RowRun> runs = windowed ? inputs.window_runs : inputs.runs;
    step_.shapes.push_back({.shape = shape, .windowed = windowed, .chunks_max = chunks_max(runs, shape)});
  }
  step_.row_scales = add(inputs.row_scales);
  step_.gathered_rows = add(inputs.gathered_rows);
  step_.drafted_rows = add(inputs.drafted_rows);
  add_state_runs(inputs.state_runs);
}

}  // namespace quire
