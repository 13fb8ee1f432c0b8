#include "engine/model_executor.h"

#include <fmt/format.h>

#include <iterator>

namespace quire {

void ModelExecutor::issue(const Batch& batch) {
  failures_.clear();
  for (const BatchSlice& slice : batch.slices) {
    for (int32_t row = slice.row_begin; row < slice.row_end; ++row) {
      const TokenId token = batch.tokens[static_cast<size_t>(row)];
      if (token >= 0 && token < vocab_size()) continue;
      // The row is computed from zeros all the same: no other slice reads what it writes.
      failures_.push_back({.sequence = slice.sequence,
                           .why = fmt::format("token {} is outside the vocabulary of {}", token, vocab_size())});
      break;
    }
  }
  const Result<void> issued = instance_.issue(batch);
  is_issued_ = issued.has_value();
  if (issued) return;
  if (issued.error().kind == ErrorKind::device) throw DeviceLost(issued.error());
  fail_all(batch, issued.error().message, failures_);
}

Logits ModelExecutor::finish(std::vector<SliceFailure>& failures) {
  failures.insert(failures.end(), std::make_move_iterator(failures_.begin()), std::make_move_iterator(failures_.end()));
  if (!is_issued_) return {};
  const Result<Logits> logits = instance_.finish();
  if (!logits) throw DeviceLost(logits.error());
  return *logits;
}

}  // namespace quire
