#include "sim/fake_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "engine/logit_row.h"

namespace quire::sim {

FakeExecutor::FakeExecutor(const Limits& limits, int32_t vocab_size, std::map<SequenceId, Fault> faults,
                           Observer issued, Observer waited_for)
    : limits_(limits),
      vocab_size_(vocab_size),
      faults_(std::move(faults)),
      issued_(std::move(issued)),
      waited_for_(std::move(waited_for)),
      rows_(static_cast<size_t>(limits.block_count) * static_cast<size_t>(limits.block_tokens)),
      window_rows_(static_cast<size_t>(limits.window_block_count) * static_cast<size_t>(limits.block_tokens)),
      kept_states_(static_cast<size_t>(limits.state_count)) {}

void FakeExecutor::misread(std::string what) {
  if (!misread_) misread_ = std::move(what);
}

KvRow& FakeExecutor::row_at(const BatchSlice& slice, MemoryClass of, int32_t position) {
  const std::span<const BlockId> blocks = of == MemoryClass::full ? slice.blocks : slice.window_blocks;
  std::vector<KvRow>& rows = of == MemoryClass::full ? rows_ : window_rows_;
  const auto block_tokens = static_cast<size_t>(limits_.block_tokens);
  const size_t index = static_cast<size_t>(position) / block_tokens;
  QUIRE_CHECK(index < blocks.size(), "the block table covers the slice");
  if (!blocks[index].valid()) {
    misread(fmt::format("sequence {} reads position {} behind its window", slice.sequence.value, position));
    return nobodys_ = {};
  }
  const size_t row =
      static_cast<size_t>(blocks[index].value) * block_tokens + static_cast<size_t>(position) % block_tokens;
  QUIRE_CHECK(row < rows.size(), "the block is of this pool");
  return rows[row];
}

void FakeExecutor::check_place(const BatchSlice& slice, const KvRow& row, int32_t position) {
  if (row.position == position) return;
  misread(fmt::format("sequence {} reads at position {} a row of position {}", slice.sequence.value, position,
                      row.position));
}

// Reads everything before `end` back through the block table.
FakeAttention FakeExecutor::attention_over(const BatchSlice& slice, int32_t end) {
  FakeAttention attention;
  for (int32_t position = 0; position < end; ++position) {
    const KvRow& row = row_at(slice, MemoryClass::full, position);
    check_place(slice, row, position);
    attention.read(row);
  }
  return attention;
}

// What a row at this position sees of those before it through the window.
uint64_t FakeExecutor::window_before(const BatchSlice& slice, int32_t position) {
  uint64_t window = 0;
  for (int32_t seen = std::max(0, position - limits_.window_tokens + 1); seen < position; ++seen) {
    const KvRow& row = row_at(slice, MemoryClass::window, seen);
    check_place(slice, row, seen);
    window = fake_read(window, row);
  }
  return window;
}

// What the state says that the slice goes on from.
uint64_t FakeExecutor::recurrence_before(const BatchSlice& slice) {
  if (!slice.state.valid()) misread(fmt::format("sequence {} has no state", slice.sequence.value));
  if (slice.position_begin == 0 && !slice.state_from.valid()) return fake_state_begin;
  if (!slice.state_from.valid()) {
    misread(fmt::format("sequence {} goes on from no state", slice.sequence.value));
    return fake_state_begin;
  }
  const State& from = state_at(slice.state_from);
  if (from.position != slice.position_begin) {
    misread(fmt::format("sequence {} goes on at position {} from a state of position {}", slice.sequence.value,
                        slice.position_begin, from.position));
  }
  return from.recurrence;
}

// Behind the last certain row of the slice, and at the edges that snapshots are wanted of; rows of guesses are kept.
void FakeExecutor::write_states(const BatchSlice& slice, const KvRow& row, const FakeAttention& attention) {
  const int32_t end = slice.position_begin + slice.row_end - slice.row_begin - slice.drafted;
  const State state{.position = row.position + 1, .recurrence = attention.recurrence};
  if (state.position == end) state_at(slice.state) = state;
  if (state.position > end) guessed_.back().rows.push_back(row);
  for (const StateSnapshot& snapshot : slice.snapshots) {
    if (snapshot.position == state.position && state.position <= end) state_at(snapshot.state) = state;
  }
}

// Every row attends to all of the slice, which is its text.
void FakeExecutor::see_whole_text(const BatchSlice& slice) {
  if (slice.position_begin != 0) misread(fmt::format("sequence {} is computed in parts", slice.sequence.value));
  const FakeAttention all = attention_over(slice, slice.position_begin + slice.row_end - slice.row_begin);
  for (int32_t row = slice.row_begin; row < slice.row_end; ++row) {
    attended_[static_cast<size_t>(row)] = all.from(row - slice.row_begin);
  }
}

bool FakeExecutor::compute(const Batch& batch, const BatchSlice& slice, std::optional<FaultKind> fault) {
  FakeAttention attention = attention_over(slice, slice.position_begin);
  guessed_.push_back({.state = slice.state, .rows = {}});
  if (limits_.state_count > 0) attention.recurrence = recurrence_before(slice);
  const int32_t count = slice.row_end - slice.row_begin;
  for (int32_t index = 0; index < count; ++index) {
    if (fault == FaultKind::fails && index >= count / 2) return false;
    const size_t batch_row = static_cast<size_t>(slice.row_begin + index);
    const int32_t position = slice.position_begin + index;
    const RowOrigin origin = limits_.prompt_rows_differ ? batch.origins[batch_row] : RowOrigin::prompt;
    attention.window = window_before(slice, position);
    const KvRow row = attention.row(batch.tokens[batch_row], position, origin);
    row_at(slice, MemoryClass::full, position) = row;
    attention.read(row);
    if (limits_.window_tokens > 0) {
      row_at(slice, MemoryClass::window, position) = row;
      attention.window = fake_read(attention.window, row);
    }
    if (limits_.state_count > 0) write_states(slice, row, attention);
    attended_[batch_row] = attention;
    ++rows_computed_;
  }
  if (limits_.whole_texts) see_whole_text(slice);
  if (slice.logits_row < 0) return true;
  const size_t width = static_cast<size_t>(vocab_size_);
  for (int32_t sampled = 0; sampled < slice.logits_rows; ++sampled) {
    const auto row = static_cast<size_t>(slice.logits_row + sampled);
    const std::span<float> values = std::span(logits_).subspan(row * width, width);
    attended_[static_cast<size_t>(slice.row_end - slice.logits_rows + sampled)].logits(values);
    if (fault == FaultKind::not_numbers) values.back() = std::numeric_limits<float>::quiet_NaN();
  }
  return true;
}

void FakeExecutor::IssuedBatch::copy(const Batch& batch) {
  tokens.assign(batch.tokens.begin(), batch.tokens.end());
  origins.assign(batch.origins.begin(), batch.origins.end());
  slices.assign(batch.slices.begin(), batch.slices.end());
  tables.resize(std::max(tables.size(), slices.size()));
  logits_rows = batch.logits_rows;
  for (size_t index = 0; index < slices.size(); ++index) {
    BatchSlice& slice = slices[index];
    Tables& own = tables[index];
    own.blocks.assign(slice.blocks.begin(), slice.blocks.end());
    own.window_blocks.assign(slice.window_blocks.begin(), slice.window_blocks.end());
    own.snapshots.assign(slice.snapshots.begin(), slice.snapshots.end());
    slice.blocks = own.blocks;
    slice.window_blocks = own.window_blocks;
    slice.snapshots = own.snapshots;
  }
}

// Whatever is done while a step runs may change what it reads, or take the place of what it gives.
void FakeExecutor::expect_idle(const char* what) {
  if (runs_) misread(fmt::format("{} comes while a step runs", what));
}

void FakeExecutor::issue(const Batch& batch) {
  expect_idle("a step");
  if (issued_) issued_(batch);
  if (limits_.plans_ahead > 0) {
    copied_.copy(batch);
    running_ = copied_.batch();
  } else {
    running_ = batch;  // an engine waits for it at once
  }
  runs_ = true;
}

Logits FakeExecutor::finish(std::vector<SliceFailure>& failures) {
  QUIRE_CHECK(std::exchange(runs_, false), "a step runs that is waited for");
  const Batch batch = std::exchange(running_, {});
  if (waited_for_) waited_for_(batch);
  keeps_ =
      limits_.state_count > 0 && std::ranges::any_of(batch.slices, [](const auto& one) { return one.drafted > 0; });
  guessed_.clear();
  attended_.assign(batch.tokens.size(), {});
  logits_.assign(static_cast<size_t>(batch.logits_rows) * static_cast<size_t>(vocab_size_), 0.0F);
  for (const BatchSlice& slice : batch.slices) {
    std::optional<FaultKind> fault;
    if (const auto at = faults_.find(slice.sequence); at != faults_.end()) {
      if (calls_[slice.sequence]++ == at->second.call) fault = at->second.kind;
    }
    if (!compute(batch, slice, fault)) failures.push_back({slice.sequence, "the device said no"});
  }
  fill_likeliest(batch, logits_, vocab_size_, likeliest_);
  hide_logits(batch);
  return {.values = logits_, .vocab = vocab_size_, .likeliest = likeliest_};
}

// Nobody reads the logits of rows whose likeliest token is all that is wanted: who does finds no number.
void FakeExecutor::hide_logits(const Batch& batch) {
  const size_t width = static_cast<size_t>(vocab_size_);
  for (const BatchSlice& slice : batch.slices) {
    if (slice.logits_row < 0 || !slice.likeliest) continue;
    std::ranges::fill(std::span(logits_).subspan(static_cast<size_t>(slice.logits_row) * width,
                                                 static_cast<size_t>(slice.logits_rows) * width),
                      std::numeric_limits<float>::quiet_NaN());
  }
}

Result<Logits> FakeExecutor::logits(std::span<const int32_t> rows) {
  expect_idle("a question for logits");
  const size_t width = static_cast<size_t>(vocab_size_);
  logits_.assign(rows.size() * width, 0.0F);
  for (size_t index = 0; index < rows.size(); ++index) {
    attended_[static_cast<size_t>(rows[index])].logits(std::span(logits_).subspan(index * width, width));
  }
  return Logits{.values = logits_, .vocab = vocab_size_};
}

Result<HiddenStates> FakeExecutor::states(std::span<const int32_t> rows) {
  expect_idle("a question for states");
  states_.assign(rows.size() * fake_state_width, 0.0F);
  for (size_t index = 0; index < rows.size(); ++index) {
    attended_[static_cast<size_t>(rows[index])].logits(
        std::span(states_).subspan(index * fake_state_width, fake_state_width));
  }
  return HiddenStates{.values = states_, .width = fake_state_width};
}

// The same function of the same rows as if they had never been guesses.
void FakeExecutor::keep(std::span<const int32_t> accepted) {
  expect_idle("what was right");
  const bool was_right = std::ranges::any_of(accepted, [](int32_t guesses) { return guesses > 0; });
  QUIRE_CHECK(keeps_ && was_right && accepted.size() == guessed_.size(),
              "it is told once of each slice of a batch with right guesses");
  keeps_ = false;
  for (size_t index = 0; index < accepted.size(); ++index) {
    State& state = state_at(guessed_[index].state);
    for (int32_t row = 0; row < accepted[index]; ++row) {
      state.recurrence = fake_read(state.recurrence, guessed_[index].rows.at(static_cast<size_t>(row)));
      ++state.position;
    }
  }
}

void FakeExecutor::forget(MemoryClass of, std::span<const BlockId> blocks) {
  if (!blocks.empty()) expect_idle("memory that is nobody's");
  std::vector<KvRow>& rows = of == MemoryClass::full ? rows_ : window_rows_;
  const auto width = static_cast<size_t>(limits_.block_tokens);
  for (const BlockId block : blocks) {
    if (of == MemoryClass::state) {
      state_at(block) = {};
      continue;
    }
    for (size_t row = 0; row < width; ++row) rows[static_cast<size_t>(block.value) * width + row] = KvRow{};
  }
}

}  // namespace quire::sim
