#include "sched/step_cost.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace quire {

namespace {

int64_t median(int64_t a, int64_t b, int64_t c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

}  // namespace

// Follows the median of the last three: one that took ten times as long does not count, two in a row do. Half of the
// way where the machine has changed, an eighth where the difference is noise.
void StepCost::Estimate::add(int64_t observed) {
  if (count++ == 0) value = last = before_last = observed;
  const int64_t difference = median(observed, last, before_last) - value;
  value += difference / (std::abs(difference) > value / 20 ? 2 : 4);
  before_last = std::exchange(last, observed);
}

void StepCost::Estimate::fade() {
  for (int64_t* one : {&value, &last, &before_last}) *one -= *one / 64;
}

StepCost::StepCost(int32_t streams_max) : points_(static_cast<size_t>(streams_max) + 1) {
  QUIRE_CHECK(streams_max >= 1, "a step has a stream");
}

void StepCost::observe(const StepObservation& observation) {
  const auto& [streams, prompt_rows, draft_rows, measured_ns] = observation;
  const int64_t step_ns = std::max<int64_t>(1, measured_ns);  // a clock may stand still
  QUIRE_CHECK(streams >= 0 && streams <= streams_max() && prompt_rows >= 0, "a step within the limits");
  if (draft_rows > 0) {
    // Drafts are computed beside streams alone.
    if (prompt_rows == 0 && knows(streams)) {
      const int64_t alone_ns = decode_ns(streams);
      // A row takes no more than a step of its own would; what took longer was something else.
      draft_row_.add(std::clamp<int64_t>((step_ns - alone_ns) / draft_rows, 1, std::max<int64_t>(1, alone_ns)));
    }
    return;
  }
  if (prompt_rows == 0) {
    if (streams == 0) return;
    points_[static_cast<size_t>(streams)].add(step_ns);
    ++measured_;
    return;
  }
  // A few rows beside many streams say little about a row.
  constexpr int32_t telling_rows = 4;
  if (prompt_rows < telling_rows) return;
  // A step without streams reads the weights for its first prompt row. While no step of streams alone was seen, a row
  // is taken for its share of the step, and the streams for what is left.
  const bool measured = measured_ > 0;
  const int64_t base_ns = measured ? decode_ns(std::max(1, streams)) : 0;
  const int64_t rows = prompt_rows - (streams == 0 && measured ? 1 : 0) + (measured ? 0 : streams);
  prompt_row_.add(std::max<int64_t>(1, (step_ns - base_ns) / rows));
  if (!measured && streams > 0) guess_ns_ = std::max(step_ns / 4, step_ns - prompt_rows * prompt_row_.value);
}

int64_t StepCost::decode_ns(int32_t streams) const {
  if (measured_ == 0) return guess_ns_;
  const int32_t at = std::min(streams, streams_max());
  if (knows(at)) return points_[static_cast<size_t>(at)].value;
  int32_t below = at, above = at;
  while (below > 0 && !knows(below)) --below;
  while (above < streams_max() && !knows(above)) ++above;
  const Estimate& low = points_[static_cast<size_t>(below)];
  const Estimate& high = points_[static_cast<size_t>(above)];
  if (low.count == 0) return high.value;
  if (high.count == 0) return low.value;
  return low.value + (high.value - low.value) * (at - below) / (above - below);
}

}  // namespace quire
