// One block of the K types from 256 values.
#pragma once

#include "tensor/blocks.h"

namespace quire {

// Each group of 32 gets the scale and minimum with the least weighted square error among those that a grid of starting
// scales leads to by linear least squares; larger values weigh more. The eight scales and minima are then stored in six
// bits, and the quants chosen anew for what was stored.
void quantize_block(const float* values, BlockQ4_K& block);
void quantize_block(const float* values, BlockQ5_K& block);
// The same with a scale of eight bits for each group of 16 and no minimum.
void quantize_block(const float* values, BlockQ6_K& block);

}  // namespace quire
