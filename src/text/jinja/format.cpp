#include "text/jinja/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "text/jinja/arithmetic.h"
#include "text/jinja/render.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

constexpr size_t width_max = 10'000;

// What stands between "%" or ":" and the conversion's letter.
struct Spec {
  std::string fill = " ";
  char align = 0;  // '<', '>', '^', '='; 0: by the value's type
  char sign = '-';
  bool is_alternate = false;
  bool has_comma = false;
  size_t width = 0;
  std::optional<size_t> precision;
  char type = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads digits at `at`; false when the number is absurd.
bool take_number(std::string_view text, size_t& at, size_t& value) {
  value = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value = value * 10 + static_cast<size_t>(text[at] - '0');
    if (value > width_max) return false;
  }
  return true;
}

// Fills text up to the width, in characters.
void append_padded(TextBuilder& out, const MarkedText& text, const Spec& spec, char default_align) {
  const size_t size = count_code_points(text.bytes);
  const size_t missing = spec.width > size ? spec.width - size : 0;
  const char align = spec.align ? spec.align : default_align;
  const size_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  const bool has_sign = align == '=' && !text.bytes.empty() && (text.bytes[0] == '-' || text.bytes[0] == '+');
  if (has_sign) out.append(text, 0, 1);
  for (size_t i = 0; i < left; ++i) out.append(spec.fill);
  out.append(text, has_sign ? 1 : 0, text.bytes.size());
  for (size_t i = left; i < missing; ++i) out.append(spec.fill);
}

std::string with_sign(std::string text, const Spec& spec) {
  if (!text.starts_with('-') && spec.sign != '-') text.insert(0, 1, spec.sign);
  return text;
}

std::string with_commas(const std::string& text) {
  const size_t begin = text.starts_with('-') ? 1 : 0;
  const size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > begin && i < end && (end - i) % 3 == 0) out.push_back(',');
    out.push_back(text[i]);
  }
  return out;
}

