// Random numbers that are a function of what they are for: no state, no order of use.
#pragma once

#include <cstdint>

namespace quire {

// What a position's random number is for: each has one of its own.
enum class DrawPurpose : uint32_t { token, xtc };

// A number in [0, 1) with 53 random bits, keyed by (seed, choice, position, purpose).
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11), seed as key.
double keyed_uniform(uint64_t seed, uint32_t choice, uint64_t position, DrawPurpose purpose = DrawPurpose::token);

}  // namespace quire
