// Models that were split into several files.
// Source: what llama.cpp's gguf-split writes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/metadata.h"

namespace quire::gguf {

// What a part says of itself. A file that says nothing is the only part.
struct SplitPlace {
  int64_t number = 0;  // of this part, from 0
  int64_t count = 1;   // parts of the model
};

Result<SplitPlace> read_split_place(const Metadata& metadata);

// Forgets what a part says of itself: parts that were put together are a whole file.
void erase_split_keys(Metadata& metadata);

// How many tensors all parts have together; -1: the part does not say.
Result<int64_t> read_split_tensor_count(const Metadata& metadata);

// "MODEL-0000M-of-0000N", as the files of parts are called.
struct SplitName {
  std::string model;
  int64_t number = 1;  // of this part, from 1
  int64_t count = 1;   // at least `number`
};
// Of a file's name without its extension; none where it does not have this form.
std::optional<SplitName> parse_split_name(std::string_view stem);

// The files beside the first part that it names by its own name: NAME-00001-of-00003.gguf. An error when the name does
// not have this form or says another count.
Result<std::vector<std::filesystem::path>> split_siblings(const std::filesystem::path& first, int64_t count);

}  // namespace quire::gguf
