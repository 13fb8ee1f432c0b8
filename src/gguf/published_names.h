// Files that Ollama published with names of its own, from before it computed with llama.cpp: keys and tensors are read
// under the names that they have today.
// Source: what Ollama translates when llama.cpp reads such a file (ollama/ollama, llama/compat).
#pragma once

#include <string>
#include <vector>

#include "gguf/metadata.h"
#include "tensor/tensor_view.h"

namespace quire::gguf {

// Translates what the table recognizes. Returns what was done, a sentence each; nothing for most files.
std::vector<std::string> apply_published_names(Metadata& metadata, std::vector<TensorView>& tensors);

}  // namespace quire::gguf