std::string based_text(Int value, unsigned base, bool upper) {
  const std::string_view alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string digits;  // the last one first
  UnsignedInt rest = value < 0 ? UnsignedInt{0} - static_cast<UnsignedInt>(value) : static_cast<UnsignedInt>(value);
  do {
    const auto digit = static_cast<size_t>(rest % base);
    digits.push_back(alphabet[digit]);
    rest /= base;
  } while (rest != 0);
  if (value < 0) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string fixed_text(double value, const Spec& spec, char type) {
  const int precision = static_cast<int>(spec.precision.value_or(6));
  if (!std::isfinite(value)) return real_text(value);
  switch (type) {
    case 'e':
      return fmt::format("{:.{}e}", value, precision);
    case 'E':
      return fmt::format("{:.{}E}", value, precision);
    case 'g':
      return fmt::format("{:.{}g}", value, precision);
    case 'G':
      return fmt::format("{:.{}G}", value, precision);
    case '%':
      return fmt::format("{:.{}f}%", value * 100, precision);
    default:
      return fmt::format("{:.{}f}", value, precision);
  }
}

// Characters [0, precision) of a text, as "%.3s" asks.
MarkedText cut(const MarkedText& text, const Spec& spec) {
  if (!spec.precision) return text;
  return slice(text, 0, byte_of_code_point(text.bytes, *spec.precision));
}

// A format of the user's decides about fills, signs and digits too: then all of the text is the user's.
MarkedText filled(const MarkedText& format, MarkedText text) {
  return format.has_user_text() ? user_text(std::move(text.bytes)) : std::move(text);
}

class PrintfFormatter {
 public:
  PrintfFormatter(Render& render, const Str& format, const Value& args)
      : render_(render), format_(format), args_(args) {
    const Sequence* sequence = args.sequence();
    if (sequence && sequence->type == SequenceType::tuple) {
      items_ = sequence->items;
    } else {
      items_ = {args};
    }
  }

  Result<Value> run() {
    const std::string& text = format_->bytes;
    for (size_t at = 0; at < text.size();) {
      QUIRE_TRY_VOID(render_.step());
      QUIRE_TRY_VOID(render_.reserve_text(out_.size()));
      const size_t percent = std::min(text.find('%', at), text.size());
      out_.append(*format_, at, percent);
      if (percent == text.size()) break;
      QUIRE_TRY(at, conversion(percent + 1));
    }
    if (used_ < items_.size() && !args_.dict()) {
      return template_error("not all arguments converted during string formatting");
    }
    return render_.heap().text(filled(*format_, out_.take()));
  }

 private:
  // From behind the "%"; returns the end of the conversion.
  Result<size_t> conversion(size_t at) {
    const std::string_view text = format_->bytes;
    std::optional<Value> named;
    if (at < text.size() && text[at] == '(') {
      const size_t close = text.find(')', at);
      if (close == std::string_view::npos || !args_.dict()) return template_error("format requires a mapping");
      const Value* found = args_.dict()->find(text.substr(at + 1, close - at - 1));
      if (!found) return template_error(fmt::format("no key '{}' to format", text.substr(at + 1, close - at - 1)));
      named = *found;
      at = close + 1;
    }
    Spec spec;
    for (; at < text.size() && std::string_view("-+ 0#").find(text[at]) != std::string_view::npos; ++at)
      flag(text[at], spec);
    bool ok = take_number(text, at, spec.width);
    if (ok && at < text.size() && text[at] == '.') {
      size_t precision = 0;
      ++at;
      ok = take_number(text, at, precision);
      spec.precision = precision;
    }
    if (!ok) return limit_error(fmt::format("a width in a format is over {}", width_max));
    if (at >= text.size()) return template_error("incomplete format");
    spec.type = text[at];
    if (spec.type == '%') {
      out_.append(*format_, at, at + 1);
      return at + 1;
    }
    if (!named) {
      if (used_ >= items_.size()) return template_error("not enough arguments for format string");
      named = items_[used_];
    }
    ++used_;
    QUIRE_TRY_VOID(convert(*named, spec));
    return at + 1;
  }

  static void flag(char c, Spec& spec) {
    if (c == '-') spec.align = '<';
    if (c == '+' || (c == ' ' && spec.sign == '-')) spec.sign = c;
    if (c == '#') spec.is_alternate = true;
    if (c == '0' && spec.align == 0) {
      spec.align = '=';
      spec.fill = "0";
    }
    if (c == '-') spec.fill = " ";
  }

  Result<std::monostate> convert(const Value& value, Spec spec) {
    if (spec.type == 's' || spec.type == 'r' || spec.type == 'a') {
      if (spec.align == '=') spec.align = '>';
      spec.fill = " ";
      TextBuilder shown;
      QUIRE_TRY_VOID(spec.type == 's' ? append_str(render_, shown, value) : append_repr(render_, shown, value));
      append_padded(out_, cut(shown.take(), spec), spec, '>');
      return {};
    }
    double real = 0;
    if (!as_double(value, real)) {
      return template_error(fmt::format("%{} format: a number is required, not {}", spec.type, type_name(value)));
    }
    std::string text;
    if (std::string_view("diuxXo").find(spec.type) != std::string_view::npos) {
      QUIRE_TRY(const Value whole, value.is<double>() ? truncate_to_int(real) : Result<Value>(value));
      Int number = 0;
      as_int(whole, number);
      const unsigned base = spec.type == 'o' ? 8 : (spec.type | 0x20) == 'x' ? 16 : 10;
      text = based_text(number, base, spec.type == 'X');
    } else if (std::string_view("fFeEgG").find(spec.type) != std::string_view::npos) {
      text = fixed_text(real, spec, spec.type);
    } else {
      return template_error(fmt::format("unsupported format character '{}'", spec.type));
    }
    append_padded(out_, plain_text(with_sign(std::move(text), spec)), spec, '>');
    return {};
  }

  Render& render_;
  const Str format_;
  const Value args_;
  std::vector<Value> items_;
  size_t used_ = 0;
  TextBuilder out_;
};

class BraceFormatter {
 public:
  BraceFormatter(Render& render, const Str& format, const Args& args) : render_(render), format_(format), args_(args) {}

  Result<Value> run() {
    const std::string& text = format_->bytes;
    for (size_t at = 0; at < text.size();) {
      QUIRE_TRY_VOID(render_.step());
      QUIRE_TRY_VOID(render_.reserve_text(out_.size()));
      const size_t brace = std::min(text.find_first_of("{}", at), text.size());
      out_.append(*format_, at, brace);
      at = brace;
      if (brace == text.size()) break;
      if (brace + 1 < text.size() && text[brace + 1] == text[brace]) {
        out_.append(*format_, brace, brace + 1);
        at += 2;
        continue;
      }
      const size_t close = text.find('}', brace);
      if (text[brace] == '}' || close == std::string::npos) return template_error("a single brace in a format string");
      QUIRE_TRY_VOID(field(std::string_view(text).substr(brace + 1, close - brace - 1)));
      at = close + 1;
    }
    return render_.heap().text(filled(*format_, out_.take()));
  }

 private:
  Result<std::monostate> field(std::string_view text) {
    if (text.find('{') != std::string_view::npos) return template_error("nested format fields are not supported");
    const size_t colon = std::min(text.find(':'), text.size());
    std::string_view path = text.substr(0, colon);
    char conversion = 0;
    if (path.size() >= 2 && path[path.size() - 2] == '!') {
      conversion = path.back();
      path.remove_suffix(2);
    }
    QUIRE_TRY(Value value, lookup(path));
    if (conversion != 0) {
      TextBuilder shown;
      QUIRE_TRY_VOID(conversion == 's' ? append_str(render_, shown, value) : append_repr(render_, shown, value));
      value = render_.heap().text(shown.take());
    }
    QUIRE_TRY(const Spec spec, parse(colon < text.size() ? text.substr(colon + 1) : std::string_view()));
    return append(value, spec);
  }

  // "0", "name", "name.attribute[key]"; nothing: the next argument.
  Result<Value> lookup(std::string_view path) {
    const size_t first_end = std::min(path.find_first_of(".["), path.size());
    QUIRE_TRY(Value value, argument(path.substr(0, first_end)));
    for (size_t at = first_end; at < path.size();) {
      if (path[at] == '.') {
        const size_t end = std::min(path.find_first_of(".[", at + 1), path.size());
        QUIRE_TRY(value, render_.get_attribute(value, path.substr(at + 1, end - at - 1)));
        at = end;
        continue;
      }
      const size_t close = path.find(']', at);
      if (path[at] != '[' || close == std::string_view::npos) return template_error("a malformed format field");
      const std::string_view key = path.substr(at + 1, close - at - 1);
      size_t end = 0, index = 0;
      const bool is_index = take_number(key, end, index) && end == key.size() && !key.empty();
      QUIRE_TRY(value, render_.get_item(value, is_index ? integer(index) : render_.heap().text(key)));
      at = close + 1;
    }
    return value;
  }

  Result<Value> argument(std::string_view name) {
    size_t end = 0, index = 0;
    if (name.empty()) {
      index = next_++;
    } else if (!take_number(name, end, index) || end < name.size()) {
      if (const Value* found = args_.find_named(name)) return *found;
      return template_error(fmt::format("the format has no argument '{}'", name));
    }
    if (index >= args_.positional.size()) return template_error("the format has more fields than arguments");
    return args_.positional[index];
  }

  static Result<Spec> parse(std::string_view text) {
    Spec spec;
    size_t at = 0;
    const auto is_align = [&](size_t i) {
      return i < text.size() && std::string_view("<>^=").find(text[i]) != std::string_view::npos;
    };
    const size_t fill_size = text.empty() ? 0 : code_point_at(text, 0).size_bytes;
    if (fill_size > 0 && is_align(fill_size)) {
      spec.fill = text.substr(0, fill_size);
      spec.align = text[fill_size];
      at = fill_size + 1;
    } else if (is_align(0)) {
      spec.align = text[0];
      at = 1;
    }
    if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) spec.sign = text[at++];
    if (at < text.size() && text[at] == '#') {
      spec.is_alternate = true;
      ++at;
    }
    if (at < text.size() && text[at] == '0' && spec.align == 0) {
      spec.align = '=';
      spec.fill = "0";
    }
    bool ok = take_number(text, at, spec.width);
    if (at < text.size() && text[at] == ',') {
      spec.has_comma = true;
      ++at;
    }
    if (ok && at < text.size() && text[at] == '.') {
      size_t precision = 0;
      ++at;
      ok = take_number(text, at, precision);
      spec.precision = precision;
    }
    if (!ok) return limit_error(fmt::format("a width in a format is over {}", width_max));
    if (at < text.size()) spec.type = text[at++];
    if (at < text.size()) return template_error("invalid format specifier");
    return spec;
  }

  Result<std::monostate> append(const Value& value, const Spec& spec) {
    Int number = 0;
    double real = 0;
    if (!as_double(value, real) || (value.is<bool>() && spec.type == 0)) {
      if (spec.type != 0 && spec.type != 's') return template_error(fmt::format("unknown format code '{}'", spec.type));
      TextBuilder shown;
      QUIRE_TRY_VOID(append_str(render_, shown, value));
      append_padded(out_, cut(shown.take(), spec), spec, '<');
      return {};
    }
    std::string text;
    if (as_int(value, number) && std::string_view("dxXobn").find(spec.type) != std::string_view::npos) {
      const unsigned base = spec.type == 'o' ? 8 : spec.type == 'b' ? 2 : (spec.type | 0x20) == 'x' ? 16 : 10;
      text = based_text(number, base, spec.type == 'X');
    } else if (as_int(value, number) && spec.type == 0) {
      text = int_text(number);
    } else if (std::string_view("fFeEgG%").find(spec.type) != std::string_view::npos && spec.type != 0) {
      text = fixed_text(real, spec, spec.type);
    } else if (spec.type == 0) {
      text = spec.precision ? fixed_text(real, spec, 'g') : real_text(real);
    } else {
      return template_error(fmt::format("unknown format code '{}'", spec.type));
    }
    if (spec.has_comma) text = with_commas(text);
    append_padded(out_, plain_text(with_sign(std::move(text), spec)), spec, '>');
    return {};
  }

  Render& render_;
  const Str format_;
  const Args& args_;
  size_t next_ = 0;
  TextBuilder out_;
};

}  // namespace

Result<Value> printf_format(Render& render, const Str& format, const Value& args) {
  return PrintfFormatter(render, format, args).run();
}

Result<Value> brace_format(Render& render, const Str& format, const Args& args) {
  return BraceFormatter(render, format, args).run();
}

}  // namespace quire::jinja
