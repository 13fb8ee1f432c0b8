#include "sim/fake_executor.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"

namespace quire::sim {

FakeExecutor::FakeExecutor(const Limits& limits, int32_t vocab_size, std::map<SequenceId, Fault> faults,
                           Observer observer)
    : block_tokens_(limits.block_tokens),
      prompt_rows_differ_(limits.prompt_rows_differ),
      whole_texts_(limits.whole_texts),
      vocab_size_(vocab_size),
      faults_(std::move(faults)),
      observer_(std::move(observer)),
      rows_(static_cast<size_t>(limits.block_count) * static_cast<size_t>(limits.block_tokens)) {}

KvRow& FakeExecutor::row_at(const BatchSlice& slice, int32_t position) {
  const size_t index = static_cast<size_t>(position / block_tokens_);
  QUIRE_CHECK(index < slice.blocks.size(), "the block table covers the slice");
  const size_t row = static_cast<size_t>(slice.blocks[index].value) * static_cast<size_t>(block_tokens_) +
                     static_cast<size_t>(position % block_tokens_);
  QUIRE_CHECK(row < rows_.size(), "the block is of this pool");
  return rows_[row];
}

// Reads everything before `end` back through the block table.
FakeAttention FakeExecutor::attention_over(const BatchSlice& slice, int32_t end) {
  FakeAttention attention;
  for (int32_t position = 0; position < end; ++position) {
    const KvRow& row = row_at(slice, position);
    if (row.position != position && !misread_) {
      misread_ = fmt::format("sequence {} reads at position {} a row of position {}", slice.sequence.value, position,
                             row.position);
    }
    attention.read(row);
  }
  return attention;
}

// Every row attends to all of the slice, which is its text.
void FakeExecutor::see_whole_text(const BatchSlice& slice) {
  if (slice.position_begin != 0) misread_ = fmt::format("sequence {} is computed in parts", slice.sequence.value);
  const FakeAttention all = attention_over(slice, slice.position_begin + slice.row_end - slice.row_begin);
  for (int32_t row = slice.row_begin; row < slice.row_end; ++row) {
    attended_[static_cast<size_t>(row)] = all.from(row - slice.row_begin);
  }
}

bool FakeExecutor::compute(const Batch& batch, const BatchSlice& slice, std::optional<FaultKind> fault) {
  FakeAttention attention = attention_over(slice, slice.position_begin);
  const int32_t count = slice.row_end - slice.row_begin;
  for (int32_t index = 0; index < count; ++index) {
    if (fault == FaultKind::fails && index >= count / 2) return false;
    const size_t batch_row = static_cast<size_t>(slice.row_begin + index);
    const int32_t position = slice.position_begin + index;
    const RowOrigin origin = prompt_rows_differ_ ? batch.origins[batch_row] : RowOrigin::prompt;
    const KvRow row = attention.row(batch.tokens[batch_row], position, origin);
    row_at(slice, position) = row;
    attention.read(row);
    attended_[batch_row] = attention;
    ++rows_computed_;
  }
  if (whole_texts_) see_whole_text(slice);
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

Logits FakeExecutor::forward(const Batch& batch, std::vector<SliceFailure>& failures) {
  if (observer_) observer_(batch);
  attended_.assign(batch.tokens.size(), {});
  logits_.assign(static_cast<size_t>(batch.logits_rows) * static_cast<size_t>(vocab_size_), 0.0F);
  for (const BatchSlice& slice : batch.slices) {
    std::optional<FaultKind> fault;
    if (const auto at = faults_.find(slice.sequence); at != faults_.end()) {
      if (calls_[slice.sequence]++ == at->second.call) fault = at->second.kind;
    }
    if (!compute(batch, slice, fault)) failures.push_back({slice.sequence, "the device said no"});
  }
  return {.values = logits_, .vocab = vocab_size_};
}

Logits FakeExecutor::logits(std::span<const int32_t> rows) {
  const size_t width = static_cast<size_t>(vocab_size_);
  logits_.assign(rows.size() * width, 0.0F);
  for (size_t index = 0; index < rows.size(); ++index) {
    attended_[static_cast<size_t>(rows[index])].logits(std::span(logits_).subspan(index * width, width));
  }
  return {.values = logits_, .vocab = vocab_size_};
}

HiddenStates FakeExecutor::states(std::span<const int32_t> rows) {
  states_.assign(rows.size() * fake_state_width, 0.0F);
  for (size_t index = 0; index < rows.size(); ++index) {
    attended_[static_cast<size_t>(rows[index])].logits(
        std::span(states_).subspan(index * fake_state_width, fake_state_width));
  }
  return {.values = states_, .width = fake_state_width};
}

void FakeExecutor::forget(std::span<const BlockId> blocks) {
  const size_t width = static_cast<size_t>(block_tokens_);
  for (const BlockId block : blocks) {
    for (size_t row = 0; row < width; ++row) rows_[static_cast<size_t>(block.value) * width + row] = KvRow{};
  }
}

}  // namespace quire::sim
