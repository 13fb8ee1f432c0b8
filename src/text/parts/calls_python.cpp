// Calls as Python or Gemma's own notation writes them.
#include "text/parts/form.h"
#include "text/parts/literals.h"

namespace quire::parts {
namespace {

// KEY=VALUE, ... up to the bracket that closes.
Reading read_keywords(Turn& turn) {
  turn.out.arguments("{");
  for (bool first = true;; first = false) {
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (byte == ')') break;
    if (!first) turn.out.arguments(",");
    std::string key;
    if (!co_await read_name(turn, key)) co_return false;
    co_await skip_white(turn);
    if (!co_await expect(turn, "=")) co_return false;
    turn.out.arguments(quoted(key) + ":");
    if (!co_await read_literal(turn, LiteralForm{}, Sink(turn.out))) co_return false;
    co_await skip_white(turn);
    const int behind = co_await turn.in.peek();
    if (behind == ')') break;
    if (!co_await expect(turn, ",")) co_return false;
  }
  turn.in.take();
  turn.out.arguments("}");
  co_return true;
}

// NAME(KEY=VALUE, ...). Names that end with `suffix` are without it.
Reading read_python_call(Turn& turn, std::string_view suffix) {
  std::string name;
  co_await skip_white(turn);
  if (!co_await read_name(turn, name)) co_return false;
  co_await skip_white(turn);
  if (!co_await expect(turn, "(")) co_return false;
  if (!suffix.empty() && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  if (turn.tool(name) == nullptr) co_return false;
  turn.begin_call(name, {});
  if (!co_await read_keywords(turn)) co_return false;
  turn.end_call();
  co_return true;
}

}  // namespace

Reading read_python_calls(Turn& turn, const CallForm& form) {
  co_await skip_white(turn);
  const int first = co_await turn.in.peek();
  const bool is_list = first == '[';
  if (is_list) {
    turn.in.take();
  } else if (form.closer.empty()) {
    co_return false;
  }
  for (;;) {
    if (!co_await read_python_call(turn, {})) co_return false;
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (is_list ? byte != ',' : byte == '<' || byte == Input::end) break;
    if (is_list) turn.in.take();
  }
  if (is_list) {
    if (!co_await expect(turn, "]")) co_return false;
    co_await skip_white(turn);
  }
  co_return co_await expect(turn, form.closer);
}

Reading read_python_tag(Turn& turn, const CallForm& form) {
  co_await skip_white(turn);
  const int byte = co_await turn.in.peek();
  if (byte == '{') co_return co_await read_json_calls(turn, form);
  if (byte == '[') co_return co_await read_python_calls(turn, form);
  co_return co_await read_python_call(turn, ".call");
}

Reading read_gemma_calls(Turn& turn, const CallForm& form) {
  std::string name;
  co_await skip_white(turn);
  if (!co_await expect(turn, "call:")) co_return false;
  if (!co_await read_name(turn, name)) co_return false;
  const int byte = co_await turn.in.peek();
  if (byte != '{' || turn.tool(name) == nullptr) co_return false;
  turn.begin_call(name, {});
  if (!co_await read_literal(turn, LiteralForm{.string_mark = form.marked.begin}, Sink(turn.out))) co_return false;
  turn.end_call();
  co_await skip_white(turn);
  co_return co_await expect(turn, form.closer);
}

}  // namespace quire::parts
