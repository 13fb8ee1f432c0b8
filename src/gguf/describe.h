// A model file in words, for people.
#pragma once

#include <string>

#include "gguf/file.h"

namespace quire::gguf {

// A value on one line: strings in quotes, long ones cut, arrays by their type, length and first elements.
std::string describe(const Value& value);

// One line: "llama, 1.24 B parameters, 763.2 MB (Q4_0 547.0 MB, ...)".
std::string summary(const File& file);

// Metadata and what of it was mended, a table of the tensors, and totals by element type; ends with a newline.
std::string describe(const File& file);

}  // namespace quire::gguf
