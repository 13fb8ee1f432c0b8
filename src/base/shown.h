// Text of strangers on its way to a terminal or a log. Stateless; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace quire {

// True when nothing in the text moves a cursor, ends a line or is no character.
bool is_showable(std::string_view text);

// The text with control characters (line breaks, escapes, C1) and bytes that are not UTF-8 as \xNN.
std::string shown(std::string_view text);
// The same of its first characters, up to `bytes_max` bytes, with "..." where there is more.
std::string shown(std::string_view text, size_t bytes_max);

}  // namespace quire
