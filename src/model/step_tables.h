// What the operations of a step read of the host: made of its batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "core/batch.h"
#include "core/limits.h"
#include "model/config.h"
#include "model/rope.h"

namespace quire {

// Owned by one instance; one thread. Nothing is allocated in a step.
class StepTables {
 public:
  // ropes: by kind of turning. rows_max: of a step; logits_max: that are sampled.
  StepTables(const ModelConfig& config, std::vector<Rope> ropes, int64_t rows_max, int64_t logits_max);

  // Cuts the batch's slices into runs, and computes what each row reads of its position. has_window_blocks: layers with
  // windows find their rows by block tables of their own. prompt_rows_differ: as the backend's.
  void prepare(const Batch& batch, bool has_window_blocks, bool prompt_rows_differ);
  // Of these rows of the step prepared last, which are gathered now: borrowed as long as the inputs.
  void prepare_gathered(std::span<const int32_t> rows);

  // Of the step, and of what gathers its rows afterwards. Without what recurrent layers read.
  StepInputs inputs(int64_t block_tokens) const;
  StepInputs gathering_inputs() const;

  std::span<const int32_t> positions() const { return positions_; }            // of each row, where they are learned
  std::span<const int32_t> sampled_rows() const { return sampled_rows_; }      // by row of the logits
  std::span<const int32_t> likeliest_rows() const { return likeliest_rows_; }  // of rows of logits, ascending

 private:
  // The turns of a step's rows.
  struct TurnTable {
    std::vector<float> cosines, sines;  // (rows_max, rotary / 2)
  };
  void add_slice(const BatchSlice& slice, bool has_window_blocks);
  void add_sampled(const BatchSlice& slice, int32_t logits_rows);
  void turn(int64_t position, int64_t row);

  const ModelConfig* config_;
  std::vector<Rope> ropes_;
  std::vector<RowRun> runs_, window_runs_;  // the latter empty where windows have no blocks of their own
  std::vector<TurnTable> turns_;            // by kind of turning
  std::vector<RopeRows> turn_rows_;         // the same, as a step takes them
  std::vector<float> row_scales_;           // what a row's queries are multiplied by
  std::vector<int32_t> positions_;
  std::vector<int32_t> prompt_rows_;  // ascending; none: all rows are alike
  std::vector<int32_t> sampled_rows_;
  std::vector<int32_t> likeliest_rows_;
  std::span<const int32_t> gathered_rows_;
  std::vector<int32_t> gathered_prompt_rows_;  // of gathered rows, the prompt's
};

}  // namespace quire
