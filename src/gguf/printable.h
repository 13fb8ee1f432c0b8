// Text from a file, made fit for a message.
#pragma once

#include <string>
#include <string_view>

namespace quire::gguf {

// In single quotes, with bytes outside printable ASCII as \xNN, and cut with an ellipsis after 80 bytes.
std::string printable(std::string_view text);

}  // namespace quire::gguf
