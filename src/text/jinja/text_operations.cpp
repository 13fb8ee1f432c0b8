#include "text/jinja/text_operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/render.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

constexpr std::string_view title_separators = "-({[<";

bool is_title_separator(int32_t c) {
  return is_space(c) || (c < 0x80 && title_separators.find(static_cast<char>(c)) != std::string_view::npos);
}

// How the next character changes: `follows_cased` and so on are about the one before it.
void append_changed(std::string& out, int32_t c, CaseChange change, bool is_first, bool after_separator,
                    bool after_cased) {
  switch (change) {
    case CaseChange::upper:
      return append_upper(out, c);
    case CaseChange::lower:
      return append_lower(out, c);
    case CaseChange::title_words:
      return after_cased ? append_lower(out, c) : append_title(out, c);
    case CaseChange::title_after_separators:
      return after_separator ? append_upper(out, c) : append_lower(out, c);
    case CaseChange::capitalize:
      return is_first ? append_title(out, c) : append_lower(out, c);
    case CaseChange::swap:
      return is_upper(c) ? append_lower(out, c) : append_upper(out, c);
  }
}

bool is_line_end(int32_t c) {
  return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

class Splitter {
 public:
  Splitter(Render& render, const Str& text) : render_(render), text_(text) {}

  Result<std::monostate> add(size_t begin, size_t end) {
    QUIRE_TRY_VOID(render_.step());
    parts_.push_back(render_.heap().text(text_, begin, end));
    return {};
  }

  Value list(bool is_reversed) {
    if (is_reversed) std::reverse(parts_.begin(), parts_.end());
    return render_.heap().list(std::move(parts_));
  }

 private:
  Render& render_;
  const Str& text_;
  std::vector<Value> parts_;
};

Result<Value> split_by(Render& render, const Str& text, const std::string& separator, Int max, bool from_right) {
  if (separator.empty()) return template_error("empty separator");
  const std::string& bytes = text->bytes;
  Splitter parts(render, text);
  size_t begin = 0, end = bytes.size();
  for (Int count = 0; max < 0 || count < max; ++count) {
    const size_t found =
        from_right ? (end < separator.size() ? std::string::npos : bytes.rfind(separator, end - separator.size()))
                   : bytes.find(separator, begin);
    if (found == std::string::npos) break;
    QUIRE_TRY_VOID(from_right ? parts.add(found + separator.size(), end) : parts.add(begin, found));
    if (from_right) {
      end = found;
    } else {
      begin = found + separator.size();
    }
  }
  QUIRE_TRY_VOID(parts.add(begin, end));
  return parts.list(from_right);
}

size_t word_end(std::string_view bytes, size_t at) {
  while (at < bytes.size() && !is_space(code_point_at(bytes, at).value)) at += code_point_at(bytes, at).size_bytes;
  return at;
}

size_t word_begin(std::string_view bytes, size_t end) {
  while (end > 0) {
    const size_t before = code_point_before(bytes, end);
    if (is_space(code_point_at(bytes, before).value)) break;
    end = before;
  }
  return end;
}

Result<Value> split_words(Render& render, const Str& text, Int max, bool from_right) {
  const std::string_view bytes = text->bytes;
  Splitter parts(render, text);
  ByteRange rest = trim_space(bytes, !from_right, from_right);
  for (Int count = 0; rest.begin < rest.end; ++count) {
    if (max >= 0 && count >= max) {
      QUIRE_TRY_VOID(parts.add(rest.begin, rest.end));
      break;
    }
    if (from_right) {
      const size_t begin = word_begin(bytes.substr(0, rest.end), rest.end);
      QUIRE_TRY_VOID(parts.add(begin, rest.end));
      rest.end = trim_space(bytes.substr(0, begin), false, true).end;
    } else {
      const size_t end = word_end(bytes, rest.begin);
      QUIRE_TRY_VOID(parts.add(rest.begin, end));
      rest.begin = end + trim_space(bytes.substr(end), true, false).begin;
    }
  }
  return parts.list(from_right);
}

}  // namespace

Str shared_text(std::string_view bytes) { return std::make_shared<const MarkedText>(plain_text(std::string(bytes))); }

Result<Value> map_case(Render& render, const Str& text, CaseChange change) {
  const std::string& bytes = text->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  QUIRE_TRY_VOID(render.reserve(3 * bytes.size()));
  TextBuilder out;
  bool after_separator = true, after_cased = false;
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    std::string changed;
    append_changed(changed, point.value, change, at == 0, after_separator, after_cased);
    out.append(changed, is_user_byte(*text, at));
    after_separator = is_title_separator(point.value);
    after_cased = is_upper(point.value) || is_lower(point.value) || is_title(point.value);
    at += point.size_bytes;
  }
  return render.heap().text(out.take());
}

Result<Value> strip(Render& render, const Str& text, const Str& chars, bool left, bool right) {
  const std::string& bytes = text->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  if (!chars) {
    const ByteRange range = trim_space(bytes, left, right);
    return render.heap().text(text, range.begin, range.end);
  }
  QUIRE_TRY_VOID(render.step(chars->bytes.size()));
  std::vector<int32_t> stripped;
  for (size_t at = 0; at < chars->bytes.size(); at += code_point_at(chars->bytes, at).size_bytes) {
    stripped.push_back(code_point_at(chars->bytes, at).value);
  }
  std::sort(stripped.begin(), stripped.end());
  const auto is_stripped = [&](size_t at) {
    return std::binary_search(stripped.begin(), stripped.end(), code_point_at(bytes, at).value);
  };
  size_t begin = 0, end = bytes.size();
  while (left && begin < end && is_stripped(begin)) begin += code_point_at(bytes, begin).size_bytes;
  while (right && end > begin && is_stripped(code_point_before(bytes, end))) end = code_point_before(bytes, end);
  return render.heap().text(text, begin, end);
}

