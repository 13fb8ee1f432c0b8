// A tensor that somebody else's memory holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tensor/element_type.h"

namespace quire {

// Non-owning. shape[0] is the contiguous dimension, as GGUF counts: a weight matrix W with y = W x has
// shape {inputs, outputs, 1, 1} and its row `output` holds `inputs` values.
struct TensorView {
  std::string name;
  ElementType type = ElementType::f32;
  std::array<int64_t, 4> shape = {1, 1, 1, 1};
  std::span<const std::byte> bytes;  // (shape[3], shape[2], shape[1], shape[0]), exactly size_bytes long

  int64_t element_count() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
  int64_t row_count() const { return shape[1] * shape[2] * shape[3]; }
};

}  // namespace quire
