// Which experts a row has, by its scores.
#pragma once

#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "kernels/kernels.h"

namespace quire {

// What a row chooses by, and where its choice goes.
struct RowOfExperts {
  std::span<float> logits;            // (experts); used up
  std::span<const float> correction;  // (experts), or empty
  std::span<const float> scales;      // the same
  std::span<int32_t> experts;         // (used)
  std::span<float> weights;           // (used)
};

// The experts of the highest scores, of equal ones the first, in ascending order, with their weights. Pure. Of scores
// that are NaN any are chosen, so that the row's own results are NaN. REQUIRES: used experts or more in the groups that
// are used.
void choose_experts_of_row(const KernelTable& kernels, const ExpertRule& rule, const RowOfExperts& row);

}  // namespace quire
