// Calls whose arguments have tags of their own, and are text.
#include <array>

#include "text/parts/form.h"
#include "text/parts/json_pieces.h"
#include "text/parts/marks.h"
#include "text/parts/typed_values.h"

namespace quire::parts {
namespace {

// A value's text up to its end: a line break at either end is not part of it where `lines`.
class ValueText {
 public:
  ValueText(std::string_view end, bool lines) : marks_({end}), lines_(lines) {}

  // Appends to `text` what is certain. True: the value ends here.
  bool take(char byte, std::string& text) {
    found_.clear();
    const bool ended = marks_.take(byte, found_).has_value();
    if (lines_ && !found_.empty()) {
      if (first_ && found_.front() == '\n') found_.erase(0, 1);
      first_ = false;
      if (!found_.empty()) found_.insert(0, std::exchange(line_, {}));
      if (found_.ends_with('\n')) {
        found_.pop_back();
        line_ = "\n";
      }
    }
    text += found_;
    return ended;
  }

 private:
  Marks marks_;
  bool lines_;
  bool first_ = true;  // nothing has come
  std::string line_;   // a line break that may be the last
  std::string found_;
};

// A string streams; another value is known when it has ended.
Reading read_text_value(Turn& turn, std::string_view end, bool lines, Types types) {
  ValueText value(end, lines);
  const bool streams = types == string_type;
  std::string raw;
  std::string escaped;
  if (streams) turn.out.arguments("\"");
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    turn.in.take();
    const bool ended = value.take(static_cast<char>(byte), raw);
    if (streams) {
      escaped.clear();
      append_escaped(escaped, raw);
      raw.clear();
      turn.out.arguments(escaped);
    }
    if (ended) break;
  }
  turn.out.arguments(streams ? "\"" : typed_value(raw, types));
  co_return true;
}

Reading read_value(Turn& turn, const TaggedCall& form, Types types) {
  constexpr std::string_view data_begin = "<![CDATA[";
  constexpr std::string_view data_end = "]]>";
  const int first = co_await turn.in.peek();
  const bool is_data = form.quoted_data && first == '<';
  const std::array beginnings = {data_begin, form.value_end};
  size_t which = 0;
  if (is_data) {
    if (!co_await expect_one(turn, beginnings, which)) co_return false;
    if (which == 1) {
      turn.out.arguments("\"\"");
      co_return true;
    }
    types = string_type;
  }
  if (!co_await read_text_value(turn, is_data ? data_end : form.value_end, form.value_lines, types)) co_return false;
  if (is_data) {
    if (!co_await expect(turn, form.value_end)) co_return false;
  }
  co_return true;
}

// What attributes say: string="true", type="number".
Types attribute_types(std::string_view attributes, Types types) {
  for (const std::string_view sign : {R"(string="true")", R"(type="string")"}) {
    if (attributes.contains(sign)) return string_type;
  }
  for (const std::string_view sign : {R"(string="false")", R"(type=")"}) {
    if (attributes.contains(sign)) return any_type & ~string_type;
  }
  return types;
}

Reading read_argument(Turn& turn, const TaggedCall& form, const ParameterTypes& types, bool first) {
  std::string key;
  std::string attributes;
  if (!co_await read_until(turn, form.key_end.substr(0, 1), key)) co_return false;
  if (!co_await expect(turn, form.key_end)) co_return false;
  if (!form.attributes_end.empty()) {
    if (!co_await read_until(turn, form.attributes_end.substr(0, 1), attributes)) co_return false;
    if (!co_await expect(turn, form.attributes_end)) co_return false;
  }
  if (!form.value_begin.empty()) {
    co_await skip_white(turn);
    if (!co_await expect(turn, form.value_begin)) co_return false;
  }
  turn.out.arguments(std::string(first ? "{" : ",") + quoted(key) + ":");
  co_return co_await read_value(turn, form, attribute_types(attributes, types.types(key)));
}

// From the name to the end of the call.
Reading read_tagged_call(Turn& turn, const TaggedCall& form, std::string_view end) {
  std::string name;
  co_await skip_white(turn);
  if (!co_await read_name(turn, name)) co_return false;
  if (!co_await expect(turn, form.name_end)) co_return false;
  if (!form.name_attributes_end.empty()) {
    std::string attributes;
    if (!co_await read_until(turn, form.name_attributes_end.substr(0, 1), attributes)) co_return false;
    if (!co_await expect(turn, form.name_attributes_end)) co_return false;
  }
  const Tool* tool = turn.tool(name);
  if (tool == nullptr) co_return false;
  const int behind = co_await turn.in.peek();
  if (form.name_end.empty() && !is_white(behind) && behind != '<') co_return false;
  turn.begin_call(name, {});
  const ParameterTypes types = ParameterTypes::of(tool->parameters);
  const std::array marks = {form.key_begin, end};
  for (bool first = true;; first = false) {
    co_await skip_white(turn);
    size_t which = 0;
    if (!co_await expect_one(turn, marks, which)) co_return false;
    if (which == 1) {
      turn.out.arguments(first ? "{}" : "}");
      turn.end_call();
      co_return true;
    }
    if (!co_await read_argument(turn, form, types, first)) co_return false;
  }
}

}  // namespace

Reading read_tagged_calls(Turn& turn, const CallForm& form) {
  const TaggedCall& tags = form.tagged;
  if (tags.end.empty()) co_return co_await read_tagged_call(turn, tags, form.closer);
  const std::array marks = {tags.name_begin, form.closer};
  bool begun = form.opener == tags.name_begin;  // without what stands around calls
  for (;;) {
    if (!begun) {
      co_await skip_white(turn);
      size_t which = 0;
      if (!co_await expect_one(turn, marks, which)) co_return false;
      if (which == 1) co_return true;
    }
    begun = false;
    if (!co_await read_tagged_call(turn, tags, tags.end)) co_return false;
  }
}

}  // namespace quire::parts
