// How many sequences run together: climbs while more of them buy throughput, backs off when they do not.
#pragma once

#include <cstdint>

#include "sched/step_cost.h"

namespace quire {

// Looks for the smallest number of streams whose throughput is within a few per cent of the best that is known, and
// tries a few more from time to time while somebody waits. The machine is known by StepCost alone, so the answer is a
// pure function of the observations. Engine thread only.
class ParallelController {
 public:
  struct Config {
    int32_t parallel_max = 1;  // never exceeded
    int32_t start = 8;         // before anything was measured
    bool adapts = true;        // false: always parallel_max
    int64_t gap_max_ns = 0;    // steps of streams alone are not to take longer; 0: any
  };

  explicit ParallelController(const Config& config);

  // After each step. `streams` were computed in it and nothing else (0: another kind of step); `wanted`: somebody
  // waits for a seat.
  void after_step(const StepCost& cost, int32_t streams, bool wanted);

  int32_t parallel() const { return parallel_; }
  int32_t parallel_max() const { return config_.parallel_max; }

 private:
  int32_t best_known(const StepCost& cost) const;
  void forget_if_slower(int64_t step_ns);
  int32_t unknown_below(const StepCost& cost) const;
  bool within_gap(const StepCost& cost, int32_t streams) const;
  void move_to(int32_t parallel);
  int32_t stride() const;

  const Config config_;
  int32_t parallel_;
  int32_t horizon_;                // larger numbers are not believed
  int64_t settled_ns_ = 0;         // step time when it had settled here; 0: not yet
  bool down_next_ = false;         // the next look is at fewer
  bool doubling_ = true;           // nothing was ever too many
  int32_t settled_ = 0;            // steps of just parallel_ streams since it moved
  int64_t steps_since_probe_ = 0;  // since more were tried in vain
  int32_t probed_from_ = 0;        // parallel_ before it was raised to see; 0: not a probe
};

}  // namespace quire
