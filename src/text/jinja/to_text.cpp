// str() and repr(). JSON is in json_text.cpp.
#include "text/jinja/to_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja/callable.h"
#include "text/jinja/render.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

constexpr int depth_max = 100;

// A text as a Python string literal; the escapes of the user's characters are the user's.
void append_quoted(TextBuilder& out, const MarkedText& text) {
  const bool has_single = text.bytes.find('\'') != std::string::npos;
  const char quote = has_single && text.bytes.find('"') == std::string::npos ? '"' : '\'';
  out.append(std::string_view(&quote, 1));
  for (size_t at = 0; at < text.bytes.size();) {
    const CodePoint point = code_point_at(text.bytes, at);
    const int32_t c = point.value;
    std::string escaped;
    if (c == '\\' || c == quote) {
      escaped = {'\\', static_cast<char>(c)};
    } else if (c == '\n' || c == '\r' || c == '\t') {
      escaped = c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (!is_printable(c)) {
      escaped = c < 0x100     ? fmt::format("\\x{:02x}", c)
                : c < 0x10000 ? fmt::format("\\u{:04x}", c)
                              : fmt::format("\\U{:08x}", c);
    }
    if (escaped.empty()) {
      out.append(text, at, at + point.size_bytes);
    } else {
      out.append(escaped, is_user_byte(text, at));
    }
    at += point.size_bytes;
  }
  out.append(std::string_view(&quote, 1));
}

class ReprWriter {
 public:
  using Status = Result<std::monostate>;

  ReprWriter(Render& render, TextBuilder& out) : render_(render), out_(out) {}

  Status value(const Value& value, int depth) {
    if (depth > depth_max) return limit_error("a value is nested too deeply to be shown");
    QUIRE_TRY_VOID(render_.step());
    QUIRE_TRY_VOID(render_.reserve_text(out_.size()));
    if (const MarkedText* text = value.text()) {
      QUIRE_TRY_VOID(render_.read(text->bytes.size()));
      QUIRE_TRY_VOID(render_.reserve_text(out_.size() + text->bytes.size()));
      append_quoted(out_, *text);
      return {};
    }
    if (value.sequence()) return sequence(*value.sequence(), depth);
    if (value.dict()) return dict(*value.dict(), depth);
    if (value.name_space()) {
      out_.append("<Namespace ");
      QUIRE_TRY_VOID(dict(value.name_space()->attributes, depth));
      out_.append(">");
      return {};
    }
    out_.append(scalar(value));
    return {};
  }

 private:
  static std::string scalar(const Value& value) {
    if (value.is_undefined()) return "Undefined";
    if (value.is_none()) return "None";
    if (const bool* flag = value.as<bool>()) return *flag ? "True" : "False";
    if (const Int* number = value.as<Int>()) return int_text(*number);
    if (const double* number = value.as<double>()) return real_text(*number);
    if (const Callable* callable = value.callable()) {
      return fmt::format("<{} {}>", callable->macro ? "Macro" : "function", callable->name);
    }
    return "<LoopContext>";
  }

  Status sequence(const Sequence& sequence, int depth) {
    switch (sequence.type) {
      case SequenceType::list:
        return items(sequence, "[", "]", depth);
      case SequenceType::tuple:
        return items(sequence, "(", sequence.items.size() == 1 ? ",)" : ")", depth);
      case SequenceType::dict_keys:
        return items(sequence, "dict_keys([", "])", depth);
      case SequenceType::dict_values:
        return items(sequence, "dict_values([", "])", depth);
      case SequenceType::dict_items:
        return items(sequence, "dict_items([", "])", depth);
      case SequenceType::generator:
        out_.append("<generator object>");
        return {};
      case SequenceType::range:
        break;
    }
    const std::string step = sequence.step == 1 ? "" : ", " + int_text(sequence.step);
    out_.append(fmt::format("range({}, {}{})", int_text(sequence.start), int_text(sequence.stop), step));
    return {};
  }

  Status items(const Sequence& sequence, std::string_view open, std::string_view close, int depth) {
    out_.append(open);
    for (size_t i = 0; i < sequence.items.size(); ++i) {
      if (i > 0) out_.append(", ");
      QUIRE_TRY_VOID(value(sequence.items[i], depth + 1));
    }
    out_.append(close);
    return {};
  }

  Status dict(const Dict& dict, int depth) {
    out_.append("{");
    for (size_t i = 0; i < dict.items.size(); ++i) {
      if (i > 0) out_.append(", ");
      QUIRE_TRY_VOID(value(dict.items[i].first, depth + 1));
      out_.append(": ");
      QUIRE_TRY_VOID(value(dict.items[i].second, depth + 1));
    }
    out_.append("}");
    return {};
  }

  Render& render_;
  TextBuilder& out_;
};

}  // namespace

std::string int_text(Int value) {
  std::string digits;
  auto rest = value < 0 ? UnsignedInt{0} - static_cast<UnsignedInt>(value) : static_cast<UnsignedInt>(value);
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (value < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  // text is d[.ddd]e±xx; Python shows numbers with exponents from -4 to 15 without one.
  const size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  const std::string sign = text.starts_with('-') ? "-" : "";
  std::string digits;
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (exponent < -4 || exponent >= 16) {
    const std::string fraction = digits.size() > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}{}e{}{:02}", sign, digits[0], fraction, exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

Result<std::monostate> append_str(Render& render, TextBuilder& out, const Value& value) {
  if (value.is_undefined()) return {};
  if (const MarkedText* text = value.text()) {
    out.append(*text);
    return {};
  }
  return ReprWriter(render, out).value(value, 0);
}

Result<std::monostate> append_repr(Render& render, TextBuilder& out, const Value& value) {
  return ReprWriter(render, out).value(value, 0);
}

}  // namespace quire::jinja
