#include "sched/parallel_controller.h"

#include <algorithm>

#include "base/check.h"

namespace quire {

namespace {

constexpr int32_t parallel_start = 8;
constexpr int32_t settle_steps = 4;     // StepCost has followed by then
constexpr int64_t probe_interval = 48;  // steps between two tries of more; each costs its streams settle_steps
// A number of streams is as good as the best when it gives at least this share of its throughput.
constexpr int64_t good_num = 97, good_den = 100;

}  // namespace

ParallelController::ParallelController(const Config& config)
    : config_(config), parallel_(config.adapts ? std::min(parallel_start, config.parallel_max) : config.parallel_max) {
  QUIRE_CHECK(config.parallel_max >= 1, "one at least may run");
}

// An eighth more: one more among forty could not be told from noise.
int32_t ParallelController::stride() const { return doubling_ ? parallel_ : std::max(1, parallel_ / 8); }

void ParallelController::move_to(int32_t parallel) {
  parallel_ = std::clamp(parallel, 1, config_.parallel_max);
  settled_ = 0;
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
  for (int32_t streams = 1; streams <= config_.parallel_max; ++streams) {
    if (cost.knows(streams) && within_gap(cost, streams) && (best == 0 || better(streams, best))) best = streams;
  }
  for (int32_t streams = 1; streams < best; ++streams) {
    if (!cost.knows(streams)) continue;
    if (streams * cost.decode_ns(best) * good_den >= best * cost.decode_ns(streams) * good_num) return streams;
  }
  return std::max(1, best);
}

void ParallelController::after_step(const StepCost& cost, int32_t streams, bool wanted) {
  if (!config_.adapts) return;
  ++steps_since_probe_;
  if (streams != parallel_ || ++settled_ < settle_steps) return;
  const int32_t best = best_known(cost);
  if (best < parallel_) {
    // Fewer do as well, by what was measured when they last ran: go there step by step and see.
    const bool in_vain = probed_from_ > 0;
    doubling_ = false;
    if (in_vain) steps_since_probe_ = 0;
    move_to(in_vain ? std::max(best, probed_from_) : std::max(best, parallel_ - stride()));
    probed_from_ = 0;
    return;
  }
  if (best > parallel_) return move_to(best);
  const bool found = probed_from_ > 0;  // the last try paid
  if (!wanted || parallel_ == config_.parallel_max || (!found && !doubling_ && steps_since_probe_ < probe_interval)) return;
  probed_from_ = parallel_;
  move_to(parallel_ + stride());
}

}  // namespace quire
