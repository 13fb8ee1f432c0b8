// A step's plan -> the rows that an executor computes.
#pragma once

#include <vector>

#include "base/function_ref.h"
#include "core/batch.h"
#include "core/plan.h"
#include "sched/scheduler.h"

namespace quire {

// Keeps its vectors between steps, so that a step allocates nothing once they have grown. Engine thread only.
class BatchBuilder {
 public:
  // The batch borrows from this object and from the scheduler's sequences until the next plan. `needs`: of a sequence
  // that is at its end, what its next token is chosen by.
  Batch build(const StepPlan& plan, const Scheduler& scheduler, FunctionRef<ChoiceNeeds(SequenceId)> needs);

 private:
  std::vector<TokenId> tokens_;
  std::vector<RowOrigin> origins_;
  std::vector<BatchSlice> slices_;
};

}  // namespace quire
