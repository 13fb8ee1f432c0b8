// The roofs over every kernel on this machine: how fast memory is read, and how fast registers are multiplied.
#pragma once

#include <cstdint>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/team.h"
#include "kernels/peaks.h"

namespace quire {

// The least time that a call of `body` took, of at least three calls and `budget_seconds`. For one worker, which is the
// caller, its processor time counts, which other programs hardly change; for more the clock on the wall.
double best_seconds(FunctionRef<void()> body, int workers = 1, double budget_seconds = 0.4);

// Bytes a second that the team reads of memory that no cache holds, in huge pages, as weights are kept.
Result<double> measure_read_rate(Team& team);

// Multiply-adds a second of the loop, on all workers of the team.
double measure_peak_rate(Team& team, const PeakLoop& loop);

}  // namespace quire
