// The executor of the simulator: KV that stores tokens, states that know where they stand, faults that come when told.
// Steps run as on a device: what they were issued with is computed when they are waited for. Where no plan is made
// ahead a batch is borrowed until then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/limits.h"
#include "engine/executor.h"
#include "sim/fake_model.h"

namespace quire::sim {

enum class FaultKind : uint8_t {
  fails,        // the slice is reported as failed, with half of its rows written
  not_numbers,  // its logits are NaN
};

// What happens to one sequence when it is computed for the n-th time (from 0).
struct Fault {
  FaultKind kind = FaultKind::fails;
  int32_t call = 0;
};

// Engine thread only.
class FakeExecutor final : public Executor {
 public:
  using Observer = std::function<void(const Batch&)>;

  // issued: sees each batch before it is computed, the middle of a step. waited_for: ... when it is.
  FakeExecutor(const Limits& limits, int32_t vocab_size, std::map<SequenceId, Fault> faults, Observer issued,
               Observer waited_for = {});

  void issue(const Batch& batch) override;
  Logits finish(std::vector<SliceFailure>& failures) override;
  Result<Logits> logits(std::span<const int32_t> rows) override;
  int32_t logits_rows_max() const override { return 3; }  // few, so that prompts are read in several calls
  Result<HiddenStates> states(std::span<const int32_t> rows) override;
  Result<std::span<const float>> head(std::span<const float> pooled) override {
    expect_idle("a head");
    head_ = fake_head(pooled);
    return head_;
  }
  void keep(std::span<const int32_t> accepted) override;
  void forget(MemoryClass of, std::span<const BlockId> blocks) override;
  void discard(MemoryClass of, std::span<const BlockId> blocks) override { forget(of, blocks); }
  int32_t vocab_size() const override { return vocab_size_; }
  bool prompt_rows_differ() const override { return limits_.prompt_rows_differ; }
  bool whole_texts() const override { return limits_.whole_texts; }
  void parallel_for(int64_t count, FunctionRef<void(int64_t index, int worker)> body) override {
    for (int64_t index = 0; index < count; ++index) body(index, 0);
  }
  int worker_count() const override { return 1; }

  // The first time that something was read which is not that of its position, in words.
  const std::optional<std::string>& misread() const { return misread_; }
  int64_t rows_computed() const { return rows_computed_; }
  bool runs() const { return runs_; }

 private:
  // A batch with all that it borrows. Keeps its memory from step to step.
  struct IssuedBatch {
    struct Tables {
      std::vector<BlockId> blocks, window_blocks;
      std::vector<StateSnapshot> snapshots;
    };
    void copy(const Batch& batch);
    Batch batch() const { return {.tokens = tokens, .origins = origins, .slices = slices, .logits_rows = logits_rows}; }

    std::vector<TokenId> tokens;
    std::vector<RowOrigin> origins;
    std::vector<BatchSlice> slices;
    std::vector<Tables> tables;  // of each slice
    int32_t logits_rows = 0;
  };
  // What recurrent layers have made of the rows before a position.
  struct State {
    int32_t position = -1;  // -1: nobody's
    uint64_t recurrence = 0;
  };
  // Rows of guesses, which the state has not seen.
  struct Guessed {
    BlockId state;
    std::vector<KvRow> rows;
  };

  KvRow& row_at(const BatchSlice& slice, MemoryClass of, int32_t position);
  void check_place(const BatchSlice& slice, const KvRow& row, int32_t position);
  FakeAttention attention_over(const BatchSlice& slice, int32_t end);
  uint64_t window_before(const BatchSlice& slice, int32_t position);
  uint64_t recurrence_before(const BatchSlice& slice);
  void write_states(const BatchSlice& slice, const KvRow& row, const FakeAttention& attention);
  void see_whole_text(const BatchSlice& slice);
  bool compute(const Batch& batch, const BatchSlice& slice, std::optional<FaultKind> fault);
  void hide_logits(const Batch& batch);
  State& state_at(BlockId state) { return kept_states_.at(static_cast<size_t>(state.value)); }
  void misread(std::string what);
  void expect_idle(const char* what);

  // const after construction
  const Limits limits_;
  const int32_t vocab_size_;
  const std::map<SequenceId, Fault> faults_;
  const Observer issued_;
  const Observer waited_for_;

  bool runs_ = false;  // a step
  Batch running_;
  IssuedBatch copied_;                   // of it, where others go on meanwhile
  std::vector<KvRow> rows_;              // (block_count, block_tokens)
  std::vector<KvRow> window_rows_;       // (window_block_count, block_tokens)
  KvRow nobodys_;                        // read where there is none
  std::vector<State> kept_states_;       // (state_count)
  std::vector<Guessed> guessed_;         // of each slice of the last batch
  bool keeps_ = false;                   // the last batch's guesses have not been told from the others yet
  std::vector<FakeAttention> attended_;  // (rows of the batch): what is read after each
  std::vector<float> logits_;            // (sampled rows, vocab)
  std::vector<TokenId> likeliest_;       // (sampled rows)
  std::vector<float> states_;            // (rows that were asked for, fake_state_width)
  std::vector<float> head_;              // of the pooled row that was given last
  std::map<SequenceId, int32_t> calls_;  // of the sequences that have a fault
  std::optional<std::string> misread_;
  int64_t rows_computed_ = 0;
};

}  // namespace quire::sim
