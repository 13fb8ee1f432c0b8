// The executor that computes with a real model.
#pragma once

#include "backend/backend.h"
#include "core/limits.h"
#include "engine/executor.h"
#include "model/model.h"

namespace quire {

// Owns the KV bytes and the activations of one engine; borrows the model and the backend. Engine thread only.
class ModelExecutor final : public Executor {
 public:
  // An error says which limit cannot be had.
  static Result<ModelExecutor> create(const Model& model, Backend& backend, const Limits& limits);

  // A token outside the vocabulary fails its slice; a model's file that cannot be read, or has changed, all of them.
  Logits forward(const Batch& batch, std::vector<SliceFailure>& failures) override;
  Logits logits(std::span<const int32_t> rows) override { return model_.logits(rows, backend_, space_); }
  int32_t logits_rows_max() const override { return static_cast<int32_t>(space_.logits_count_max()); }
  HiddenStates states(std::span<const int32_t> rows) override { return model_.states(rows, backend_, space_); }
  void forget(std::span<const BlockId> blocks) override { kv_.forget(blocks); }
  void discard(std::span<const BlockId> blocks) override { kv_.discard(blocks); }
  uint64_t workspace_size_bytes() const { return space_.size_bytes(); }
  int32_t vocab_size() const override { return model_.vocab_size(); }
  bool prompt_rows_differ() const override { return backend_.prompt_rows_differ(); }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    backend_.parallel_for(count, body);
  }
  int worker_count() const override { return backend_.worker_count(); }

 private:
  ModelExecutor(const Model& model, Backend& backend, KvStore kv, Workspace space)
      : model_(model), backend_(backend), kv_(std::move(kv)), space_(std::move(space)) {}

  const Model& model_;
  Backend& backend_;
  KvStore kv_;
  Workspace space_;
};

}  // namespace quire
