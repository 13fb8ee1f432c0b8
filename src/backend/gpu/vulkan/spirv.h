// What is changed in a shader's SPIR-V before a driver gets it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace quire {

// Execution modes of f32 (SPIR-V specification, 3.6: DenormPreserve, SignedZeroInfNanPreserve, RoundingModeRTE), which
// GLSL cannot ask for and not every device has. The module is one of SPIR-V 1.4 or later with one entry point.
struct FloatModes {
  bool keeps_denormals = false;
  bool keeps_infinities = false;
  bool rounds_to_even = false;
};
std::vector<uint32_t> with_float_modes(std::span<const uint32_t> code, const FloatModes& modes);

}  // namespace quire
