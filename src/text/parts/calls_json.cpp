// Calls that are JSON objects with a name and arguments.
#include "text/parts/form.h"
#include "text/parts/json_pieces.h"

namespace quire::parts {
namespace {

// What is known of the call that is being read.
struct Call {
  std::string name = {};
  std::string id = {};
  bool named = false;
  bool has_arguments = false;
};

// Arguments are an object, or a string whose text is one, or null.
Reading read_arguments(Turn& turn, Call& call) {
  const int byte = co_await turn.in.peek();
  call.has_arguments = byte == '{' || byte == '"';
  if (byte == '{') co_return co_await read_json(turn, Sink(turn.out));
  if (byte == '"') co_return co_await read_json_string(turn, Sink(turn.out));
  std::string null;
  const bool whole = co_await read_json(turn, Sink(null));
  co_return whole&& null == "null";
}

Reading read_member(Turn& turn, const JsonCall& form, Call& call) {
  std::string key;
  if (!co_await read_json_string(turn, Sink(key))) co_return false;
  co_await skip_white(turn);
  if (!co_await expect(turn, ":")) co_return false;
  co_await skip_white(turn);
  if (form.name_is_key && !call.named) {
    if (turn.tool(key) == nullptr) co_return false;
    call.named = true;
    turn.begin_call(key, {});
    co_return co_await read_arguments(turn, call);
  }
  if (key == form.name && !call.named) {
    const bool whole = co_await read_json_string(turn, Sink(call.name));
    if (!whole || turn.tool(call.name) == nullptr) co_return false;
    call.named = true;
    if (!form.id_is_last && form.id.empty()) turn.begin_call(call.name, {});
    co_return true;
  }
  if (!call.has_arguments && (key == form.arguments || key == "arguments" || key == "parameters")) {
    if (call.named && !form.id_is_last && !turn.out.call_is_open()) turn.begin_call(call.name, call.id);
    co_return co_await read_arguments(turn, call);
  }
  std::string value;
  if (!form.id.empty() && key == form.id && call.id.empty()) {
    const int byte = co_await turn.in.peek();
    if (byte == '"') co_return co_await read_json_string(turn, Sink(call.id));
    co_return co_await read_json(turn, Sink(call.id));
  }
  if (!call.named && key != "type") co_return false;
  co_return co_await read_json(turn, Sink(value));
}

Reading read_call(Turn& turn, const JsonCall& form) {
  if (!co_await expect(turn, "{")) co_return false;
  Call call;
  for (bool first = true;; first = false) {
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (!first) {
      if (byte == '}') break;
      if (byte != ',') co_return false;
      turn.in.take();
      co_await skip_white(turn);
    }
    if (!co_await read_member(turn, form, call)) co_return false;
  }
  if (!call.named) co_return false;
  turn.in.take();
  if (!turn.out.call_is_open()) turn.begin_call(call.name, call.id);
  if (!call.has_arguments) turn.out.arguments("{}");
  turn.end_call();
  co_return true;
}

}  // namespace

Reading read_json_calls(Turn& turn, const CallForm& form) {
  co_await skip_white(turn);
  const int first = co_await turn.in.peek();
  if (first == '[') turn.in.take();
  for (;;) {
    co_await skip_white(turn);
    if (!co_await read_call(turn, form.json)) co_return false;
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (byte == ',' || byte == ';') {
      turn.in.take();
    } else if (byte != '{') {
      break;
    }
  }
  if (first == '[') {
    if (!co_await expect(turn, "]")) co_return false;
    co_await skip_white(turn);
  }
  co_return co_await expect(turn, form.closer);
}

}  // namespace quire::parts
