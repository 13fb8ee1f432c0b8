// Where characters end. Stateless; any thread.
#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace quire {

// Bytes of the valid UTF-8 character that begins at text[at], 0 when none does. REQUIRES: at < text.size().
inline size_t utf8_character_size(std::string_view text, size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return 1;
  utf8proc_int32_t code_point = 0;
  const utf8proc_ssize_t size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                                 static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

// The first byte of a character at or after `at`.
inline size_t utf8_character_begin(std::string_view text, size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

inline bool has_whole_characters(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = utf8_character_size(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

// How many characters begin in it: continuation bytes belong to one that began before.
inline size_t utf8_characters_begun(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace quire
