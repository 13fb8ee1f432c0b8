// How much some text used each input of each weight matrix: what quantizing may weigh its errors by.
// Source: the files that llama.cpp's imatrix tool writes, the GGUF form and the one before it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::gguf {

// Of one tensor, which holds one matrix, or the matrices of many experts.
struct SquareSums {
  std::string tensor;
  int64_t inputs = 0;         // of a matrix; all values of the tensor in the older form, which does not say
  std::vector<float> sums;    // (matrices, inputs): the squares of an input, added over tokens
  std::vector<float> counts;  // (matrices): tokens; 0 where no token used the matrix

  bool operator==(const SquareSums&) const = default;
};

struct Importance {
  std::string file;                   // the name of the one that was read
  std::vector<std::string> datasets;  // names of the texts
  uint32_t chunk_count = 0;
  uint32_t chunk_size = 0;          // tokens; 0 in the older form, which does not say
  std::vector<SquareSums> tensors;  // ascending by name, each once

  // Null when there is none of that name.
  const SquareSums* find(std::string_view tensor) const;
};

// An error names the file, in it the tensor, and says what was found and expected: sums are finite and not negative.
Result<Importance> read_importance(const std::filesystem::path& path);
// A file of either form in bytes; `file` stays empty.
Result<Importance> parse_importance(std::span<const std::byte> bytes);

// In the GGUF form; llama.cpp's tools read it. REQUIRES: tensors ascending by name, each once.
Result<void> write_importance(const Importance& importance, const std::filesystem::path& path);

// An error when they are not those of a tensor of this shape.
Result<void> check_importance(const SquareSums& sums, const std::array<int64_t, 4>& shape);
// (shape[3] * shape[2], shape[0]): what the error of each input's weights counts. The mean over a matrix is 1, and no
// weight is below 1e-6, so that inputs which no token used keep their meaning where a group has no others; a matrix
// that no token used weighs all alike. REQUIRES: check_importance.
std::vector<float> importance_weights(const SquareSums& sums, const std::array<int64_t, 4>& shape);

}  // namespace quire::gguf
