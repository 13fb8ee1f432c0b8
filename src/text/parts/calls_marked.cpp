// Calls that are a name and the JSON of the arguments, with marks between them.
#include <array>

#include "text/parts/form.h"
#include "text/parts/json_pieces.h"

namespace quire::parts {
namespace {

// The arguments of a call that has begun, to its end; none are an empty object.
Reading read_object(Turn& turn) {
  co_await skip_white(turn);
  const int byte = co_await turn.in.peek();
  if (byte != '{') {
    turn.out.arguments("{}");
    co_return true;
  }
  co_return co_await read_json(turn, Sink(turn.out));
}

// "functions.get_weather:0" is a call of get_weather.
std::string_view numbered_name(std::string_view id) {
  constexpr std::string_view space = "functions.";
  if (id.starts_with(space)) id.remove_prefix(space.size());
  return id.substr(0, id.rfind(':'));
}

Reading read_marked_call(Turn& turn, const MarkedCall& form) {
  std::string id;
  std::string name;
  co_await skip_white(turn);
  if (form.numbered) {
    if (!co_await read_until(turn, "< \t\r\n{", id)) co_return false;
    name = numbered_name(id);
  } else {
    if (!form.id_end.empty()) {
      if (!co_await read_until(turn, form.id_end.substr(0, 1), id)) co_return false;
      if (!co_await expect(turn, form.id_end)) co_return false;
    }
    if (!co_await read_name(turn, name)) co_return false;
  }
  co_await skip_white(turn);
  if (!co_await expect(turn, form.arguments_begin)) co_return false;
  if (turn.tool(name) == nullptr) co_return false;
  turn.begin_call(name, id);
  if (!co_await read_object(turn)) co_return false;
  turn.end_call();
  co_await skip_white(turn);
  co_return co_await expect(turn, form.end);
}

Reading read_deepseek_call(Turn& turn, const MarkedCall& form) {
  std::string name;
  co_await skip_white(turn);
  if (!co_await read_name(turn, name)) co_return false;
  if (!co_await expect(turn, form.arguments_begin)) co_return false;
  co_await skip_white(turn);
  const int byte = co_await turn.in.peek();
  const bool fenced = byte != '{' && byte != '<';
  if (fenced) {
    name.clear();
    if (!co_await read_name(turn, name)) co_return false;
    co_await skip_white(turn);
    if (!co_await expect(turn, "```json")) co_return false;
  }
  if (turn.tool(name) == nullptr) co_return false;
  turn.begin_call(name, {});
  if (!co_await read_object(turn)) co_return false;
  turn.end_call();
  co_await skip_white(turn);
  if (fenced) {
    if (!co_await expect(turn, "```")) co_return false;
    co_await skip_white(turn);
  }
  co_return co_await expect(turn, form.end);
}

// Calls that begin with a mark each, up to the closer.
Reading read_section(Turn& turn, const CallForm& form, Reading (*read_call)(Turn&, const MarkedCall&)) {
  const std::array marks = {form.marked.begin, form.closer};
  for (;;) {
    co_await skip_white(turn);
    size_t which = 0;
    if (!co_await expect_one(turn, marks, which)) co_return false;
    if (which == 1) co_return true;
    if (!co_await read_call(turn, form.marked)) co_return false;
  }
}

}  // namespace

Reading read_marked_calls(Turn& turn, const CallForm& form) {
  if (form.marked.begin.empty()) co_return co_await read_marked_call(turn, form.marked);
  co_return co_await read_section(turn, form, read_marked_call);
}

Reading read_deepseek_calls(Turn& turn, const CallForm& form) {
  co_return co_await read_section(turn, form, read_deepseek_call);
}

Reading read_mistral_calls(Turn& turn, const CallForm& form) {
  co_await skip_white(turn);
  const int first = co_await turn.in.peek();
  if (first == '[') co_return co_await read_json_calls(turn, form);
  std::string name;
  std::string id;
  if (!co_await read_name(turn, name)) co_return false;
  if (turn.tool(name) == nullptr) co_return false;
  for (;;) {
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (byte == '{') break;
    static constexpr std::array<std::string_view, 2> marks = {"[CALL_ID]", "[ARGS]"};
    size_t which = 0;
    if (!co_await expect_one(turn, marks, which)) co_return false;
    if (which == 1) break;
    if (!co_await read_until(turn, "[{", id)) co_return false;
  }
  turn.begin_call(name, id);
  if (!co_await read_object(turn)) co_return false;
  turn.end_call();
  co_return true;
}

}  // namespace quire::parts
