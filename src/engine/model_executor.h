// The executor that computes with a real model.
#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "base/team.h"
#include "engine/executor.h"
#include "model/instance.h"

namespace quire {

// Thrown where a device computes nothing any more: what was computed on it is lost too.
struct DeviceLost : std::runtime_error {
  explicit DeviceLost(const Error& error)
      : std::runtime_error("the device computes nothing any more: " + error.message) {}
};

// Owns the model's instance of one engine; borrows the workers. Engine thread only.
class ModelExecutor final : public Executor {
 public:
  ModelExecutor(ModelInstance instance, Team& workers) : instance_(std::move(instance)), workers_(workers) {}

  // A token outside the vocabulary fails its slice; a model's file that cannot be read, or has changed, all of them.
  // They throw DeviceLost.
  void issue(const Batch& batch) override;
  Logits finish(std::vector<SliceFailure>& failures) override;
  Result<Logits> logits(std::span<const int32_t> rows) override { return instance_.logits(rows); }
  int32_t logits_rows_max() const override { return static_cast<int32_t>(instance_.logits_count_max()); }
  Result<HiddenStates> states(std::span<const int32_t> rows) override { return instance_.states(rows); }
  Result<std::span<const float>> head(std::span<const float> pooled) override { return instance_.head(pooled); }
  void keep(std::span<const int32_t> accepted) override { instance_.keep(accepted); }
  void forget(MemoryClass of, std::span<const BlockId> blocks) override { instance_.forget(of, blocks); }
  void discard(MemoryClass of, std::span<const BlockId> blocks) override { instance_.discard(of, blocks); }
  uint64_t workspace_size_bytes(size_t stage) const { return instance_.workspace_size_bytes(stage); }
  int32_t vocab_size() const override { return instance_.model().vocab_size(); }
  bool prompt_rows_differ() const override { return instance_.prompt_rows_differ(); }
  bool whole_texts() const override { return instance_.model().config().whole_texts; }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    workers_.parallel_for(count, body);
  }
  int worker_count() const override { return workers_.worker_count(); }

 private:
  ModelInstance instance_;
  Team& workers_;

  // Of the step that runs.
  bool is_issued_ = false;
  std::vector<SliceFailure> failures_;
};

}  // namespace quire
