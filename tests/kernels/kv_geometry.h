// The shape of the keys and values that attention tests make.
#pragma once

#include <cstdint>

namespace quire::test {

struct Geometry {
  int64_t head_dim;
  int64_t kv_heads;
  int64_t group;
  int64_t block_tokens;
};

}  // namespace quire::test
