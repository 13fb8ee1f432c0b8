// Text from a file, made fit for a message.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace quire::gguf {

// In single quotes, with bytes outside printable ASCII as \xNN, and cut with an ellipsis after 80 bytes.
std::string printable(std::string_view text);

// A path in single quotes, as people wrote it: only what moves a cursor or is no UTF-8 is escaped. Never cut, since its
// end says most.
std::string printable_path(const std::filesystem::path& path);

}  // namespace quire::gguf
