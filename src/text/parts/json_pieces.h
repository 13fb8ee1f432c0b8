// JSON inside of an answer, read as it comes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/parts/turn.h"

namespace quire::parts {

// Where a reader puts text: into a string, or straight into the arguments of the call.
class Sink {
 public:
  explicit Sink(std::string& text) : text_(&text) {}
  explicit Sink(Output& arguments) : arguments_(&arguments) {}
  void put(std::string_view text) const {
    if (text_ != nullptr) {
      *text_ += text;
    } else {
      arguments_->arguments(text);
    }
  }
  void put(char byte) const { put(std::string_view(&byte, 1)); }

 private:
  std::string* text_ = nullptr;
  Output* arguments_ = nullptr;
};

// Appends the character as UTF-8; U+FFFD for what is none.
void append_character(std::string& text, uint32_t code_point);
// Appends the text as the inside of a JSON string. Bytes that are no ASCII stay.
void append_escaped(std::string& text, std::string_view raw);
std::string quoted(std::string_view raw);

// What comes after a backslash in a string, appended to `text`. `high` is the first half of a character whose second
// may come. `loose`: as Python has it too, and a backslash before anything else is itself.
Reading read_escape(Turn& turn, bool loose, uint32_t& high, std::string& text);

// A value as it is written. False where brackets do not match, a string does not end, or nothing begins. What stands
// between brackets is not checked further.
Reading read_json(Turn& turn, Sink sink);
// A string, its text without quotes and escapes.
Reading read_json_string(Turn& turn, Sink sink);

}  // namespace quire::parts
