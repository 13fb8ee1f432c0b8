// Models that were split into several files.
// Source: what llama.cpp's gguf-split writes.
#pragma once

#include <cstdint>
#include <filesystem>
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

// The files beside the first part that it names by its own name: NAME-00001-of-00003.gguf. An error when the name does
// not have this form or says another count.
Result<std::vector<std::filesystem::path>> split_siblings(const std::filesystem::path& first, int64_t count);

}  // namespace quire::gguf
