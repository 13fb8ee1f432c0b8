// What a GGUF file says of its model, without loading it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "gguf/file.h"

namespace quire::store {

struct ModelFacts {
  std::string architecture;
  uint64_t parameter_count = 0;
  int64_t file_type = -1;  // general.file_type; -1: the file does not say
  std::string main_type;   // the element type that holds most of the weights
  int64_t context_length = 0;
  int64_t embedding_length = 0;
  std::string license;
  std::string chat_template;
};

// Absent keys leave their field empty: such a file may still be listed.
ModelFacts read_facts(const gguf::File& file);

// The metadata as an object. Arrays (a vocabulary) are null unless `with_arrays`.
nlohmann::ordered_json model_info(const gguf::Metadata& metadata, bool with_arrays);

}  // namespace quire::store
