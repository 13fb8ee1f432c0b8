#include "backend/gpu/vulkan/spirv.h"

#include "base/check.h"

namespace quire {
namespace {

// SPIR-V specification, 2.3 and 3.
constexpr size_t header_words = 5;
constexpr uint32_t op_entry_point = 15, op_execution_mode = 16, op_capability = 17;
constexpr uint32_t width = 32;

// The same number is a capability of it and more: 4464 to 4467 in the order of the modes 4459 to 4462.
struct Mode {
  uint32_t mode;
  uint32_t capability;
};
constexpr Mode denorm_preserve{4459, 4464}, inf_nan_preserve{4461, 4466}, rounding_even{4462, 4467};

uint32_t first_word(uint32_t words, uint32_t operation) { return words << 16 | operation; }

}  // namespace

std::vector<uint32_t> with_float_modes(std::span<const uint32_t> code, const FloatModes& modes) {
  std::vector<Mode> wanted;
  if (modes.keeps_denormals) wanted.push_back(denorm_preserve);
  if (modes.keeps_infinities) wanted.push_back(inf_nan_preserve);
  if (modes.rounds_to_even) wanted.push_back(rounding_even);
  std::vector<uint32_t> result(code.begin(), code.begin() + header_words);
  for (const Mode& mode : wanted) {
    result.push_back(first_word(2, op_capability));
    result.push_back(mode.capability);
  }
  for (size_t at = header_words; at < code.size();) {
    const uint32_t words = code[at] >> 16, operation = code[at] & 0xFFFFU;
    QUIRE_CHECK(words > 0 && at + words <= code.size(), "a whole instruction");
    result.insert(result.end(), code.begin() + static_cast<int64_t>(at),
                  code.begin() + static_cast<int64_t>(at + words));
    if (operation == op_entry_point) {
      for (const Mode& mode : wanted) {
        result.insert(result.end(), {first_word(4, op_execution_mode), code[at + 2], mode.mode, width});
      }
    }
    at += words;
  }
  return result;
}

}  // namespace quire
