// An executor that another one is, with a watch on its steps.
#pragma once

#include <vector>

#include "base/clock.h"
#include "engine/executor.h"

namespace quire::cli {

// Borrows both. One thread, as the executor.
class TimedExecutor final : public Executor {
 public:
  TimedExecutor(Executor& executor, const Clock& clock) : executor_(executor), clock_(clock) {}

  // Between the end of each step and the issue of the next: a device had nothing to do.
  int64_t idle_ns() const { return idle_ns_; }

  void issue(const Batch& batch) override {
    if (end_ns_ >= 0) idle_ns_ += clock_.now_ns() - end_ns_;
    executor_.issue(batch);
  }
  Logits finish(std::vector<SliceFailure>& failures) override {
    const Logits logits = executor_.finish(failures);
    end_ns_ = clock_.now_ns();
    return logits;
  }
  Result<Logits> logits(std::span<const int32_t> rows) override { return executor_.logits(rows); }
  int32_t logits_rows_max() const override { return executor_.logits_rows_max(); }
  Result<HiddenStates> states(std::span<const int32_t> rows) override { return executor_.states(rows); }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return executor_.head(pooled); }
  void keep(std::span<const int32_t> accepted) override { executor_.keep(accepted); }
  void forget(MemoryClass of, std::span<const BlockId> blocks) override { executor_.forget(of, blocks); }
  void discard(MemoryClass of, std::span<const BlockId> blocks) override { executor_.discard(of, blocks); }
  int32_t vocab_size() const override { return executor_.vocab_size(); }
  bool prompt_rows_differ() const override { return executor_.prompt_rows_differ(); }
  bool whole_texts() const override { return executor_.whole_texts(); }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    executor_.parallel_for(count, body);
  }
  int worker_count() const override { return executor_.worker_count(); }

 private:
  Executor& executor_;
  const Clock& clock_;
  int64_t end_ns_ = -1;  // of the last step; -1: there was none
  int64_t idle_ns_ = 0;
};

}  // namespace quire::cli
