// What people are shown of sequences and of the scheduler: plain numbers, copied out after a step.
#pragma once

#include <array>
#include <cstdint>

#include "core/ids.h"

namespace quire {

enum class SequenceState : uint8_t {
  waiting,   // admitted to the queue, owns nothing
  running,   // may be in a step
  parked,    // displaced: keeps its blocks until memory is needed, computes nothing
  finished,  // owns nothing, in no plan
};

// Why a sequence does not run, as far as the scheduler can tell after a step.
enum class WaitReason : uint8_t {
  none,       // it runs
  next_step,  // nothing is in its way any more
  parallel,   // first in line; as many contexts run as may now
  memory,     // first in line; its tokens and their growth do not fit beside those that run
  step,       // first in line; its band and more urgent ones want every row of a step
  band,       // behind a more urgent one
  fairness,   // behind one that came later, whose client was served less
  position,   // behind earlier ones
  model,      // no engine has got it: its model is being loaded, or waits for a seat
};

// One sequence after a step. Times are of the engine's clock; -1: not yet, or not known.
struct SequenceView {
  SequenceId id;
  SequenceState state = SequenceState::waiting;
  uint8_t band = 3;       // as it counts now: ageing may have lifted it
  int32_t position = -1;  // in the order in which waiting and parked ones get their turn, from 0; -1: it runs
  WaitReason reason = WaitReason::none;
  int32_t prompt_tokens = 0;
  int32_t computed_tokens = 0;  // positions whose KV is there
  int32_t cached_tokens = 0;    // of the prompt, those that needed no computing
  int32_t generated_tokens = 0;
  int32_t length_max = 0;     // prompt and answer together at most
  int32_t blocks_own = 0;     // held by it alone
  int32_t blocks_shared = 0;  // held by others as well
  int32_t preemptions = 0;
  int64_t arrived_ns = 0;
  int64_t started_ns = -1;         // first step that computed a token of it
  int64_t expected_start_ns = -1;  // of a waiting one, by the measured rate of starts
};

// Step time against rows as measured: `step_ns` of a step in which `streams` sequences computed one token each.
struct CurvePoint {
  int32_t streams = 0;
  int64_t step_ns = 0;
};

// What the controllers of parallelism and of the step budget know and want.
struct ControllerView {
  int32_t parallel = 0;            // sequences that may run together now
  int32_t parallel_max = 0;        // the bound that it never exceeds
  int64_t target_gap_ns = 0;       // between two tokens of a stream; 0: not derived yet
  int64_t prompt_row_ns = 0;       // what a prompt row adds to a step; 0: not measured yet
  int32_t step_tokens = 0;         // rows of the last step's budget
  int64_t start_interval_ns = -1;  // measured time from one start to the next while others wait; -1: not known
  static constexpr int32_t curve_max = 64;
  std::array<CurvePoint, curve_max> curve{};  // ascending in streams
  int32_t curve_points = 0;
};

}  // namespace quire
