#include "text/parts/literals.h"

#include <array>
#include <string>

#include "base/ascii.h"
#include "text/parts/marks.h"
#include "text/parts/typed_values.h"

namespace quire::parts {
namespace {

// The text up to `mark`, as the inside of a JSON string.
Reading read_verbatim(Turn& turn, std::string_view mark, Sink sink) {
  Marks marks({mark});
  std::string text;
  std::string escaped;
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    turn.in.take();
    text.clear();
    const bool ended = marks.take(static_cast<char>(byte), text).has_value();
    escaped.clear();
    append_escaped(escaped, text);
    sink.put(escaped);
    if (ended) co_return true;
  }
}

// The text of a Python string up to `end`, which is its quote or three of them.
Reading read_quoted(Turn& turn, std::string_view end, Sink sink) {
  Marks marks({end});
  uint32_t high = 0;
  std::string text;
  std::string escaped;
  for (;;) {
    const int byte = co_await turn.in.peek();
    if (byte == Input::end) co_return false;
    turn.in.take();
    text.clear();
    bool ended = false;
    if (byte == '\\') {
      text = marks.give_up();
      if (!co_await read_escape(turn, true, high, text)) co_return false;
    } else {
      if (high != 0) append_character(text, std::exchange(high, 0));
      ended = marks.take(static_cast<char>(byte), text).has_value();
    }
    escaped.clear();
    append_escaped(escaped, text);
    sink.put(escaped);
    if (ended) co_return true;
  }
}

// From its first quote on: 'a', "a", '''a''' or """a""".
Reading read_python_string(Turn& turn, Sink sink) {
  const int quote = co_await turn.in.peek();
  turn.in.take();
  const std::string one(1, static_cast<char>(quote));
  const std::string three(3, static_cast<char>(quote));
  const int second = co_await turn.in.peek();
  if (second != quote) co_return co_await read_quoted(turn, one, sink);
  turn.in.take();
  const int third = co_await turn.in.peek();
  if (third != quote) co_return true;
  turn.in.take();
  co_return co_await read_quoted(turn, three, sink);
}

Reading read_string(Turn& turn, LiteralForm form, Sink sink) {
  const bool is_python = form.string_mark.empty();
  sink.put('"');
  if (is_python) {
    if (!co_await read_python_string(turn, sink)) co_return false;
  } else {
    if (!co_await expect(turn, form.string_mark)) co_return false;
    if (!co_await read_verbatim(turn, form.string_mark, sink)) co_return false;
  }
  sink.put('"');
  co_return true;
}

bool begins_string(int byte, LiteralForm form) {
  if (!form.string_mark.empty()) return byte == static_cast<unsigned char>(form.string_mark.front());
  return byte == '"' || byte == '\'';
}

std::string word_value(std::string_view word) {
  if (word == "True" || word == "true") return "true";
  if (word == "False" || word == "false") return "false";
  if (word == "None" || word == "null") return "null";
  const bool number = word.front() == '-' || (word.front() >= '0' && word.front() <= '9');
  return number && is_json(word) ? std::string(word) : quoted(word);
}

// A value without quotes or brackets.
Reading read_word(Turn& turn, LiteralForm form, Sink sink) {
  std::string word;
  for (;;) {
    const int byte = co_await turn.in.peek();
    const bool ends = byte == ',' || byte == ']' || byte == '}' || byte == Input::end || byte == '\n' ||
                      (form.string_mark.empty() && (byte == ')' || is_white(byte)));
    if (ends) break;
    turn.in.take();
    word += static_cast<char>(byte);
  }
  const std::string_view text = trimmed(word);
  if (text.empty()) co_return false;
  sink.put(word_value(text));
  co_return true;
}

// A key of a dict and its colon.
Reading read_key(Turn& turn, LiteralForm form, Sink sink) {
  const int byte = co_await turn.in.peek();
  if (begins_string(byte, form)) {
    if (!co_await read_string(turn, form, sink)) co_return false;
  } else {
    std::string key;
    if (!co_await read_until(turn, ":,{}[]()\n", key)) co_return false;
    const std::string_view text = trimmed(key);
    if (text.empty()) co_return false;
    sink.put(quoted(text));
  }
  co_await skip_white(turn);
  if (!co_await expect(turn, ":")) co_return false;
  sink.put(':');
  co_return true;
}

char closing(int opening) { return opening == '{' ? '}' : opening == '[' ? ']' : ')'; }

// Brackets that are open, and whether the next element of the innermost needs a comma before it.
struct Brackets {
  std::string closers;
  bool comma = false;

  bool is_open() const { return !closers.empty(); }
  bool in_dict() const { return closers.back() == '}'; }
  std::string_view open(int byte) {
    closers += closing(byte);
    comma = false;
    return byte == '{' ? "{" : "[";
  }
  std::string_view close() {
    const bool dict = in_dict();
    closers.pop_back();
    comma = false;
    return dict ? "}" : "]";
  }
};

// Behind a value: takes what closes, and the comma before the next one. `done`: the outermost value has ended.
Reading read_behind_value(Turn& turn, Brackets& brackets, Sink sink, bool& done) {
  for (;;) {
    done = !brackets.is_open();
    if (done) co_return true;
    co_await skip_white(turn);
    const int byte = co_await turn.in.peek();
    if (byte == ',') {
      turn.in.take();
      brackets.comma = true;
      co_return true;
    }
    if (byte != brackets.closers.back()) co_return false;
    turn.in.take();
    sink.put(brackets.close());
  }
}

}  // namespace

Reading read_literal(Turn& turn, LiteralForm form, Sink sink) {
  Brackets brackets;
  bool done = false;
  for (;;) {
    co_await skip_white(turn);
    const int first = co_await turn.in.peek();
    const bool closes = brackets.is_open() && first == brackets.closers.back();  // empty, or behind a last comma
    if (!closes) {
      if (brackets.comma) sink.put(',');
      brackets.comma = false;
      if (brackets.is_open() && brackets.in_dict()) {
        if (!co_await read_key(turn, form, sink)) co_return false;
        co_await skip_white(turn);
      }
      const int byte = co_await turn.in.peek();
      if (byte == '{' || byte == '[' || (byte == '(' && form.string_mark.empty())) {
        turn.in.take();
        sink.put(brackets.open(byte));
        continue;
      }
      if (begins_string(byte, form)) {
        if (!co_await read_string(turn, form, sink)) co_return false;
      } else {
        if (!co_await read_word(turn, form, sink)) co_return false;
      }
    }
    if (!co_await read_behind_value(turn, brackets, sink, done)) co_return false;
    if (done) co_return true;
  }
}

}  // namespace quire::parts
