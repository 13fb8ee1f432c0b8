// The values of one block of the types that have a table of codes.
#pragma once

#include "tensor/code_blocks.h"

namespace quire {

// A block whose codes stand for several elements, taken apart: value = scale * group_scales[i / 16] * quants[i],
// exactly.
struct ScaledQuants {
  float scale;
  int8_t group_scales[16];
  int8_t quants[256];
};
ScaledQuants take_apart(const BlockIQ2_XXS& block);
ScaledQuants take_apart(const BlockIQ2_XS& block);
ScaledQuants take_apart(const BlockIQ2_S& block);
ScaledQuants take_apart(const BlockIQ3_XXS& block);
ScaledQuants take_apart(const BlockIQ3_S& block);
ScaledQuants take_apart(const BlockIQ1_S& block);
ScaledQuants take_apart(const BlockIQ1_M& block);
void scaled_values(const ScaledQuants& quants, float* values);

// values[0 .. elements of a block), bit for bit what PyPI's gguf gives.
void block_values(const BlockMXFP4& block, float* values);
void block_values(const BlockNVFP4& block, float* values);
void block_values(const BlockIQ4_NL& block, float* values);
void block_values(const BlockIQ4_XS& block, float* values);
template <typename Block>
requires requires(const Block& block) { take_apart(block); }
void block_values(const Block& block, float* values) { scaled_values(take_apart(block), values); }

}  // namespace quire
