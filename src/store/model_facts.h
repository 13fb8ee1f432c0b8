// What a GGUF file says of its model, without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "store/catalog.h"

namespace quire::store {

struct ModelFacts {
  std::string architecture;
  uint64_t parameter_count = 0;
  int64_t file_type = -1;  // general.file_type; -1: the file does not say
  std::string main_type;   // the element type that holds most of the weights
  int64_t context_length = 0;
  int64_t embedding_length = 0;
  bool makes_vectors = false;  // the file says how rows become one vector, or that they see what follows them
  std::string license;
  std::string chat_template;
};

struct TensorFacts {
  std::string name;
  std::string_view type;
  std::vector<uint64_t> shape;  // without trailing ones
};

// Everything a file holds but the weights.
struct ModelContents {
  ModelFacts facts;
  std::string metadata;  // a JSON object; long arrays (a vocabulary) are null unless they were asked for
  std::vector<TensorFacts> tensors;
};

// 1235814400 -> "1.2B", 260032 -> "260K".
std::string human_count(uint64_t count);
// The name of general.file_type, e.g. "Q4_K_M"; "unknown" for a number without one.
std::string_view file_type_name(int64_t file_type);

ModelFacts facts_of(const gguf::File& file);
// All parts of a split model together.
Result<gguf::File> open_weights(const ModelFile& model);
// An error when the file is not GGUF; absent keys leave their field empty, as such a file may still be listed.
Result<ModelFacts> read_facts(const ModelFile& model);
Result<ModelContents> read_contents(const ModelFile& model, bool with_long_arrays);

}  // namespace quire::store
