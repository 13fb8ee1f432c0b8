// How keys and values are kept.
#pragma once

#include <cstdint>

namespace quire {

enum class KvType : uint8_t {
  f16,
  q8_0,  // 8 bits, and a scale for each 32 elements of a head
  f32,   // 22 bits: a head is split into two f16 heads, the rounded value and 2^11 times what that lacks
};

}  // namespace quire
