#include "sched/parallel_controller.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

namespace {

constexpr int32_t settle_steps = 6;     // StepCost has followed by then
constexpr int64_t probe_interval = 48;  // steps between two tries of more; each costs its streams settle_steps
// A number of streams is as good as the best when it gives at least this share of its throughput.
constexpr int64_t good_num = 93, good_den = 100;

}  // namespace

ParallelController::ParallelController(const Config& config)
    : config_(config),
      parallel_(config.adapts ? std::min(config.start, config.parallel_max) : config.parallel_max),
      horizon_(parallel_) {
  QUIRE_CHECK(config.parallel_max >= 1, "one at least may run");
}

// An eighth more: one more among forty could not be told from noise.
int32_t ParallelController::stride() const { return doubling_ ? parallel_ : std::max(1, parallel_ / 8); }

void ParallelController::move_to(int32_t parallel) {
  parallel_ = std::clamp(parallel, 1, config_.parallel_max);
  horizon_ = std::max(horizon_, parallel_);
  settled_ = 0;
  settled_ns_ = 0;
}

bool ParallelController::within_gap(const StepCost& cost, int32_t streams) const {
  return config_.gap_max_ns == 0 || streams == 1 || cost.decode_ns(streams) <= config_.gap_max_ns;
}

// The smallest measured number of streams that is as good as the best measured one.
int32_t ParallelController::best_known(const StepCost& cost) const {
  int32_t best = 0;
  const auto better = [&](int32_t a, int32_t b) {  // a / time(a) > b / time(b)
    return a * cost.decode_ns(b) > b * cost.decode_ns(a);
  };
  for (int32_t streams = 1; streams <= horizon_; ++streams) {
    if (cost.knows(streams) && within_gap(cost, streams) && (best == 0 || better(streams, best))) best = streams;
  }
  for (int32_t streams = 1; streams < best; ++streams) {
    if (!cost.knows(streams)) continue;
    if (streams * cost.decode_ns(best) * good_den >= best * cost.decode_ns(streams) * good_num) return streams;
  }
  return std::max(1, best);
}

// A number of streams between this one and the next smaller that was measured, which might do as well: a step of more
// streams takes no less time, so those with too small a throughput even in the time of the smaller are left out.
// 0: there is none.
int32_t ParallelController::unknown_below(const StepCost& cost) const {
  int32_t below = parallel_ - 1;
  while (below > 0 && !cost.knows(below)) --below;
  const int64_t below_ns = below > 0 ? cost.decode_ns(below) : 0;
  const int64_t least = ceil_div<int64_t>(parallel_ * below_ns * good_num, cost.decode_ns(parallel_) * good_den);
  const auto from = static_cast<int32_t>(std::max<int64_t>(below + 1, least));
  return from <= parallel_ - std::max(1, parallel_ / 8) ? (from + parallel_) / 2 : 0;
}

// When the present number takes clearly longer than it did, what was measured of larger ones was of another machine;
// of smaller ones it is seen on the way down.
void ParallelController::forget_if_slower(int64_t step_ns) {
  if (settled_ns_ == 0) settled_ns_ = step_ns;
  if (step_ns * 9 < settled_ns_ * 10) return;
  horizon_ = parallel_;
  settled_ns_ = step_ns;
}

void ParallelController::after_step(const StepCost& cost, int32_t streams, bool wanted) {
  if (!config_.adapts) return;
  ++steps_since_probe_;
  if (streams != parallel_ || ++settled_ < settle_steps) return;
  forget_if_slower(cost.decode_ns(parallel_));
  const int32_t best = best_known(cost);
  if (best != parallel_) {
    // Fewer do as well, or more do better, by what was measured when they last ran: go there and see.
    doubling_ = doubling_ && best > parallel_;
    if (best < parallel_ && probed_from_ > 0) steps_since_probe_ = 0;  // the last try was in vain
    probed_from_ = 0;
    return move_to(best);
  }
  const int32_t unknown = unknown_below(cost);
  if (unknown > 0 && !doubling_) return move_to(unknown);
  const bool found = std::exchange(probed_from_, 0) > 0;  // the last try paid
  const bool due = found || doubling_ || steps_since_probe_ >= probe_interval;
  doubling_ = doubling_ && parallel_ < config_.parallel_max;
  if (!wanted || !due) return;
  // In turn with a look at fewer: else chance, which makes one of many equal numbers look best, would lead upwards.
  const bool looks_down = !found && !doubling_ && std::exchange(down_next_, !down_next_) && parallel_ > 1;
  if (looks_down || parallel_ == config_.parallel_max) {
    steps_since_probe_ = 0;
    return looks_down ? move_to(parallel_ - stride()) : void();
  }
  probed_from_ = parallel_;
  move_to(parallel_ + stride());
}

}  // namespace quire
