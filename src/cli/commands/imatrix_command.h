// quire imatrix MODEL TEXTFILE -o FILE: how much a text uses each input of a model's weight matrices.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace quire::cli {

struct ImatrixOptions {
  std::string model;               // MODEL: a GGUF file
  std::filesystem::path text;      // TEXTFILE: what it is to read
  std::filesystem::path out;       // --out: appears when it is complete
  int32_t chunk_tokens = 512;      // --chunk: the text is read in pieces of so many tokens, each a text of its own
  std::optional<int64_t> chunks;   // --chunks: the first so many; absent: all
  std::optional<int32_t> threads;  // --threads; absent: QUIRE_THREADS, else every core
};

// Writes the importance matrix (gguf/importance.h), with a progress bar where standard error is a terminal, and says on
// standard output what it holds.
Result<void> run_imatrix(const ImatrixOptions& options);

}  // namespace quire::cli
