// Reading one metadata value.
#pragma once

#include <string_view>

#include "base/result.h"
#include "gguf/metadata.h"
#include "gguf/reader.h"

namespace quire::gguf {

// The value that follows `key`: its type, then its content. A count is checked against the bytes that remain before
// anything is allocated for it, so an array takes at most a small constant times its bytes in the file (strings: 4).
Result<Value> read_value(Reader& reader, std::string_view key);

}  // namespace quire::gguf
