#include "text/parts/turn.h"

#include <algorithm>

namespace quire::parts {

const Tool* Turn::tool(std::string_view name) const {
  const auto found = std::find_if(tools.begin(), tools.end(), [&](const Tool& one) { return one.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

void Turn::begin_call(std::string_view name, std::string_view id) {
  in.forget();
  out.begin_call(name, id);
}

void Turn::end_call() {
  out.end_call();
  in.keep();
}

Reading skip_white(Turn& turn) {
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (!is_white(byte)) co_return true;
    turn.in.take();
  }
}

Reading expect(Turn& turn, std::string_view text) {
  for (const char wanted : text) {
    const int byte = co_await turn.in.peek();
    if (byte != static_cast<unsigned char>(wanted)) co_return false;
    turn.in.take();
  }
  co_return true;
}

Reading read_until(Turn& turn, std::string_view stops, std::string& text) {
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    if (stops.find(static_cast<char>(byte)) != std::string_view::npos) co_return true;
    turn.in.take();
    text += static_cast<char>(byte);
  }
}

}  // namespace quire::parts
