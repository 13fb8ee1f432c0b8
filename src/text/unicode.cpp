#include "text/unicode.h"

#include <utf8proc.h>

#include <algorithm>

#include "text/case_mappings.h"

namespace quire {

namespace {

constexpr int32_t invalid_byte_base = 0xDC00;  // what Python's "surrogateescape" does with a byte that is no UTF-8

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool has_category(int32_t value, std::initializer_list<utf8proc_category_t> categories) {
  const utf8proc_category_t found = utf8proc_category(value);
  return std::find(categories.begin(), categories.end(), found) != categories.end();
}

const CaseMapping* find_mapping(int32_t value) {
  const auto* found = std::lower_bound(std::begin(case_mappings), std::end(case_mappings), value,
                                       [](const CaseMapping& row, int32_t key) { return row.code_point < key; });
  return found != std::end(case_mappings) && found->code_point == value ? found : nullptr;
}

void append_all(std::string& out, const int32_t (&values)[3]) {
  for (const int32_t value : values) {
    if (value != 0) append_code_point(out, value);
  }
}

}  // namespace

CodePoint code_point_at(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {.value = lead, .size_bytes = 1};
  utf8proc_int32_t value = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const size_t left = std::min<size_t>(text.size() - at, 4);
  const utf8proc_ssize_t size = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(left), &value);
  if (size <= 0) return {.value = invalid_byte_base + lead, .size_bytes = 1};
  return {.value = value, .size_bytes = static_cast<size_t>(size)};
}

size_t code_point_before(std::string_view text, size_t end) {
  size_t begin = end - 1;
  while (begin > 0 && end - begin < 4 && is_continuation(text[begin])) --begin;
  // Bytes that do not form one character stand each for itself.
  return begin + code_point_at(text, begin).size_bytes == end ? begin : end - 1;
}

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += code_point_at(text, at).size_bytes) ++count;
  return count;
}

size_t byte_of_code_point(std::string_view text, size_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += code_point_at(text, at).size_bytes;
  return at;
}

void append_code_point(std::string& out, int32_t value) {
  if (value >= invalid_byte_base + 0x80 && value <= invalid_byte_base + 0xFF) {
    out.push_back(static_cast<char>(value - invalid_byte_base));
    return;
  }
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size = utf8proc_encode_char(value, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

bool is_valid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (point.size_bytes == 1 && point.value >= 0x80) return false;
    at += point.size_bytes;
  }
  return true;
}

bool is_space(int32_t value) {
  if (value < 0x80) return (value >= 9 && value <= 13) || (value >= 28 && value <= 32);
  return value == 0x85 || value == 0xA0 || value == 0x1680 || (value >= 0x2000 && value <= 0x200A) || value == 0x2028 ||
         value == 0x2029 || value == 0x202F || value == 0x205F || value == 0x3000;
}

bool is_alpha(int32_t value) {
  return has_category(value, {UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LT, UTF8PROC_CATEGORY_LM,
                              UTF8PROC_CATEGORY_LO});
}

bool is_decimal(int32_t value) { return has_category(value, {UTF8PROC_CATEGORY_ND}); }

bool is_numeric(int32_t value) {
  return has_category(value, {UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NL, UTF8PROC_CATEGORY_NO});
}

bool is_alnum(int32_t value) { return is_alpha(value) || is_numeric(value); }

bool is_printable(int32_t value) {
  if (value < 0x80) return value >= 0x20 && value < 0x7F;
  return !has_category(value, {UTF8PROC_CATEGORY_CC, UTF8PROC_CATEGORY_CF, UTF8PROC_CATEGORY_CS, UTF8PROC_CATEGORY_CO,
                               UTF8PROC_CATEGORY_CN, UTF8PROC_CATEGORY_ZL, UTF8PROC_CATEGORY_ZP, UTF8PROC_CATEGORY_ZS});
}

bool is_upper(int32_t value) { return has_category(value, {UTF8PROC_CATEGORY_LU}); }
bool is_lower(int32_t value) { return has_category(value, {UTF8PROC_CATEGORY_LL}); }
bool is_title(int32_t value) { return has_category(value, {UTF8PROC_CATEGORY_LT}); }

void append_upper(std::string& out, int32_t value) {
  if (const CaseMapping* mapping = find_mapping(value)) return append_all(out, mapping->upper);
  append_code_point(out, utf8proc_toupper(value));
}

void append_lower(std::string& out, int32_t value) {
  constexpr int32_t capital_i_with_dot = 0x130;  // the one letter whose lower case is two characters
  if (value == capital_i_with_dot) {
    out.append("i\xCC\x87");
  } else {
    append_code_point(out, utf8proc_tolower(value));
  }
}

void append_title(std::string& out, int32_t value) {
  if (const CaseMapping* mapping = find_mapping(value)) return append_all(out, mapping->title);
  append_code_point(out, utf8proc_totitle(value));
}

ByteRange trim_space(std::string_view text, bool left, bool right) {
  ByteRange range{.begin = 0, .end = text.size()};
  while (left && range.begin < range.end) {
    const CodePoint point = code_point_at(text, range.begin);
    if (!is_space(point.value)) break;
    range.begin += point.size_bytes;
  }
  while (right && range.end > range.begin) {
    const size_t before = code_point_before(text, range.end);
    if (!is_space(code_point_at(text, before).value)) break;
    range.end = before;
  }
  return range;
}

}  // namespace quire
