// Random blocks of the types that quantize() does not make.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "tensor/element_type.h"

namespace quire::test {

// Every pattern of quants, with scales that give the values about this deviation from zero. REQUIRES: such a type.
void fill_random_blocks(ElementType type, int64_t elements, float deviation, std::mt19937_64& random,
                        std::byte* stored);

}  // namespace quire::test
