// Methods of str that give texts, lists and positions. Predicates are in text_predicates.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/format.h"
#include "text/jinja/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/text_operations.h"
#include "text/unicode.h"

namespace quire::jinja {

namespace {

const Str& self_text(const Value& self) { return *self.as<Str>(); }

// An argument that may be None: null then.
Result<Str> optional_text(const Value* value, std::string_view function) {
  return text_argument(value && value->is_none() ? nullptr : value, function);
}

template <CaseChange change>
Result<Value> change_case(Render& render, const Value& self, const Args& args) {
  if (!args.positional.empty() || !args.named.empty()) return template_error("this method takes no arguments");
  return map_case(render, self_text(self), change);
}

template <bool left, bool right>
Result<Value> strip_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "strip", {"chars"}));
  QUIRE_TRY(const Str chars, optional_text(bound[0], "strip"));
  return strip(render, self_text(self), chars, left, right);
}

template <bool from_right>
Result<Value> split_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "split", {"sep", "maxsplit"}));
  QUIRE_TRY(const Str separator, optional_text(bound[0], "split"));
  QUIRE_TRY(const Int max, int_argument(bound[1], "split", -1));
  return split(render, self_text(self), separator, max, from_right);
}

Result<Value> split_lines_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "splitlines", {"keepends"}));
  return split_lines(render, self_text(self), flag_argument(bound[0], false));
}

Result<Value> replace_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "replace", {"old", "new", "count"}, 2));
  QUIRE_TRY(const Str old_text, text_argument(bound[0], "replace"));
  QUIRE_TRY(const Str new_text, text_argument(bound[1], "replace"));
  QUIRE_TRY(const Int max, int_argument(bound[2], "replace", -1));
  return replace(render, self_text(self), old_text, new_text, max);
}

Result<Value> join_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "join", {"iterable"}, 1));
  QUIRE_TRY(const std::vector<Value> items, render.collect(*bound[0]));
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].text()) continue;
    return template_error(fmt::format("sequence item {}: expected str instance, {} found", i, type_name(items[i])));
  }
  return join(render, items, *self_text(self));
}

Result<Value> format_method(Render& render, const Value& self, const Args& args) {
  return brace_format(render, self_text(self), args);
}

template <Align align>
Result<Value> pad_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "pad", {"width", "fillchar"}, 1));
  QUIRE_TRY(const Int width, int_argument(bound[0], "pad", 0));
  QUIRE_TRY(const Str fill, text_argument(bound[1], "pad", shared_text(" ")));
  return pad(render, self_text(self), width, fill, align);
}

Result<Value> zero_fill(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "zfill", {"width"}, 1));
  QUIRE_TRY(const Int width, int_argument(bound[0], "zfill", 0));
  const Str& text = self_text(self);
  const bool has_sign = text->bytes.starts_with('-') || text->bytes.starts_with('+');
  const Value digits = render.heap().text(text, has_sign ? 1 : 0, text->bytes.size());
  QUIRE_TRY(const Value padded,
            pad(render, *digits.as<Str>(), width - (has_sign ? 1 : 0), shared_text("0"), Align::right));
  TextBuilder out;
  if (has_sign) out.append(*text, 0, 1);
  out.append(*padded.text());
  return render.heap().text(out.take());
}

// The part of a text that the arguments start and end (in characters) leave, as bytes; nothing when start is behind
// the end of the text.
Result<std::optional<ByteRange>> search_range(Render& render, const Str& text, const Value* start, const Value* end) {
  QUIRE_TRY_VOID(render.read(text->bytes.size()));
  ByteRange range{.begin = 0, .end = text->bytes.size()};
  if (!start && !end) return range;
  const auto size = static_cast<Int>(count_code_points(text->bytes));
  const auto place = [&](const Value* part, Int missing) -> Result<Int> {
    QUIRE_TRY(const Int index, int_argument(part && part->is_none() ? nullptr : part, "start", missing));
    return std::max<Int>(index < 0 ? index + size : index, 0);
  };
  QUIRE_TRY(const Int first, place(start, 0));
  QUIRE_TRY(const Int last, place(end, size));
  if (first > size || first > last) return std::nullopt;
  range.begin = byte_of_code_point(text->bytes, static_cast<size_t>(first));
  range.end = byte_of_code_point(text->bytes, static_cast<size_t>(std::min(last, size)));
  return range;
}

template <bool at_end>
Result<Value> has_affix(Render& render, const Value& self, const Args& args) {
  const std::string_view name = at_end ? "endswith" : "startswith";
  QUIRE_TRY(const auto bound, bind(args, name, {"affix", "start", "end"}, 1));
  const Str& text = self_text(self);
  QUIRE_TRY(const auto range, search_range(render, text, bound[1], bound[2]));
  if (!range) return Value(false);
  const std::string_view searched = std::string_view(text->bytes).substr(range->begin, range->end - range->begin);
  std::vector<Value> affixes = {*bound[0]};
  if (const Sequence* tuple = bound[0]->sequence(); tuple && tuple->type == SequenceType::tuple) affixes = tuple->items;
  for (const Value& affix : affixes) {
    QUIRE_TRY(const Str bytes, text_argument(&affix, name));
    if (at_end ? searched.ends_with(bytes->bytes) : searched.starts_with(bytes->bytes)) return Value(true);
  }
  return Value(false);
}

