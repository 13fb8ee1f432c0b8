#include "text/parts/turn.h"

#include <algorithm>

namespace quire::parts {
namespace {

constexpr bool is_name_byte(int byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_' ||
         byte == '-' || byte == '.' || byte == ':' || byte == '/';
}

}  // namespace

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

Reading expect_one(Turn& turn, std::span<const std::string_view> texts, size_t& which) {
  std::string taken;
  for (;;) {
    bool goes_on = false;
    for (size_t index = 0; index < texts.size(); ++index) {
      if (!texts[index].starts_with(taken)) continue;
      which = index;
      if (texts[index].size() == taken.size()) co_return true;
      goes_on = true;
    }
    const int byte = co_await turn.in.peek();
    if (!goes_on || byte == Input::end) co_return false;
    taken += static_cast<char>(byte);
    const auto fits = [&](std::string_view text) { return text.starts_with(taken); };
    if (!std::ranges::any_of(texts, fits)) co_return false;
    turn.in.take();
  }
}

Reading read_name(Turn& turn, std::string& name) {
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (!is_name_byte(byte)) co_return !name.empty();
    turn.in.take();
    name += static_cast<char>(byte);
  }
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
