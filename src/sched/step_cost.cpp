#include "sched/step_cost.h"

#include <algorithm>

#include "base/check.h"

namespace quire {

namespace {

// Moves an estimate by a quarter of the difference, which is at most half of the estimate: four steps in a row convince,
// one that took ten times as long does not.
int64_t moved(int64_t estimate, int64_t observed) {
  const int64_t most = std::max<int64_t>(1, estimate / 2);
  return estimate + std::clamp(observed - estimate, -most, most) / 4;
}

}  // namespace

StepCost::StepCost(int32_t streams_max) : points_(static_cast<size_t>(streams_max) + 1) {
  QUIRE_CHECK(streams_max >= 1, "a step has a stream");
}

void StepCost::observe(const StepObservation& observation) {
  const auto& [streams, prompt_rows, step_ns] = observation;
  QUIRE_CHECK(streams >= 0 && streams <= streams_max() && prompt_rows >= 0, "a step within the limits");
  if (prompt_rows == 0) {
    if (streams == 0) return;
    Point& point = points_[static_cast<size_t>(streams)];
    point.step_ns = point.count++ == 0 ? step_ns : moved(point.step_ns, step_ns);
    ++measured_;
    return;
  }
  // A few rows beside many streams say little about a row.
  constexpr int32_t telling_rows = 8;
  if (prompt_rows < telling_rows) return;
  // A step without streams reads the weights for its first prompt row. While no step of streams alone was seen, a row
  // is taken for its share of the step, and the streams for what is left.
  const bool measured = measured_ > 0;
  const int64_t base_ns = measured ? decode_ns(std::max(1, streams)) : 0;
  const int64_t rows = prompt_rows - (streams == 0 && measured ? 1 : 0) + (measured ? 0 : streams);
  const int64_t row_ns = std::max<int64_t>(1, (step_ns - base_ns) / rows);
  prompt_row_ns_ = prompt_row_ns_ == 0 ? row_ns : moved(prompt_row_ns_, row_ns);
  if (!measured && streams > 0) guess_ns_ = std::max(step_ns / 4, step_ns - prompt_rows * prompt_row_ns_);
}

int64_t StepCost::decode_ns(int32_t streams) const {
  if (measured_ == 0) return guess_ns_;
  const int32_t at = std::min(streams, streams_max());
  if (knows(at)) return points_[static_cast<size_t>(at)].step_ns;
  int32_t below = at, above = at;
  while (below > 0 && !knows(below)) --below;
  while (above < streams_max() && !knows(above)) ++above;
  const Point& low = points_[static_cast<size_t>(below)];
  const Point& high = points_[static_cast<size_t>(above)];
  if (low.count == 0) return high.step_ns;
  if (high.count == 0) return low.step_ns;
  return low.step_ns + (high.step_ns - low.step_ns) * (at - below) / (above - below);
}

}  // namespace quire
