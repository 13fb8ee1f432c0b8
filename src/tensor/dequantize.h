// Stored elements -> f32: what the bytes of a tensor mean.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/element_type.h"

namespace quire {

// values[0 .. elements) from `elements` stored ones, bit for bit what PyPI's gguf gives (a product is rounded before
// anything is added to it). `stored` needs no alignment. Pure; any thread.
// REQUIRES: elements is a multiple of the type's block_elements.
void dequantize(ElementType type, const std::byte* stored, int64_t elements, float* values);

}  // namespace quire
