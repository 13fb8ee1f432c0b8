#include "base/shown.h"

namespace quire {
namespace {

// Bytes of the character at text[at] that may be shown as it is; 0 for a control character and what is no UTF-8.
size_t showable_size(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  const unsigned first = byte(at);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  if (first == 0xC2 && second < 0xA0) return 0;                                        // C1
  if ((first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90)) return 0;  // longer than need be
  if ((first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F)) return 0;  // a surrogate, beyond the last
  return size;
}

}  // namespace

bool is_showable(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t size = showable_size(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string shown(std::string_view text) { return shown(text, text.size()); }

std::string shown(std::string_view text, size_t bytes_max) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t size = showable_size(text, at);
    if (at + (size == 0 ? 1 : size) > bytes_max) return out + "...";
    if (size > 0) {
      out += text.substr(at, size);
      at += size;
    } else {
      const auto byte = static_cast<unsigned char>(text[at++]);
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace quire
