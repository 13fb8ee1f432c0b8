// Code points of UTF-8 text and the properties of them that Python's str methods depend on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quire {

struct CodePoint {
  int32_t value = 0;  // a byte that is no UTF-8 stands for itself, as U+DC80 + (byte - 0x80)
  size_t size_bytes = 1;
};

// The code point that starts at text[at]. REQUIRES: at < text.size().
CodePoint code_point_at(std::string_view text, size_t at);
// The start of the code point that ends at text[end). REQUIRES: 0 < end <= text.size().
size_t code_point_before(std::string_view text, size_t end);
size_t count_code_points(std::string_view text);
// The byte at which code point number `index` starts; text.size() when there are not that many.
size_t byte_of_code_point(std::string_view text, size_t index);
void append_code_point(std::string& out, int32_t value);
bool is_valid_utf8(std::string_view text);

// Python's str.isspace, isalpha, isdecimal, isnumeric, isalnum and isprintable for one character.
bool is_space(int32_t value);
bool is_alpha(int32_t value);
bool is_decimal(int32_t value);
bool is_numeric(int32_t value);
bool is_alnum(int32_t value);
bool is_printable(int32_t value);
bool is_upper(int32_t value);
bool is_lower(int32_t value);
bool is_title(int32_t value);

// Full case mappings: one code point may become up to three. Appended to out as UTF-8.
void append_upper(std::string& out, int32_t value);
void append_lower(std::string& out, int32_t value);
void append_title(std::string& out, int32_t value);

// text without the white space at its ends, as byte offsets.
struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
};
ByteRange trim_space(std::string_view text, bool left, bool right);

}  // namespace quire
