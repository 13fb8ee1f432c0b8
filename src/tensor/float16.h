// The two 16-bit floating-point formats, converted in software: the same bits on every machine.
// f16 is IEEE 754 binary16; bf16 is the upper half of a binary32.
#pragma once

#include <cstdint>

namespace quire {

// Exact. A NaN keeps its sign and payload and becomes quiet.
float f16_to_f32(uint16_t half);
// Rounds to nearest, ties to even; overflow gives infinity. A NaN stays a quiet NaN.
uint16_t f32_to_f16(float value);

// Exact.
float bf16_to_f32(uint16_t brain);
// Rounds to nearest, ties to even. A NaN stays a quiet NaN.
uint16_t f32_to_bf16(float value);

}  // namespace quire
