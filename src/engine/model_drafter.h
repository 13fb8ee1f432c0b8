// Guesses by a smaller model of the same vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/limits.h"
#include "engine/draft_chooser.h"
#include "engine/drafter.h"
#include "engine/executor.h"

namespace quire {

// It keeps its own rows under the numbers of the large model's blocks: what is shared, evicted or given back there is
// so here. Rows that it lacks are computed before it guesses, some of them a step; those of its own guesses are
// computed again once they are known to be right. It chooses as the request does, by the same draws, so that it agrees
// wherever both models expect the same.
class ModelDrafter final : public Drafter {
 public:
  // The executor's limits for an engine of these: rows for its blocks, and one block more for each stream's guesses.
  static Limits executor_limits(const Limits& limits);
  struct Bounds {
    int32_t positions = 0;  // that the small model was made for
    int32_t tokens = 0;     // of the vocabulary, that both models have
  };
  // Borrows the executor, which was made with executor_limits(limits).
  ModelDrafter(Executor& executor, const Limits& limits, Bounds bounds);

  bool computes() const override { return true; }
  void guess(std::span<DraftPlace> places) override;
  void forget(std::span<const BlockId> blocks) override;
  void discard(std::span<const BlockId> blocks) override { executor_.discard(MemoryClass::full, blocks); }

 private:
  // A place that is guessed at in this step.
  struct Stream {
    DraftPlace* place = nullptr;
    std::vector<BlockId> blocks;  // the place's, and one for guesses
    int32_t computed = 0;         // positions, of it and its guesses
    int32_t end = 0;              // of those that are computed next
    int32_t most = 0;             // guesses; 0: what is computed now does not reach its end
  };

  void add(DraftPlace& place, int32_t& rows_left);
  bool compute();
  void choose(Stream& stream, std::span<const float> logits);
  void count_rows(const Stream& stream);
  int32_t known_positions(const DraftPlace& place) const;
  static TokenId token_at(const DraftPlace& place, int32_t position);

  Executor& executor_;
  const int32_t block_tokens_;
  const int32_t block_count_;  // of the engine; those for guesses come behind them
  const Bounds bounds_;
  std::vector<int32_t> rows_;  // of each block, how many are computed
  DraftChooser chooser_;

  // Of one call.
  std::vector<Stream> streams_;
  std::vector<TokenId> tokens_;
  std::vector<RowOrigin> origins_;
  std::vector<BatchSlice> slices_;
  std::vector<SliceFailure> failures_;
};

}  // namespace quire
