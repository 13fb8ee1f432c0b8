#include "support/random_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"
#include "tensor/dequantize.h"
#include "tensor/float16.h"

namespace quire::test {
namespace {

// Of a whole block: its f16 scale, or powers of two in E4M3.
void set_scale(const ElementTraits& traits, float scale, std::byte* block) {
  const uint16_t half = f32_to_f16(scale);
  switch (traits.type) {
    case ElementType::nvfp4: {
      const int exponent = std::clamp(8 + static_cast<int>(std::lround(std::log2(scale))), 1, 15);
      std::fill_n(block, 4, static_cast<std::byte>(exponent << 3));
      return;
    }
    case ElementType::iq1_m:
      for (int i = 0; i < 4; ++i) {  // a nibble on top of each of the last words
        std::byte& byte = block[48 + 2 * i + 1];
        byte = (byte & std::byte{0x0F}) | static_cast<std::byte>((half >> 4 * i & 15) << 4);
      }
      return;
    case ElementType::tq1_0:
    case ElementType::tq2_0:
      return store_value(block + traits.block_bytes - 2, half);
    default:
      return store_value(block, half);
  }
}

}  // namespace

void fill_random_blocks(ElementType type, int64_t elements, float deviation, std::mt19937_64& random,
                        std::byte* stored) {
  const ElementTraits traits = element_traits(type);
  std::array<float, 256> values;
  for (int64_t i = 0; i < elements; i += traits.block_elements, stored += traits.block_bytes) {
    std::generate_n(stored, traits.block_bytes, [&] { return static_cast<std::byte>(random() & 255); });
    set_scale(traits, 1.0F, stored);
    dequantize(type, stored, traits.block_elements, values.data());
    float sum = 0.0F;
    for (int64_t k = 0; k < traits.block_elements; ++k)
      sum += values[static_cast<size_t>(k)] * values[static_cast<size_t>(k)];
    set_scale(traits, deviation / std::sqrt(sum / static_cast<float>(traits.block_elements)), stored);
  }
}

}  // namespace quire::test
