// What a tensor's bytes are, all of them.
#pragma once

#include <cstddef>
#include <vector>

#include "base/check.h"
#include "tensor/tensor_view.h"

namespace quire::test {

inline std::vector<std::byte> bytes_of(const TensorView& tensor) {
  std::vector<std::byte> bytes(tensor.size_bytes());
  const Result<void> read = tensor.read(0, bytes);
  QUIRE_CHECK(read.has_value(), read.error().message);
  return bytes;
}

}  // namespace quire::test
