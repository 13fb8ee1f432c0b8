#include "text/parts/harmony.h"

#include <array>
#include <optional>
#include <string>

#include "text/parts/marks.h"

namespace quire::parts {
namespace {

constexpr std::string_view start = "<|start|>";
constexpr std::string_view channel = "<|channel|>";
constexpr std::string_view constrain = "<|constrain|>";
constexpr std::string_view message = "<|message|>";
constexpr std::string_view role = "assistant";

struct Header {
  std::string channel = {};
  std::string recipient = {};
};

// Words and marks up to the message itself: "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>".
// `mark` was taken already, if any was.
Reading read_header(Turn& turn, std::string_view mark, Header& header) {
  static constexpr std::array marks = {start, channel, constrain, message};
  constexpr std::string_view ends = "< \t\r\n";
  for (;; mark = {}) {
    std::string word;
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (mark.empty() && byte == '<') {
      size_t which = 0;
      if (!co_await expect_one(turn, marks, which)) co_return false;
      mark = marks[which];
    }
    if (mark == message) co_return true;
    if (mark == start) {
      if (!co_await expect(turn, role)) co_return false;
    } else if (mark.empty() && byte == 't') {
      if (!co_await expect(turn, "to=")) co_return false;
      if (!co_await read_until(turn, ends, header.recipient)) co_return false;
    } else {
      if (mark.empty() && header.channel.empty()) co_return false;
      if (!co_await read_name(turn, word)) co_return false;
      if (mark == channel) header.channel = word;
    }
  }
}

// What the message after a header is.
enum class Place : uint8_t { content, thinking, call };

void give(Turn& turn, Place place, std::string_view text) {
  if (place == Place::call) {
    turn.out.arguments(text);
  } else if (place == Place::thinking) {
    turn.out.thinking(text);
  } else {
    turn.out.content(text);
  }
}

// Whether a text is within a string of JSON. A text that begins with no brace has none.
class JsonStrings {
 public:
  bool inside() const { return inside_; }
  void read(std::string_view text) {
    for (const char c : text) read(c);
  }

 private:
  void read(char c) {
    if (!is_json_ && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) return;
    if (!is_json_) is_json_ = c == '{';
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = inside_;
    } else if (c == '"') {
      inside_ = *is_json_ && !inside_;
    }
  }

  std::optional<bool> is_json_;
  bool inside_ = false;
  bool escaped_ = false;
};

// To the mark that ends the message, or begins the next one's header: `mark` then. False: to the answer's end. In a
// string of a call's arguments a mark is text like any other.
Reading read_message(Turn& turn, Place place, std::string_view& mark) {
  Marks marks({"<|end|>", "<|call|>", "<|return|>", start, channel});
  JsonStrings strings;
  const bool is_call = place == Place::call;
  std::string text;
  bool any = false;
  for (;;) {
    if (!is_call && !marks.has_begun()) {
      const std::string_view plain = turn.in.take_all_but(marks.first_bytes());
      any = any || !plain.empty();
      give(turn, place, plain);
    }
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) break;
    turn.in.take();
    text.clear();
    std::optional<size_t> found;
    if (is_call && strings.inside()) {
      text = static_cast<char>(byte);
    } else {
      found = marks.take(static_cast<char>(byte), text);
    }
    if (is_call) strings.read(text);
    any = any || !text.empty();
    give(turn, place, text);
    if (!found) continue;
    if (*found >= 3) mark = *found == 3 ? start : channel;
    if (place == Place::call && !any) turn.out.arguments("{}");
    co_return true;
  }
  give(turn, place, marks.give_up());
  co_return false;
}

std::string_view tool_name(std::string_view recipient) {
  constexpr std::string_view space = "functions.";
  if (recipient.starts_with(space)) recipient.remove_prefix(space.size());
  return recipient;
}

// Behind a header: where its message goes. What was kept of a header that is none is given.
Place begin_message(Turn& turn, const Header& header, bool whole) {
  const std::string_view name = tool_name(header.recipient);
  Place place = Place::content;
  if (whole && !name.empty() && turn.tool(name) != nullptr) {
    turn.begin_call(name, {});
    return Place::call;
  }
  if (!whole || !name.empty()) {
    turn.out.content(turn.in.kept());
  } else if (header.channel == "analysis") {
    place = Place::thinking;
  }
  turn.in.forget();
  return place;
}

}  // namespace

Reading read_harmony(Turn& turn, const SyntaxRow&) {
  std::string_view mark;
  for (;;) {
    Header header;
    turn.in.keep(mark);
    const bool whole = co_await read_header(turn, mark, header);
    const Place place = begin_message(turn, header, whole);
    mark = {};
    const bool ended = co_await read_message(turn, place, mark);
    if (turn.out.call_is_open()) turn.out.end_call();
    if (!ended) break;
    turn.out.drop_space();
  }
  turn.out.finish_text();
  co_return true;
}

std::string_view harmony_begun(std::string_view prompt_end) {
  const size_t at = prompt_end.rfind(start);
  if (at == std::string_view::npos) return {};
  std::string_view begun = prompt_end.substr(at + start.size());
  if (!begun.starts_with(role)) return {};
  begun.remove_prefix(role.size());
  // Arguments of a call that the prompt has begun are content: no part says that it began.
  return begun.contains("<|end|>") || begun.contains("to=") ? std::string_view{} : begun;
}

}  // namespace quire::parts
