// What computes a batch: the real model, the simulator's fake, or in tests one that follows a script.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "core/batch.h"

namespace quire {

// A slice that could not be computed; the others of the step are not touched by it.
struct SliceFailure {
  SequenceId sequence;
  std::string why;
};

// Nothing of the batch could be computed.
inline void fail_all(const Batch& batch, const std::string& why, std::vector<SliceFailure>& failures) {
  for (const BatchSlice& slice : batch.slices) failures.push_back({.sequence = slice.sequence, .why = why});
}

// Engine thread only. A step runs from issue to finish; in between nothing else is called, so nobody changes what it
// reads. What they throw is the end of the engine.
class Executor {
 public:
  virtual ~Executor() = default;
  // Begins to compute every row of the batch, writing its KV rows, and the logits of sampled rows. The batch is
  // borrowed for the call. A device returns at once. REQUIRES: no step runs.
  virtual void issue(const Batch& batch) = 0;
  // Waits for the step that runs. Failures (usually none) are appended to `failures`. The result is valid until the
  // next issue, and empty when all slices failed. REQUIRES: a step runs.
  virtual Logits finish(std::vector<SliceFailure>& failures) = 0;
  // Both, for who has nothing else to do.
  Logits forward(const Batch& batch, std::vector<SliceFailure>& failures) {
    issue(batch);
    return finish(failures);
  }
  // More of any rows of the last batch, until the next issue; each call's result takes the place of those before,
  // finish's too. Their errors, and head's, are the device's: the next step has them too.
  // REQUIRES: the rows' slices have not failed.
  // Their logits, of logits_rows_max() rows at most.
  virtual Result<Logits> logits(std::span<const int32_t> rows) = 0;
  virtual int32_t logits_rows_max() const = 0;
  virtual Result<HiddenStates> states(std::span<const int32_t> rows) = 0;
  // What the model makes of a prompt's pooled rows (width): its vector, or its rank. Valid until the next call of it.
  virtual Result<std::span<const float>> head(std::span<const float> pooled) = 0;
  // For each slice of the last batch, how many of its drafted rows are certain: the states go on over them. Called once
  // after a batch that was computed and of which a guess was right, before the next one, where there are states.
  virtual void keep(std::span<const int32_t> accepted) = 0;
  // These blocks of a class hold nobody's rows any more, these states nobody's: debug builds fill them with NaN.
  virtual void forget(MemoryClass of, std::span<const BlockId> blocks) = 0;
  // These will not be used until they come as fresh ones: their memory can go back to the system.
  virtual void discard(MemoryClass of, std::span<const BlockId> blocks) = 0;
  virtual int32_t vocab_size() const = 0;
  // Whether rows of prompts have an arithmetic of their own (Backend::prompt_rows_differ): then the bits of a
  // sequence's later rows depend on the origins of those before.
  virtual bool prompt_rows_differ() const = 0;
  // Whether rows see those behind them too: a slice is a whole text then, and nothing of it is sampled.
  virtual bool whole_texts() const = 0;
  // The workers, who have nothing to compute while no step runs: body(index, worker) once for each index in
  // [0, count), in any order; worker is in [0, worker_count()), and no two calls with the same one overlap. Returns
  // when all have returned, and throws then what one of them has thrown.
  virtual void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) = 0;
  virtual int worker_count() const = 0;
};

}  // namespace quire
