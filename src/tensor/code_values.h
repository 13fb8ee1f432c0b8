// The values of one block of the types that have a table of codes.
#pragma once

#include "tensor/code_blocks.h"

namespace quire {

// values[0 .. elements of a block), bit for bit what PyPI's gguf gives.
void block_values(const BlockMXFP4& block, float* values);
void block_values(const BlockNVFP4& block, float* values);
void block_values(const BlockIQ4_NL& block, float* values);
void block_values(const BlockIQ4_XS& block, float* values);
void block_values(const BlockIQ2_XXS& block, float* values);
void block_values(const BlockIQ2_XS& block, float* values);
void block_values(const BlockIQ2_S& block, float* values);
void block_values(const BlockIQ3_XXS& block, float* values);
void block_values(const BlockIQ3_S& block, float* values);
void block_values(const BlockIQ1_S& block, float* values);
void block_values(const BlockIQ1_M& block, float* values);

}  // namespace quire
