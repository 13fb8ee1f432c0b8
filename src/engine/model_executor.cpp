#include "engine/model_executor.h"

#include <fmt/format.h>

namespace quire {

Logits ModelExecutor::forward(const Batch& batch, std::vector<SliceFailure>& failures) {
  for (const BatchSlice& slice : batch.slices) {
    for (int32_t row = slice.row_begin; row < slice.row_end; ++row) {
      const TokenId token = batch.tokens[static_cast<size_t>(row)];
      if (token >= 0 && token < vocab_size()) continue;
      // The row is computed from zeros all the same: no other slice reads what it writes.
      failures.push_back({.sequence = slice.sequence,
                          .why = fmt::format("token {} is outside the vocabulary of {}", token, vocab_size())});
      break;
    }
  }
  const Result<Logits> logits = instance_.forward(batch);
  if (logits) return *logits;
  fail_all(batch, logits.error().message, failures);
  return {};
}

}  // namespace quire
