// A model on its devices: what a step of it is computed with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/batch.h"
#include "core/limits.h"
#include "model/kv_store.h"
#include "model/model.h"
#include "model/placement/stage.h"
#include "model/state_runs.h"
#include "model/state_store.h"
#include "model/step_tables.h"
#include "model/workspace.h"

namespace quire {

// Owns the keys and values of limits.block_count blocks and the rows of a step; borrows the model and the backends of
// its stages, which other instances may use between a finish() and the next issue(). One thread.
class ModelInstance {
 public:
  // stages: those that the model was loaded onto. An error says which limit cannot be had.
  static Result<ModelInstance> create(const Model& model, std::span<const Stage> stages, const Limits& limits);
  // Of a model that is wholly on one device.
  static Result<ModelInstance> create(const Model& model, Backend& backend, const Limits& limits);

  // Computes every row of the batch: writes its keys and values, and the logits of the sampled rows, which finish()
  // brings and which are valid until the next call. What issue() begins may run until then. The batch is borrowed for
  // the call.
  // Where the model computes whole texts, each slice is one: from position 0 on, not sampled.
  // An error when token embeddings cannot be read, or the file is not the one that was loaded any more: nothing has
  // been computed then. Or when the device is lost: then this instance computes nothing any more.
  // A row's bits depend on its sequence up to it and on the arithmetic alone; where prompt_rows_differ(), on each
  // position's origin too. Rows of one sequence may come in several slices, positions ascending: each sees all that are
  // before it. REQUIRES: the batch fits, and block tables cover their slices.
  // Of a model with recurrent layers, each slice reads and writes states (core/batch.h); a sequence has one slice then.
  Result<void> issue(const Batch& batch);
  // REQUIRES: issue() has succeeded.
  Result<Logits> finish();
  // Both.
  Result<Logits> forward(const Batch& batch);
  // Of the guessed rows of each slice of the last batch the first so many were right: the states of recurrent layers go
  // on through them, with the bits that they would have if these had never been guesses. Once a batch; without it no
  // guess was right. Logits and states of the batch's rows may be asked for before and after.
  void keep(std::span<const int32_t> accepted);
  // Of rows of the last batch, in any order: their logits, and what the output matrix reads of them. Bits are those
  // that forward gives the same row; each result takes the place of those before it.
  // An error when the device is lost.
  // REQUIRES: logits_count_max() rows at most.
  Result<Logits> logits(std::span<const int32_t> rows);
  // REQUIRES: row_count_max() rows at most.
  Result<HiddenStates> states(std::span<const int32_t> rows);

  // What the model's head makes of a text's pooled row (width); of a model without a head the row itself, as it was
  // given. Valid until the next call of it.
  Result<std::span<const float>> head(std::span<const float> pooled);

  const Model& model() const { return *model_; }
  // These blocks of a class, or states, hold nobody's rows any more: builds with QUIRE_POISON_KV fill them with NaN.
  // What is discarded gives its memory back to the system besides.
  void forget(MemoryClass of, std::span<const BlockId> blocks);
  void discard(MemoryClass of, std::span<const BlockId> blocks);
  KvStore& kv() { return kv_; }
  StateStore& recurrent_states() { return states_; }
  int64_t logits_count_max() const { return last().space.logits_count_max(); }
  // Of all stages, and of one.
  uint64_t workspace_size_bytes() const;
  uint64_t workspace_size_bytes(size_t stage) const { return parts_[stage].space.size_bytes(); }
  bool prompt_rows_differ() const { return last().on->prompt_rows_differ(); }

 private:
  // A stage, and its room.
  struct Part {
    Backend* on;
    LayerRange layers;
    Workspace space;
  };
  ModelInstance(const Model& model, std::vector<Part> parts, StepTables tables, KvStore kv, StateStore states,
                const Limits& limits);

  const Part& last() const { return parts_.back(); }
  int64_t row_count_max() const { return last().space.row_count_max(); }
  // What recurrent layers read is added.
  StepInputs step_inputs() const;
  LayerState state_of(const Part& part, int64_t layer) const;
  // Tokens become the rows that the first layer reads.
  Result<void> embed(const Step& step, const Batch& batch, Rows x);
  // The next stage begins with what `from` gives it, which has computed then.
  Result<void> carry(const Part& from, const Part& to, const StepInputs& inputs, const Batch& batch);
  // Issues what the output matrix reads of the gathered rows, and their logits.
  Rows issue_states(int64_t count);
  Rows issue_logits(int64_t count);
  Result<Logits> finish_logits(Rows rows, std::span<const int32_t> likeliest_of);

  const Model* model_;
  std::vector<Part> parts_;
  StepTables tables_;
  KvStore kv_;
  StateStore states_;
  StateRuns state_runs_;
  Rows issued_;                       // logits of the step that was issued
  std::vector<float> probabilities_;  // of the head's labels
};

}  // namespace quire
