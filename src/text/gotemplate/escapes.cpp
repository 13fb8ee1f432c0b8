// html, js and urlquery: the arguments as one text, with some characters replaced.
#include <fmt/format.h>

#include "text/gotemplate/format.h"
#include "text/gotemplate/functions.h"
#include "text/unicode.h"

namespace quire::gotemplate {

namespace {

// What replaces a character; empty: nothing does.
using Replacement = std::string (*)(std::string_view character, int32_t code_point);

Result<Value> replaced(Render& render, Arguments arguments, Replacement replacement) {
  QUIRE_TRY(const MarkedText text, printed_all(render, arguments, true));
  QUIRE_TRY_VOID(render.budget().read(text.bytes.size()));
  TextBuilder out;
  for (size_t at = 0; at < text.bytes.size();) {
    const CodePoint point = code_point_at(text.bytes, at);
    const std::string other = replacement(std::string_view(text.bytes).substr(at, point.size_bytes), point.value);
    if (other.empty()) {
      out.append(text, at, at + point.size_bytes);
    } else {
      out.append(other, is_user_byte(text, at));
    }
    at += point.size_bytes;
  }
  QUIRE_TRY_VOID(render.budget().reserve_text(out.size()));
  return render.text(out.take());
}

std::string in_html(std::string_view, int32_t value) {
  switch (value) {
    case '\0':
      return "\xEF\xBF\xBD";
    case '"':
      return "&#34;";
    case '\'':
      return "&#39;";
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return {};
  }
}

std::string in_javascript(std::string_view, int32_t value) {
  switch (value) {
    case '\\':
    case '\'':
    case '"':
      return {'\\', static_cast<char>(value)};
    case '<':
    case '>':
    case '&':
    case '=':
      return fmt::format("\\u{:04X}", value);
    default:
      break;
  }
  if (value < 0x20) return fmt::format("\\u{:04X}", value);
  if (value >= 0xDC80 && value <= 0xDCFF) return "\xEF\xBF\xBD";  // a byte that is no UTF-8
  return value < 0x80 || is_printable(value) ? "" : fmt::format("\\u{:04X}", value);
}

std::string in_query(std::string_view character, int32_t value) {
  if (value == ' ') return "+";
  const bool is_plain =
      value < 0x80 && (is_alnum(value) || value == '-' || value == '_' || value == '.' || value == '~');
  if (is_plain) return {};
  std::string out;
  for (const char byte : character) out += fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  return out;
}

}  // namespace

Result<Value> call_html(Render& render, Arguments arguments) { return replaced(render, arguments, in_html); }
Result<Value> call_js(Render& render, Arguments arguments) { return replaced(render, arguments, in_javascript); }
Result<Value> call_urlquery(Render& render, Arguments arguments) { return replaced(render, arguments, in_query); }

}  // namespace quire::gotemplate
