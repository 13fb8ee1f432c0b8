#include "gguf/printable.h"

#include <fmt/format.h>

namespace quire::gguf {

std::string printable(std::string_view text) {
  constexpr size_t shown_bytes = 80;
  std::string out = "'";
  for (const char c : text.substr(0, shown_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  out += text.size() > shown_bytes ? "...'" : "'";
  return out;
}

}  // namespace quire::gguf
