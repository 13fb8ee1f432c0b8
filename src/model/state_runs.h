// A step as recurrent layers see it: which rows go through which states.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "core/batch.h"
#include "model/state_store.h"

namespace quire {

// Owned by one instance; one thread. Nothing is allocated in a step.
class StateRuns {
 public:
  // rows_max: of a step; drafted_max: that are guesses.
  StateRuns(int64_t rows_max, int64_t drafted_max);

  // Of the batch's slices, checked against where the states stand.
  void prepare(const Batch& batch, StateStore& states);
  // The step will be computed: its states stand behind its certain rows, and guesses may be kept.
  void computed(StateStore& states);
  // Of the guesses of each slice of that step the first so many were right: the runs are of kept rows now, as many as
  // drafted_count(), and their states stand behind them.
  void prepare_kept(std::span<const int32_t> accepted, StateStore& states);

  std::span<const StateRun> runs() const { return runs_; }
  std::span<const int32_t> drafted_rows() const { return drafted_rows_; }  // ascending
  int64_t drafted_count() const { return std::ssize(drafted_rows_); }

 private:
  struct Stand {
    BlockId state;
    int32_t position = 0;
  };
  // A slice of the last step.
  struct Slice {
    BlockId state;
    int32_t position = 0;  // behind its certain rows
    int32_t drafted = 0;
  };
  void add_run(const BatchSlice& slice, int32_t index, StateStore& states);

  int64_t drafted_max_;
  std::vector<StateRun> runs_;
  std::vector<StateCopy> copies_;
  std::vector<Stand> stands_;
  std::vector<int32_t> drafted_rows_;
  std::vector<Slice> slices_;
  bool may_keep_ = false;
};

}  // namespace quire
