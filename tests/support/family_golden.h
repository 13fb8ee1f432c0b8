// Goldens of model families (tools/goldens/families): a model in a few kilobytes, and what transformers computes with
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/ids.h"
#include "gguf/metadata.h"
#include "gguf/writer.h"

namespace quire::test {

struct FamilyGolden {
  // Some rows of what a model gives for the tokens.
  struct Output {
    std::vector<size_t> rows;  // of which tokens; none where it is one vector of them all
    size_t columns = 0;
    std::vector<float> values;  // (rows or 1, columns)
  };

  std::string architecture;
  gguf::Metadata metadata;
  std::vector<gguf::TensorSpec> tensors;
  std::map<std::string, std::vector<float>> listed;  // values of tensors that the rule does not make
  std::vector<TokenId> tokens;
  std::map<std::string, Output> outputs;  // "logits"; or "rows" after the last norm, "pooled", "rank"
};

// Ends the process where the file is not what the generator writes.
FamilyGolden read_family_golden(const std::filesystem::path& path);

// What tensor `spec` holds by the rule: a pure function of its name and shape, so that no weights need be kept.
// With h the 64-bit FNV-1a hash of the name, u(i) = (splitmix64(h + i) >> 40) / 2^23 - 1, in [-1, 1):
//   1 + u / 8   where the name has "_norm" in it and ends in ".weight"
//   u * 2^-k    of more than one row: k is the smallest integer from 0 on with inputs < 6 * 4^k (the power of two
//               nearest to sqrt(3 / inputs), for rows of unit gain)
//   u / 4       else
// in double, rounded to float. The same in tools/goldens/families/weights.py.
std::vector<float> family_values(const gguf::TensorSpec& spec);

// The whole file.
std::vector<std::byte> family_file(const FamilyGolden& golden);

}  // namespace quire::test
