// Filters that make texts of texts.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"
#include "text/jinja/to_text.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

template <CaseChange change>
Result<Value> change_case(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(const Str text, render.to_text(subject));
  return map_case(render, text, change);
}

Result<Value> trim(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "trim", {"chars"}));
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY(const Str chars, text_argument(bound[0] && bound[0]->is_none() ? nullptr : bound[0], "trim"));
  return strip(render, text, chars, true, true);
}

Result<Value> replace_filter(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "replace", {"old", "new", "count"}, 2));
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY(const Str old_text, render.to_text(*bound[0]));
  QUIRE_TRY(const Str new_text, render.to_text(*bound[1]));
  QUIRE_TRY(const Int max, int_argument(bound[2] && bound[2]->is_none() ? nullptr : bound[2], "replace", -1));
  return replace(render, text, old_text, new_text, max);
}

Result<Value> string(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(Str text, render.to_text(subject));
  return Value(std::move(text));
}

Result<Value> center(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "center", {"width"}));
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY(const Int width, int_argument(bound[0], "center", 80));
  return pad(render, text, width, shared_text(" "), Align::center);
}

Result<Value> format(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const Str text, render.to_text(subject));
  if (args.named.empty()) {
    return printf_format(render, text, render.heap().sequence(SequenceType::tuple, args.positional));
  }
  if (!args.positional.empty()) return template_error("positional and keyword arguments cannot be mixed");
  Dict* named = render.heap().dict();
  for (const auto& [name, value] : args.named) named->set(render.heap().text(name), value);
  return printf_format(render, text, Value(named));
}

Result<Value> indent(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "indent", {"width", "first", "blank"}));
  QUIRE_TRY(const Str text, text_argument(&subject, "indent"));
  Value indention;
  if (bound[0] && bound[0]->text()) {
    indention = *bound[0];
  } else {
    QUIRE_TRY(const Int width, int_argument(bound[0], "indent", 4));
    QUIRE_TRY(indention, pad(render, shared_text(""), width, shared_text(" "), Align::left));
  }
  const bool first = flag_argument(bound[1], false), blank = flag_argument(bound[2], false);
  TextBuilder closed;  // a newline at the end makes the last line one like the others
  closed.append(*text);
  closed.append("\n");
  const Value whole = render.heap().text(closed.take());
  QUIRE_TRY(const Value lines, split_lines(render, *whole.as<Str>(), false));
  TextBuilder out;
  const std::vector<Value>& items = lines.sequence()->items;
  for (size_t i = 0; i < items.size(); ++i) {
    const MarkedText& line = *items[i].text();
    if (i > 0) out.append("\n");
    if (i == 0 ? first : blank || !line.bytes.empty()) out.append(*indention.text());
    out.append(line);
    QUIRE_TRY_VOID(render.reserve_text(out.size()));
  }
  return render.heap().text(out.take());
}

Result<Value> as_markup(Render& render, MarkedText text) {
  text.is_markup = true;
  return render.heap().text(std::move(text));
}

// A text that nothing escapes any more.
Result<Value> safe(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY_VOID(render.reserve_text(text->bytes.size()));
  return as_markup(render, *text);
}

Result<Value> force_escape(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY(MarkedText entities, escaped(render, *text));
  return as_markup(render, std::move(entities));
}

Result<Value> escape(Render& render, const Value& subject, const Args& args) {
  if (subject.text() != nullptr && subject.text()->is_markup) return subject;
  return force_escape(render, subject, args);
}

Result<Value> truncate(Render& render, const Value& subject, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "truncate", {"length", "killwords", "end", "leeway"}));
  QUIRE_TRY(const Str text, text_argument(&subject, "truncate"));
  QUIRE_TRY(const Int length_max, int_argument(bound[0], "truncate", 255));
  QUIRE_TRY(const Str end, text_argument(bound[2], "truncate", shared_text("...")));
  QUIRE_TRY(const Int leeway, int_argument(bound[3] && bound[3]->is_none() ? nullptr : bound[3], "truncate", 5));
  const auto end_size = static_cast<Int>(count_code_points(end->bytes));
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  if (length_max < end_size || leeway < 0) return template_error("truncate(): the length is too small");
  if (static_cast<Int>(count_code_points(text->bytes)) <= length_max + leeway) return subject;
  size_t kept = byte_of_code_point(text->bytes, static_cast<size_t>(length_max - end_size));
  if (!flag_argument(bound[1], false) && kept > 0) {
    const size_t space = text->bytes.rfind(' ', kept - 1);
    if (space != std::string::npos) kept = space;
  }
  TextBuilder out;
  out.append(*text, 0, kept);
  out.append(*end);
  return render.heap().text(out.take());
}

Result<Value> word_count(Render& render, const Value& subject, const Args&) {
  QUIRE_TRY(const Str text, render.to_text(subject));
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  size_t count = 0;
  bool in_word = false;
  for (size_t at = 0; at < text->bytes.size();) {
    const CodePoint point = code_point_at(text->bytes, at);
    const bool is_word = is_alnum(point.value) || point.value == '_';
    count += is_word && !in_word ? 1 : 0;
    in_word = is_word;
    at += point.size_bytes;
  }
  return integer(count);
}

// In a query, "/" is quoted and a space is "+".
Result<std::monostate> append_quoted_url(Render& render, TextBuilder& out, const Value& value, bool in_query) {
  QUIRE_TRY(const Str text, render.to_text(value));
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  QUIRE_TRY_VOID(render.reserve_text(out.size() + 3 * text->bytes.size()));
  for (size_t i = 0; i < text->bytes.size(); ++i) {
    const char c = text->bytes[i];
    const bool is_kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                         c == '.' || c == '-' || c == '~' || (!in_query && c == '/');
    const bool is_plus = in_query && c == ' ';
    const std::string shown = is_plus   ? "+"
                              : is_kept ? std::string(1, c)
                                        : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    out.append(shown, is_user_byte(*text, i));
  }
  return {};
}

Result<Value> url_encode(Render& render, const Value& subject, const Args&) {
  TextBuilder out;
  if (!subject.dict()) {
    QUIRE_TRY_VOID(append_quoted_url(render, out, subject, false));
    return render.heap().text(out.take());
  }
  bool is_first = true;
  for (const auto& [key, value] : subject.dict()->items) {
    if (!std::exchange(is_first, false)) out.append("&");
    QUIRE_TRY_VOID(append_quoted_url(render, out, key, true));
    out.append("=");
    QUIRE_TRY_VOID(append_quoted_url(render, out, value, true));
  }
  return render.heap().text(out.take());
}

constexpr FilterEntry filters[] = {
    {{"upper", change_case<CaseChange::upper>}},
    {{"lower", change_case<CaseChange::lower>}},
    {{"title", change_case<CaseChange::title_after_separators>}},
    {{"capitalize", change_case<CaseChange::capitalize>}},
    {{"trim", trim}},
    {{"replace", replace_filter}},
    {{"string", string}},
    {{"safe", safe}},
    {{"center", center}},
    {{"format", format}},
    {{"indent", indent}},
    {{"escape", escape}},
    {{"e", escape}},
    {{"forceescape", force_escape}},
    {{"truncate", truncate}},
    {{"wordcount", word_count}},
    {{"urlencode", url_encode}},
};

}  // namespace

std::span<const FilterEntry> text_filters() { return filters; }

}  // namespace quire::jinja
