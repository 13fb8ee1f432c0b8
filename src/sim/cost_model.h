// What a step takes on a machine that is known by a few measured numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace quire::sim {

// What a step computes. "Read" counts a KV token once for each row that attends to it.
struct StepShape {
  int64_t streams = 0;      // rows of sequences that were one token behind
  int64_t prompt_rows = 0;  // all other rows
  int64_t stream_reads = 0;
  int64_t prompt_reads = 0;
};

// A step is as long as its parts, in nanoseconds. The defaults were measured with quire on llama-1b at Q4_0, two cores
// of a Zen 4 (docs/scheduling_traces.md says how, and how to measure another machine).
struct CostModel {
  double step_ns = 23e6;  // the weights, read once
  double stream_row_ns = 4.6e6;
  double prompt_row_ns = 6.6e6;
  double stream_read_ns = 950;  // from memory
  double prompt_read_ns = 800;  // arithmetic

  static constexpr double part_max_ns = 1e10;

  // "step,stream row,prompt row,stream read,prompt read". Fails unless these are five numbers from 0 to part_max_ns.
  static Result<CostModel> parse(std::string_view text);
  std::string text() const;

  // At least a nanosecond. `token_scale`: one token of the shape stands for so many that are computed, each with its
  // own share of the steps.
  int64_t step(const StepShape& shape, int32_t token_scale) const;
};

}  // namespace quire::sim
