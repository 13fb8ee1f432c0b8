// Which numbers of contexts `quire tune` visits, and how often.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/tune_curve.h"

namespace quire::cli {

// Doubles the number of contexts while that helps, looks between the numbers around the knee, and comes back to all
// that may be best until the time is over. One thread.
class TuneSearch {
 public:
  // The time of a step of so many contexts, measured for about visit_ns.
  using Visit = std::function<Result<int64_t>(int32_t contexts, int64_t visit_ns)>;
  struct Bounds {
    int32_t contexts_max = 1;
    int64_t time_ns = 0;
  };
  struct Found {
    TuneCurve curve;
    bool cut_short = false;  // there was no time for larger numbers, or for repeats
    double seconds = 0;
  };
  TuneSearch(Visit visit, Bounds bounds, const Clock& clock);

  // Errors: those of a visit.
  Result<Found> run() const;

 private:
  class Run;
  const Visit visit_;
  const Bounds bounds_;
  const Clock& clock_;
};

}  // namespace quire::cli
