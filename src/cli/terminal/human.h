// Sizes, times and characters as Ollama's tables and summaries write them, so that programs which read those can read
// these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire::cli {

// "1.2 MB", "42 GB", "3 KB": powers of ten; one digit after the point below ten, none from ten on.
std::string human_bytes(int64_t bytes);
// "2 hours ago", "4 minutes from now": how long before now something was; negative: after.
std::string human_age(int64_t seconds_ago);
// "4m59.123456789s", "1.5ms", "0s": a duration in Go's notation.
std::string go_duration(int64_t ns);

// Nanoseconds since 1970 of an RFC 3339 time. None: it is no such time.
std::optional<int64_t> unix_ns_of(std::string_view rfc3339);
int64_t unix_now_ns();

// The text with U+FFFD in place of each byte that is no UTF-8.
std::string valid_utf8(std::string_view text);
// Columns that the text takes on a terminal: wide characters two, marks none. REQUIRES: UTF-8.
size_t column_count(std::string_view text);
// As much of the text's beginning, or of its end, as `columns` hold, on one line: what is no character to show is a
// space.
std::string one_line_head(std::string_view text, size_t columns);
std::string one_line_tail(std::string_view text, size_t columns);

}  // namespace quire::cli
