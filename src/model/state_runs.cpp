#include "model/state_runs.h"

#include "base/check.h"

namespace quire {

// A state that is written takes a row at least, so there are no more of them than rows.
StateRuns::StateRuns(int64_t rows_max, int64_t drafted_max) : drafted_max_(drafted_max) {
  const auto rows = static_cast<size_t>(rows_max);
  runs_.reserve(rows);
  copies_.reserve(rows);
  stands_.reserve(2 * rows);
  drafted_rows_.reserve(static_cast<size_t>(drafted_max));
  slices_.reserve(rows);
}

void StateRuns::add_run(const BatchSlice& slice, int32_t index, StateStore& states) {
  const int32_t rows = slice.row_end - slice.row_begin;
  const int32_t certain = rows - slice.drafted;
  QUIRE_CHECK(slice.drafted >= 0 && certain > 0, "a slice has a row that is no guess");
  QUIRE_CHECK(std::ssize(drafted_rows_) + slice.drafted <= drafted_max_, "the guesses fit");
  states.write(slice.state, index);
  stands_.push_back({.state = slice.state, .position = slice.position_begin + certain});
  const size_t copies_begin = copies_.size();
  int32_t last = slice.position_begin;
  for (const StateSnapshot& snapshot : slice.snapshots) {
    QUIRE_CHECK(snapshot.position > last && snapshot.position <= slice.position_begin + certain,
                "certain rows pass a snapshot's position, in order");
    last = snapshot.position;
    states.write(snapshot.state, index);
    stands_.push_back({.state = snapshot.state, .position = snapshot.position});
    copies_.push_back({.rows = snapshot.position - slice.position_begin, .state = snapshot.state.value});
  }
  runs_.push_back({.row_begin = slice.row_begin,
                   .rows = rows,
                   .certain = certain,
                   .from = slice.position_begin > 0 ? slice.state_from.value : -1,
                   .to = slice.state.value,
                   .copies = std::span(copies_).subspan(copies_begin)});
  for (int32_t row = slice.row_end - slice.drafted; row < slice.row_end; ++row) drafted_rows_.push_back(row);
  slices_.push_back({.state = slice.state, .position = slice.position_begin + certain, .drafted = slice.drafted});
}

void StateRuns::prepare(const Batch& batch, StateStore& states) {
  runs_.clear();
  copies_.clear();
  stands_.clear();
  drafted_rows_.clear();
  slices_.clear();
  may_keep_ = false;
  if (!states.in_use()) return;
  states.begin_step();
  int32_t index = 0;
  for (const BatchSlice& slice : batch.slices) {
    if (slice.position_begin > 0) states.read(slice.state_from, slice.position_begin, index);
    ++index;
  }
  index = 0;
  for (const BatchSlice& slice : batch.slices) add_run(slice, index++, states);
}

void StateRuns::computed(StateStore& states) {
  for (const Stand& stand : stands_) states.stand(stand.state, stand.position);
  may_keep_ = true;
}

void StateRuns::prepare_kept(std::span<const int32_t> accepted, StateStore& states) {
  QUIRE_CHECK(may_keep_ && accepted.size() == slices_.size(), "a number for each slice of the last step, once");
  may_keep_ = false;
  runs_.clear();
  int64_t row = 0;
  for (size_t i = 0; i < slices_.size(); ++i) {
    const Slice& slice = slices_[i];
    QUIRE_CHECK(accepted[i] >= 0 && accepted[i] <= slice.drafted, "no more than were guessed");
    if (accepted[i] > 0) {
      runs_.push_back({.row_begin = row,
                       .rows = accepted[i],
                       .certain = accepted[i],
                       .from = slice.state.value,
                       .to = slice.state.value,
                       .copies = {}});
      states.stand(slice.state, slice.position + accepted[i]);
    }
    row += slice.drafted;
  }
}

}  // namespace quire
