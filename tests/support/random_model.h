// Small random models as GGUF bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "gguf/metadata.h"
#include "gguf/writer.h"
#include "tensor/element_type.h"

namespace quire::test {

struct Shape {
  std::string architecture = "llama";
  ElementType type = ElementType::f32;  // of every matrix
  int64_t layers = 2;
  int64_t width = 64;
  int64_t ffn_width = 96;
  int64_t experts = 0;  // that wide, in the place of each feed-forward network; 0: none
  int64_t experts_used = 2;
  int64_t heads = 4;
  int64_t kv_heads = 2;
  int64_t head_dim = 16;
  int64_t vocab = 64;
  bool tied = false;
  bool rope_factors = false;
  uint64_t seed = 1;
};

// What a file is before it is bytes: a test may spoil any part of it.
struct Draft {
  gguf::Metadata metadata;
  std::vector<gguf::TensorSpec> tensors;

  gguf::TensorSpec& tensor(const std::string& name);
  void remove(const std::string& name);
};

Draft draft(const Shape& shape);
// Fills matrices with noise of unit gain, norms with noise around 1, biases with noise.
std::vector<std::byte> fill(const Draft& draft, uint64_t seed);
inline std::vector<std::byte> synthesize(const Shape& shape) { return fill(draft(shape), shape.seed); }

// The same model with its matrices in another type, where their rows are whole blocks of it.
std::vector<std::byte> requantize(const gguf::File& file, ElementType type);

}  // namespace quire::test
