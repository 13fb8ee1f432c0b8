#include "engine/model_executor.h"

#include <fmt/format.h>

namespace quire {

Result<ModelExecutor> ModelExecutor::create(const Model& model, Backend& backend, const Limits& limits) {
  QUIRE_TRY(KvStore kv, KvStore::create(model.config(), limits));
  QUIRE_TRY(Workspace space, Workspace::create(model.config(), limits));
  return ModelExecutor(model, backend, std::move(kv), std::move(space));
}

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
  const Result<Logits> logits = model_.forward(batch, backend_, kv_, space_);
  if (logits) return *logits;
  fail_all(batch, logits.error().message, failures);
  return {};
}

}  // namespace quire