Result<Value> split(Render& render, const Str& text, const Str& separator, Int max, bool from_right) {
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  if (separator) return split_by(render, text, separator->bytes, max, from_right);
  return split_words(render, text, max, from_right);
}

Result<Value> split_lines(Render& render, const Str& text, bool keeps_ends) {
  const std::string& bytes = text->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  Splitter lines(render, text);
  size_t begin = 0;
  for (size_t at = 0; at < bytes.size();) {
    const CodePoint point = code_point_at(bytes, at);
    size_t next = at + point.size_bytes;
    if (is_line_end(point.value)) {
      if (point.value == '\r' && next < bytes.size() && bytes[next] == '\n') ++next;
      QUIRE_TRY_VOID(lines.add(begin, keeps_ends ? next : at));
      begin = next;
    }
    at = next;
  }
  if (begin < bytes.size()) QUIRE_TRY_VOID(lines.add(begin, bytes.size()));
  return lines.list(false);
}

Result<Value> replace(Render& render, const Str& text, const Str& old_text, const Str& new_text, Int max) {
  const std::string& bytes = text->bytes;
  const std::string& old_bytes = old_text->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  TextBuilder out;
  size_t at = 0;
  for (Int count = 0; max < 0 || count < max; ++count) {
    if (old_bytes.empty()) {  // new_text goes before every character and at the end
      if (count > 0) {
        if (at >= bytes.size()) break;
        const size_t size = code_point_at(bytes, at).size_bytes;
        out.append(*text, at, at + size);
        at += size;
      }
    } else {
      const size_t found = bytes.find(old_bytes, at);
      if (found == std::string::npos) break;
      out.append(*text, at, found);
      at = found + old_bytes.size();
    }
    out.append(*new_text);
    QUIRE_TRY_VOID(render.read(new_text->bytes.size()));
    QUIRE_TRY_VOID(render.reserve_text(out.size()));
  }
  out.append(*text, at, bytes.size());
  return render.heap().text(out.take());
}

Result<Value> pad(Render& render, const Str& text, Int width, const Str& fill, Align align) {
  const size_t size = count_code_points(text->bytes);
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  if (width <= static_cast<Int>(size)) return Value(text);
  if (count_code_points(fill->bytes) != 1)
    return template_error("the fill character must be exactly one character long");
  if (width > static_cast<Int>(render.limits().output_bytes_max)) {
    return limit_error(fmt::format("a width is over {}", render.limits().output_bytes_max));
  }
  const size_t missing = static_cast<size_t>(width) - size;
  QUIRE_TRY_VOID(render.reserve_text(text->bytes.size() + missing * fill->bytes.size()));
  // Python puts the odd one out to the left when the width is odd.
  const size_t left = align == Align::left    ? 0
                      : align == Align::right ? missing
                                              : missing / 2 + (missing & static_cast<size_t>(width) & 1);
  TextBuilder out;
  for (size_t i = 0; i < left; ++i) out.append(*fill);
  out.append(*text);
  for (size_t i = left; i < missing; ++i) out.append(*fill);
  return render.heap().text(out.take());
}

Result<Value> join(Render& render, const std::vector<Value>& items, const MarkedText& separator) {
  TextBuilder out;
  for (size_t i = 0; i < items.size(); ++i) {
    QUIRE_TRY_VOID(render.read(separator.bytes.size()));
    if (i > 0) out.append(separator);
    QUIRE_TRY_VOID(append_str(render, out, items[i]));
    QUIRE_TRY_VOID(render.reserve_text(out.size()));
  }
  return render.heap().text(out.take());
}

Result<MarkedText> escaped(Render& render, const MarkedText& text) {
  QUIRE_TRY_VOID(render.read(text.bytes.size()));
  QUIRE_TRY_VOID(render.reserve_text(text.bytes.size() * 5));
  TextBuilder out;
  for (size_t i = 0; i < text.bytes.size(); ++i) {
    const char c = text.bytes[i];
    const std::string_view entity = c == '&'    ? "&amp;"
                                    : c == '<'  ? "&lt;"
                                    : c == '>'  ? "&gt;"
                                    : c == '\'' ? "&#39;"
                                    : c == '"'  ? "&#34;"
                                                : "";
    if (entity.empty()) {
      out.append(text, i, i + 1);
    } else {
      out.append(entity, is_user_byte(text, i));
    }
  }
  return out.take();
}

Result<Value> reverse_text(Render& render, const Str& text) {
  const std::string& bytes = text->bytes;
  QUIRE_TRY_VOID(render.read(bytes.size()));
  TextBuilder out;
  for (size_t end = bytes.size(); end > 0;) {
    const size_t begin = code_point_before(bytes, end);
    out.append(*text, begin, end);
    end = begin;
  }
  return render.heap().text(out.take());
}

}  // namespace quire::jinja
