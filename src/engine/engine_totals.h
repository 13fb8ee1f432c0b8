// What an engine has counted since it began: /metrics shows it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/event.h"
#include "core/request.h"
#include "metrics/histogram.h"

namespace quire {

namespace metric_bounds {

constexpr int64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000;  // in nanoseconds

// vLLM's buckets, so that its dashboards read well, with finer ones where a small model on a processor needs them.
inline constexpr std::array<int64_t, 22> wait = {
    1 * ms,    5 * ms,    10 * ms, 20 * ms,   40 * ms, 60 * ms, 80 * ms, 100 * ms, 250 * ms, 500 * ms, 750 * ms,
    1000 * ms, 2500 * ms, 5 * s,   7500 * ms, 10 * s,  20 * s,  40 * s,  80 * s,   160 * s,  640 * s,  2560 * s};
inline constexpr std::array<int64_t, 22> gap = {
    1 * ms,   2500 * us, 5 * ms,   10 * ms, 25 * ms,   50 * ms, 75 * ms,   100 * ms, 150 * ms, 200 * ms, 300 * ms,
    400 * ms, 500 * ms,  750 * ms, 1 * s,   2500 * ms, 5 * s,   7500 * ms, 10 * s,   20 * s,   40 * s,   80 * s};
inline constexpr std::array<int64_t, 26> request = {
    10 * ms,   25 * ms, 50 * ms,   100 * ms, 200 * ms, 300 * ms, 500 * ms, 800 * ms, 1 * s,
    1500 * ms, 2 * s,   2500 * ms, 5 * s,    10 * s,   15 * s,   20 * s,   30 * s,   40 * s,
    50 * s,    60 * s,  120 * s,   240 * s,  480 * s,  960 * s,  1920 * s, 7680 * s};
inline constexpr std::array<int64_t, 18> step = {250 * us, 500 * us, 1 * ms,  2500 * us, 5 * ms,   10 * ms,
                                                 20 * ms,  40 * ms,  60 * ms, 80 * ms,   100 * ms, 150 * ms,
                                                 250 * ms, 500 * ms, 1 * s,   2500 * ms, 5 * s,    10 * s};
inline constexpr std::array<int64_t, 15> rows = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};
inline constexpr std::array<int64_t, 18> tokens = {1,    2,    5,    10,    20,    50,    100,    200,    500,
                                                   1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000};

}  // namespace metric_bounds

// Counters and histograms alone, int64_t throughout, which add_counts can add. Times are nanoseconds of the engine's
// clock; a band is what the request asked for. A request is one sequence: each choice of an answer counts.
// Invariants between steps:
//  1. sum(submitted) = sum(finished) + refused + the requests that are there;
//  2. request_time, prompt_lengths and answer_lengths count sum(finished) each;
//  3. first_token_time of all bands and prefill_time count the requests that got a token; decode_time and
//     inference_time those of them that have finished, mean_gap those that got a second one; token_gap counts
//     generated_tokens less the first one of each.
struct EngineTotals {
  std::array<Histogram<metric_bounds::wait>, band_count>
      queue_time{};  // arrival -> first computed, or end in the queue
  std::array<Histogram<metric_bounds::wait>, band_count> first_token_time{};  // arrival -> first token
  Histogram<metric_bounds::wait> prefill_time;                                // first computed -> first token
  Histogram<metric_bounds::gap> token_gap;                                    // between two tokens of a stream
  Histogram<metric_bounds::request> decode_time;                              // first token -> last token
  Histogram<metric_bounds::gap> mean_gap;                                     // of a request: decode_time / gaps
  Histogram<metric_bounds::request> inference_time;                           // first computed -> last token
  Histogram<metric_bounds::request> request_time;                             // arrival -> end
  Histogram<metric_bounds::tokens> prompt_lengths;                            // of finished requests
  Histogram<metric_bounds::tokens> answer_lengths;
  Histogram<metric_bounds::step> step_time;
  Histogram<metric_bounds::rows> step_rows;

  std::array<int64_t, band_count> submitted{};
  std::array<int64_t, finish_reason_count> finished{};  // by FinishReason
  int64_t refused = 0;                                  // never in the queue: it was full, or they could never fit

  int64_t prompt_tokens = 0;         // of requests of which something was computed
  int64_t prefix_query_tokens = 0;   // ... that may take them from the cache
  int64_t prefix_hit_tokens = 0;     // taken from it
  int64_t prompt_rows_computed = 0;  // what was computed again counts again
  int64_t generated_tokens = 0;
  int64_t preemptions = 0;        // all of them; of those:
  int64_t preempted_unfair = 0;   // ... because their clients were served too much
  int64_t preempted_urgent = 0;   // ... because more urgent prompts needed the step
  int64_t recomputed_tokens = 0;  // computed again after their blocks were taken
  int64_t evicted_blocks = 0;
  int64_t evicted_window_blocks = 0;
  int64_t evicted_snapshots = 0;
  int64_t draft_tokens = 0;     // guesses that were computed
  int64_t accepted_tokens = 0;  // ... and were right
  int64_t context_shifts = 0;   // contexts that were full and went on with a part of what was there
  int64_t slow_steps = 0;       // that took far longer than steps like them
};

}  // namespace quire
