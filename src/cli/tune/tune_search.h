// Which numbers of contexts `quire tune` visits, and how often.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "cli/tune/tune_curve.h"

namespace quire::cli {

struct TuneBounds {
  int32_t contexts_max = 1;
  int64_t time_ns = 0;
};

struct TuneFound {
  TuneCurve curve;
  bool cut_short = false;  // there was no time for larger numbers, or for repeats
  double seconds = 0;
};

// Doubles the number of contexts while that helps, looks between the numbers around the knee, and comes back to all
// that may be best until the time is over. `visit` measures, for about visit_ns, the time of a step of so many
// contexts. Errors: those of a visit.
Result<TuneFound> search_contexts(FunctionRef<Result<int64_t>(int32_t contexts, int64_t visit_ns)> visit,
                                  const TuneBounds& bounds, const Clock& clock);

}  // namespace quire::cli
