// Guesses by a model's own MTP block.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/limits.h"
#include "engine/draft_chooser.h"
#include "engine/drafter.h"
#include "engine/executor.h"

namespace quire {

// The block's row at position p is made of the token behind p and of the model's state at p, and says what comes behind
// that token. Its keys and values lie under the numbers of the model's blocks: what is shared, evicted or given back
// there is so here. A row is computed as soon as its token is known, and never again, since its state is gone then:
// where rows of a block are missing, attention begins behind that block. Guesses behind the first are made of what the
// block gave before them, and their rows are not kept.
class MtpDrafter final : public Drafter {
 public:
  // The block's executor's limits for an engine of these: rows for its blocks, and one block more for each stream's
  // guesses.
  static Limits executor_limits(const Limits& limits);
  // Borrows the executors: the engine's, and the block's, which was made with executor_limits(limits).
  // otherwise: who guesses where the block cannot.
  MtpDrafter(Executor& model, Executor& block, const Limits& limits, std::unique_ptr<Drafter> otherwise);

  bool computes() const override { return true; }
  void computed(std::span<const ComputedRows> rows) override;
  void guess(std::span<DraftPlace> places) override;
  void ended(const Request& request, std::span<const TokenId> timeline, size_t before) override {
    otherwise_->ended(request, timeline, before);
  }
  void forget(std::span<const BlockId> blocks) override;
  void discard(std::span<const BlockId> blocks) override { block_.discard(MemoryClass::full, blocks); }

 private:
  // Rows of a sequence that wait for guess().
  struct Waiting {
    SequenceId sequence;
    int32_t position = 0;         // of its first row
    size_t row = 0;               // of that in states_
    std::vector<TokenId> next;    // behind each row
    std::vector<BlockId> blocks;  // of its positions up to its last one's; from `first` on
    int32_t first = 0;            // blocks before those that it sees
  };
  // What is computed in this call.
  struct Stream {
    const Waiting* rows = nullptr;
    DraftPlace* place = nullptr;  // null: nothing is guessed behind it
    std::vector<BlockId> blocks;  // the rows', and one for guesses
    int32_t position = 0;         // of the next row
    std::span<const TokenId> next;
    std::span<const float> states;  // of each row
    size_t taken = 0;               // rows in the batch
    int32_t most = 0;               // guesses
    std::vector<float> state;       // of the row of the last guess
  };

  // The first of these rows that can be computed, or the position behind them.
  int32_t first_computable(const ComputedRows& rows) const;
  void add(const ComputedRows& rows);
  void begin_streams(std::span<DraftPlace> places, const HiddenStates& states);
  bool compute();
  void take(Stream& stream);
  void advance(Stream& stream);
  void choose(const Logits& logits);

  int32_t& rows_of(BlockId block) { return rows_[static_cast<size_t>(block.value)]; }
  int32_t rows_of(BlockId block) const { return rows_[static_cast<size_t>(block.value)]; }

  Executor& model_;
  Executor& block_;
  const int32_t block_tokens_;
  const int32_t block_count_;  // of the engine; those for guesses come behind them
  const size_t followed_max_;  // sequences of a step
  const size_t step_rows_;     // of the block's executor
  const std::unique_ptr<Drafter> otherwise_;
  std::vector<int32_t> rows_;  // of each block, how many are computed, from its first on
  std::vector<Waiting> waiting_;
  std::vector<int32_t> model_rows_;  // of the last step, those of waiting_
  DraftChooser chooser_;

  // Of one call.
  std::vector<Stream> streams_;
  std::vector<TokenId> tokens_;
  std::vector<float> states_;
  std::vector<RowOrigin> origins_;
  std::vector<BatchSlice> slices_;
  std::vector<SliceFailure> failures_;
  std::vector<Stream*> guessing_;       // by row of logits
  std::vector<int32_t> guessing_rows_;  // of the batch
};

}  // namespace quire
