// An executor that does what another one does, but for what is overridden.
#pragma once

#include "engine/executor.h"

namespace quire {

class ForwardingExecutor : public Executor {
 public:
  // Borrows it for its life.
  explicit ForwardingExecutor(Executor& real) : real_(real) {}

  void issue(const Batch& batch) override { real_.issue(batch); }
  Logits finish(std::vector<SliceFailure>& failures) override { return real_.finish(failures); }
  Result<Logits> logits(std::span<const int32_t> rows) override { return real_.logits(rows); }
  int32_t logits_rows_max() const override { return real_.logits_rows_max(); }
  Result<HiddenStates> states(std::span<const int32_t> rows) override { return real_.states(rows); }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return real_.head(pooled); }
  void keep(std::span<const int32_t> accepted) override { real_.keep(accepted); }
  void forget(MemoryClass of, std::span<const BlockId> blocks) override { real_.forget(of, blocks); }
  void discard(MemoryClass of, std::span<const BlockId> blocks) override { real_.discard(of, blocks); }
  int32_t vocab_size() const override { return real_.vocab_size(); }
  bool prompt_rows_differ() const override { return real_.prompt_rows_differ(); }
  bool whole_texts() const override { return real_.whole_texts(); }
  void parallel_for(int64_t count, FunctionRef<void(int64_t, int)> body) override { real_.parallel_for(count, body); }
  int worker_count() const override { return real_.worker_count(); }

 private:
  Executor& real_;
};

}  // namespace quire
