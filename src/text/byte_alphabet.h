// GPT-2's alphabet: each byte has one printable character by which vocabularies of byte-level BPE spell it.
// Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quire {

// The code point of each byte: itself where it is printable Latin-1, else 256 and up in order.
constexpr std::array<uint16_t, 256> make_byte_alphabet() {
  std::array<uint16_t, 256> code_points{};
  uint16_t next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    code_points[byte] = printable ? static_cast<uint16_t>(byte) : next++;
  }
  return code_points;
}

inline constexpr std::array<uint16_t, 256> byte_alphabet = make_byte_alphabet();

// Appends the character of `byte` in UTF-8 (at most two bytes: the alphabet ends below U+0144).
inline void append_spelled(std::string& text, uint8_t byte) {
  const unsigned code_point = byte_alphabet[byte];
  if (code_point < 0x80) {
    text.push_back(static_cast<char>(code_point));
  } else {
    text.push_back(static_cast<char>(0xc0 | (code_point >> 6)));
    text.push_back(static_cast<char>(0x80 | (code_point & 0x3f)));
  }
}

// The bytes that `spelled` spells, or nothing when a character of it is not in the alphabet.
std::optional<std::string> unspell(std::string_view spelled);

}  // namespace quire
