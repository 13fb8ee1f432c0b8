// Files that were published with metadata that their own program read in another way than people do today.
// Source: what Ollama mends in its older files before llama.cpp reads them (ollama/ollama, llama/compat).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gguf/metadata.h"

namespace quire::gguf {

// Mends what a rule of the table recognizes. Returns what was done, a sentence each; nothing for most files.
std::vector<std::string> apply_published_fixes(Metadata& metadata);
// Where the file names no pre-tokenizer, or "default". Adds to `done` what was done.
void fill_pretokenizer(Metadata& metadata, std::string_view name, std::vector<std::string>& done);

}  // namespace quire::gguf