template <bool from_right, bool must_exist>
Result<Value> find_method_of(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "find", {"sub", "start", "end"}, 1));
  QUIRE_TRY(const Str wanted, text_argument(bound[0], "find"));
  const Str& text = self_text(self);
  QUIRE_TRY(const auto range, search_range(render, text, bound[1], bound[2]));
  size_t found = std::string_view::npos;
  if (range) {
    const std::string_view searched = std::string_view(text->bytes).substr(range->begin, range->end - range->begin);
    found = from_right ? searched.rfind(wanted->bytes) : searched.find(wanted->bytes);
  }
  if (found != std::string_view::npos) {
    return integer(count_code_points(std::string_view(text->bytes).substr(0, range->begin + found)));
  }
  if (must_exist) return template_error("substring not found");
  return integer(int64_t{-1});
}

Result<Value> count_method(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "count", {"sub", "start", "end"}, 1));
  QUIRE_TRY(const Str wanted, text_argument(bound[0], "count"));
  const Str& text = self_text(self);
  QUIRE_TRY(const auto range, search_range(render, text, bound[1], bound[2]));
  if (!range) return integer(int64_t{0});
  const std::string_view searched = std::string_view(text->bytes).substr(range->begin, range->end - range->begin);
  if (wanted->bytes.empty()) return integer(count_code_points(searched) + 1);
  size_t count = 0;
  for (size_t at = 0; (at = searched.find(wanted->bytes, at)) != std::string_view::npos; at += wanted->bytes.size())
    ++count;
  return integer(count);
}

template <bool from_right>
Result<Value> partition(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, "partition", {"sep"}, 1));
  QUIRE_TRY(const Str separator, text_argument(bound[0], "partition"));
  if (separator->bytes.empty()) return template_error("empty separator");
  const Str& text = self_text(self);
  const size_t size = text->bytes.size();
  QUIRE_TRY_VOID(render.read(size));
  const size_t found = from_right ? text->bytes.rfind(separator->bytes) : text->bytes.find(separator->bytes);
  std::vector<Value> parts;
  if (found != std::string::npos) {
    const size_t end = found + separator->bytes.size();
    parts = {render.heap().text(text, 0, found), render.heap().text(text, found, end),
             render.heap().text(text, end, size)};
  } else {
    parts = {Value(text), render.heap().text(""), render.heap().text("")};
    if (from_right) std::swap(parts[0], parts[2]);
  }
  return render.heap().sequence(SequenceType::tuple, std::move(parts));
}

template <bool at_end>
Result<Value> remove_affix(Render& render, const Value& self, const Args& args) {
  QUIRE_TRY(const auto bound, bind(args, at_end ? "removesuffix" : "removeprefix", {"affix"}, 1));
  QUIRE_TRY(const Str affix, text_argument(bound[0], "removeprefix"));
  const Str& text = self_text(self);
  const size_t size = text->bytes.size(), affix_size = affix->bytes.size();
  if (at_end ? !text->bytes.ends_with(affix->bytes) : !text->bytes.starts_with(affix->bytes)) return self;
  return at_end ? render.heap().text(text, 0, size - affix_size) : render.heap().text(text, affix_size, size);
}

constexpr NamedFunction methods[] = {
    {"upper", change_case<CaseChange::upper>},
    {"lower", change_case<CaseChange::lower>},
    {"casefold", change_case<CaseChange::lower>},
    {"title", change_case<CaseChange::title_words>},
    {"capitalize", change_case<CaseChange::capitalize>},
    {"swapcase", change_case<CaseChange::swap>},
    {"strip", strip_method<true, true>},
    {"lstrip", strip_method<true, false>},
    {"rstrip", strip_method<false, true>},
    {"split", split_method<false>},
    {"rsplit", split_method<true>},
    {"splitlines", split_lines_method},
    {"replace", replace_method},
    {"join", join_method},
    {"format", format_method},
    {"center", pad_method<Align::center>},
    {"ljust", pad_method<Align::left>},
    {"rjust", pad_method<Align::right>},
    {"zfill", zero_fill},
    {"startswith", has_affix<false>},
    {"endswith", has_affix<true>},
    {"find", find_method_of<false, false>},
    {"rfind", find_method_of<true, false>},
    {"index", find_method_of<false, true>},
    {"rindex", find_method_of<true, true>},
    {"count", count_method},
    {"partition", partition<false>},
    {"rpartition", partition<true>},
    {"removeprefix", remove_affix<false>},
    {"removesuffix", remove_affix<true>},
};

}  // namespace

std::span<const NamedFunction> text_methods() { return methods; }

}  // namespace quire::jinja
