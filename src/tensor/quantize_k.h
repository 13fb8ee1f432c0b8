// One block of the K and IQ types from its values.
#pragma once

#include "tensor/blocks.h"
#include "tensor/code_blocks.h"

namespace quire {

// Scales, and minima where the type has them, are searched for the least weighted square error. importance: what the
// error of each value counts, as many as there are values; null: larger values weigh more.

// Each group of 32 gets the scale and minimum with the least error among those that a grid of starting scales leads to
// by linear least squares. The eight scales and minima are then stored in six bits, and the quants chosen anew for what
// was stored.
void quantize_block(const float* values, const float* importance, BlockQ4_K& block);
void quantize_block(const float* values, const float* importance, BlockQ5_K& block);
// The same with a scale of eight bits for each group of 16 and no minimum.
void quantize_block(const float* values, const float* importance, BlockQ6_K& block);
// Scales of so few bits are chosen again with the quants that they lead to: the group's against its neighbours, the
// block's by least squares.
void quantize_block(const float* values, const float* importance, BlockQ2_K& block);
void quantize_block(const float* values, const float* importance, BlockQ3_K& block);
void quantize_block(const float* values, const float* importance, BlockIQ4_XS& block);
// A scale of 16 bits for 32 values.
void quantize_block(const float* values, const float* importance, BlockIQ4_NL& block);

}  // namespace quire
