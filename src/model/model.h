// A language model: its weights and the computation of a batch.
#pragma once

#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "base/result.h"
#include "core/batch.h"
#include "gguf/file.h"
#include "model/config.h"
#include "model/kv_store.h"
#include "model/rope.h"
#include "model/weights.h"
#include "model/workspace.h"

namespace quire {

// Immutable once loaded; any thread may compute with it, each with its own KvStore and Workspace.
class Model {
 public:
  // Checks the file against its architecture and packs the weights for `backend`. The file must outlive the model:
  // token embeddings are read from it row by row.
  // kv_type: f16 or q8_0; config() says what became of it.
  static Result<Model> load(const gguf::File& file, Backend& backend, KvType kv_type, LoadProgress progress);
  static Result<Model> load(const gguf::File& file, Backend& backend, KvType kv_type = KvType::f16);

  const ModelConfig& config() const { return config_; }
  int32_t vocab_size() const { return static_cast<int32_t>(config_.vocab); }
  // Bytes of the packed weights.
  uint64_t weight_size_bytes() const;
  // Multiply-adds with weights: of every row, and of a sampled one besides.
  int64_t layer_products() const;
  int64_t output_products() const { return config_.vocab * config_.width; }

  // Computes every row of the batch: writes its keys and values, and the logits of the sampled rows into `space`.
  // An error when token embeddings cannot be read, or the file is not the one that was loaded any more: nothing has
  // been computed then.
  // A row's bits depend on its sequence up to it and on the kernel table alone; where the backend's
  // prompt_rows_differ(), on each position's origin too. Rows of one sequence may come in several slices, positions
  // ascending: each sees all that are before it. REQUIRES: the batch fits into `space`, and block tables cover their
  // slices.
  Result<Logits> forward(const Batch& batch, Backend& backend, const KvStore& kv, Workspace& space) const;
  // Of rows of the last batch that `space` was used for, in any order: their logits, and what the output matrix reads
  // of them. Bits are those that forward gives the same row; each result takes the place of those before it. REQUIRES:
  // logits_count_max rows at most.
  Logits logits(std::span<const int32_t> rows, Backend& backend, Workspace& space) const;
  // REQUIRES: row_count_max rows at most.
  HiddenStates states(std::span<const int32_t> rows, Backend& backend, Workspace& space) const;

 private:
  Model(ModelConfig config, const Architecture& architecture, Weights weights);
  // Cuts the batch's slices into runs, plans how they attend, and computes the turns of their rows.
  void prepare(const Batch& batch, Backend& backend, const KvStore& kv, Workspace& space) const;

  ModelConfig config_;
  const Architecture* architecture_;
  Weights weights_;
  Rope rope_;
};

}  // namespace quire
