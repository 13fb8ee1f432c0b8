// What stands before the tensors of one GGUF file.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "gguf/metadata.h"
#include "tensor/tensor_view.h"

namespace quire::gguf {

// Invariant: every tensor's bytes lie inside the source, are aligned as the file promises, do not overlap another
// tensor's, and their size is that of their type and shape. Names may repeat.
struct Directory {
  uint32_t version = 0;
  Metadata metadata;
  std::vector<TensorView> tensors;  // views into the source
};

// Errors name the key or tensor and say what was found and expected.
Result<Directory> read_directory(const ByteSource& source);

}  // namespace quire::gguf
