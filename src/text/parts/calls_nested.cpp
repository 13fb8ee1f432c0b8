// Calls whose arguments are elements inside of elements: lists of <item>, objects of their members.
#include <array>
#include <string>
#include <vector>

#include "text/parts/form.h"
#include "text/parts/json_pieces.h"
#include "text/parts/marks.h"
#include "text/parts/typed_values.h"

namespace quire::parts {
namespace {

// An element that is open. What it is shows with its first child; without one it is a text.
struct Element {
  std::string name = {};
  char closes = 0;  // '}', ']'; 0: no child has come
};

// Text up to the mark before a tag, then the tag's name; `closing`: it is an end tag.
Reading read_tag(Turn& turn, std::string_view mark, std::string& text, std::string& name, bool& closing) {
  Marks marks({mark});
  bool found = false;
  while (!found) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    turn.in.take();
    found = marks.take(static_cast<char>(byte), text).has_value();
  }
  if (!co_await expect(turn, "<")) co_return false;
  const int first = co_await turn.in.peek();
  closing = first == '/';
  if (closing) turn.in.take();
  if (!co_await read_until(turn, ">", name)) co_return false;
  turn.in.take();
  co_return true;
}

// Opens an element in `parent`: its comma and its key.
std::string opening(Element& parent, const std::string& name) {
  std::string text = ",";
  if (parent.closes == 0) {
    parent.closes = name == "item" ? ']' : '}';
    text = parent.closes == ']' ? "[" : "{";
  }
  return parent.closes == ']' ? text : text + quoted(name) + ":";
}

// The elements of a call, up to its own end tag.
Reading read_elements(Turn& turn, std::string_view mark, const ParameterTypes& types) {
  std::vector<Element> open = {{.name = "invoke"}};
  for (;;) {
    std::string text;
    std::string name;
    bool closing = false;
    if (!co_await read_tag(turn, mark, text, name, closing)) co_return false;
    Element& innermost = open.back();
    if (!closing) {
      turn.out.arguments(opening(innermost, name));
      open.push_back({.name = name});
      continue;
    }
    if (name != innermost.name) co_return false;
    if (innermost.closes != 0) {
      turn.out.arguments(std::string(1, innermost.closes));
    } else if (open.size() == 1) {
      turn.out.arguments("{}");
    } else {
      turn.out.arguments(typed_value(text, open.size() == 2 ? types.types(name) : any_type));
    }
    open.pop_back();
    if (open.empty()) co_return true;
  }
}

}  // namespace

Reading read_nested_calls(Turn& turn, const CallForm& form) {
  const std::string begin = std::string(form.marked.begin) + "<invoke name=\"";
  const std::array<std::string_view, 2> marks = {begin, form.closer};
  for (;;) {
    std::string name;
    size_t which = 0;
    co_await skip_white(turn);
    if (!co_await expect_one(turn, marks, which)) co_return false;
    if (which == 1) co_return true;
    if (!co_await read_name(turn, name)) co_return false;
    if (!co_await expect(turn, "\">")) co_return false;
    const Tool* tool = turn.tool(name);
    if (tool == nullptr) co_return false;
    turn.begin_call(name, {});
    const ParameterTypes types = ParameterTypes::of(tool->parameters);
    if (!co_await read_elements(turn, form.marked.begin, types)) co_return false;
    turn.end_call();
  }
}

}  // namespace quire::parts
