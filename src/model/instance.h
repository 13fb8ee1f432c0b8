// A model on its device: what a step of it is computed with.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/batch.h"
#include "core/limits.h"
#include "model/kv_store.h"
#include "model/model.h"
#include "model/workspace.h"

namespace quire {

// Owns the keys and values of limits.block_count blocks and the rows of a step; borrows the model and the backend,
// which other instances may use between two calls. One thread.
class ModelInstance {
 public:
  // An error says which limit cannot be had.
  static Result<ModelInstance> create(const Model& model, Backend& backend, const Limits& limits);

  // Computes every row of the batch: writes its keys and values, and the logits of the sampled rows, which are valid
  // until the next call.
  // Where the model computes whole texts, each slice is one: from position 0 on, not sampled.
  // An error when token embeddings cannot be read, or the file is not the one that was loaded any more: nothing has
  // been computed then.
  // A row's bits depend on its sequence up to it and on the arithmetic alone; where prompt_rows_differ(), on each
  // position's origin too. Rows of one sequence may come in several slices, positions ascending: each sees all that are
  // before it. REQUIRES: the batch fits, and block tables cover their slices.
  Result<Logits> forward(const Batch& batch);
  // Of rows of the last batch, in any order: their logits, and what the output matrix reads of them. Bits are those
  // that forward gives the same row; each result takes the place of those before it.
  // REQUIRES: logits_count_max() rows at most.
  Logits logits(std::span<const int32_t> rows);
  // REQUIRES: row_count_max() rows at most.
  HiddenStates states(std::span<const int32_t> rows);

  // For each slice of the last batch, how many of its drafted rows are certain. REQUIRES: the model has states; none
  // that is supported has.
  void keep(std::span<const int32_t> accepted);

  // What the model's head makes of a text's pooled row (width); of a model without a head the row itself, as it was
  // given. Valid until the next call of it.
  std::span<const float> head(std::span<const float> pooled);

  const Model& model() const { return *model_; }
  KvStore& kv() { return kv_; }
  int64_t logits_count_max() const { return space_.logits_count_max(); }
  uint64_t workspace_size_bytes() const { return space_.size_bytes(); }
  bool prompt_rows_differ() const { return backend_->prompt_rows_differ(); }

 private:
  ModelInstance(const Model& model, Backend& backend, std::vector<Rope> ropes, KvStore kv, Workspace space)
      : model_(&model), backend_(&backend), ropes_(std::move(ropes)), kv_(std::move(kv)), space_(std::move(space)) {}

  // Cuts the batch's slices into runs, and computes the turns of their rows.
  void prepare(const Batch& batch);
  // What a row reads of its position.
  void turn(int64_t position, int64_t row);
  // Which rows are gathered, and which of those are a prompt's.
  void prepare_gathered(std::span<const int32_t> rows);
  StepInputs inputs(std::span<const int32_t> gathered_rows);
  // Tokens become the rows that the first layer reads.
  Result<void> embed(const Step& step, std::span<const TokenId> tokens, Rows x);
  // Issues what the output matrix reads of the gathered rows, and their logits.
  Rows issue_states(int64_t count);
  Rows issue_logits(int64_t count);
  Logits finish_logits(Rows rows);

  const Model* model_;
  Backend* backend_;
  std::vector<Rope> ropes_;
  KvStore kv_;
  Workspace space_;
  std::vector<float> probabilities_;  // of the head's labels
};

}  // namespace quire
