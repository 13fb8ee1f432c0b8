#include "gguf/printable.h"

#include <fmt/format.h>

#include "base/shown.h"

namespace quire::gguf {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", byte);
    }
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr size_t shown_bytes = 80;
  return fmt::format("'{}{}'", escaped(text.substr(0, shown_bytes)), text.size() > shown_bytes ? "..." : "");
}

std::string printable_path(const std::filesystem::path& path) { return fmt::format("'{}'", shown(path.native())); }

}  // namespace quire::gguf
