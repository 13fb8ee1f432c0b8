// f32 -> stored elements.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/element_type.h"

namespace quire {

// Largest magnitude that every type but F32 and BF16 can hold: scales are f16.
inline constexpr float quantizable_max = 65504.0F;

// Whether quantize() makes this type.
bool has_quantizer(ElementType type);
// Whether its bytes depend on the importance that quantize() is given: the K and IQ types.
bool weighs_errors(ElementType type);

// `elements` values into row_size_bytes(type, elements) bytes at `stored`, which needs no alignment.
// Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, MXFP4: the scale spans the largest value of a block, bytes as PyPI's gguf makes them.
// The K and IQ types: scales (and minima) are searched for the least weighted square error (quantize_k.h). importance
// says what the error of each value counts (elements, each from 1e-6 to 1e6), if not null; other types do without.
// Pure and the same bits on every machine; any thread.
// REQUIRES: has_quantizer(type); elements is a multiple of the type's block_elements; values are finite and, for types
// other than F32 and BF16, at most quantizable_max in magnitude (others give bytes without meaning, never undefined
// behaviour).
void quantize(ElementType type, const float* values, int64_t elements, std::byte* stored,
              const float* importance = nullptr);

}  // namespace quire
