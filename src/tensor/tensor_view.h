// A tensor whose bytes somebody else holds: a file, or memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/byte_source.h"
#include "tensor/element_type.h"

namespace quire {

// Non-owning. shape[0] is the contiguous dimension, as GGUF counts: a weight matrix W with y = W x has
// shape {inputs, outputs, 1, 1} and its row `output` holds `inputs` values.
struct TensorView {
  std::string name;
  ElementType type = ElementType::f32;
  std::array<int64_t, 4> shape = {1, 1, 1, 1};
  const ByteSource* source = nullptr;  // outlives the view
  uint64_t offset = 0;                 // of its first byte in the source

  int64_t element_count() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
  int64_t row_count() const { return shape[1] * shape[2] * shape[3]; }
  int64_t row_bytes() const { return row_size_bytes(type, shape[0]); }
  uint64_t size_bytes() const { return static_cast<uint64_t>(row_count()) * static_cast<uint64_t>(row_bytes()); }

  // Its bytes (shape[3], shape[2], shape[1], shape[0]) from `begin` on. REQUIRES: they are the tensor's.
  Result<void> read(uint64_t begin, std::span<std::byte> to) const { return source->read(offset + begin, to); }
};

}  // namespace quire
