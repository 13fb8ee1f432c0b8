// What one engine step computes: the scheduler's plan in integers.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.h"
#include "core/request.h"

namespace quire {

// Compute positions [begin, end) of one sequence; sample the next token if `samples`, which holds exactly when `end` is
// not below the sequence's length. Then the last `drafted` positions are behind that length, of the sequence's draft,
// and a token is sampled behind each of them too. Prefill, decode, prefix hit, resume and speculation are all this.
struct Slice {
  SequenceId sequence;
  int32_t begin = 0;
  int32_t end = 0;
  bool samples = false;
  int32_t drafted = 0;
};

// Slices in the order the policy chose. Each sequence appears at most once.
struct StepPlan {
  std::vector<Slice> slices;
  int64_t token_count() const {
    int64_t count = 0;
    for (const Slice& slice : slices) count += slice.end - slice.begin;
    return count;
  }
};

}  // namespace quire
