// Template source -> tokens, with the white space that trim markers remove already gone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::gotemplate {

enum class TokenType : unsigned char {
  text,          // outside of actions
  action_begin,  // {{
  action_end,    // }}
  word,          // a keyword, a function, true, false or nil
  field,         // .Name
  dot,           // .
  variable,      // $name, or $
  number,
  character,   // 'x'
  string,      // "x"
  raw_string,  // `x`
  declare,     // :=
  assign,      // =
  comma,
  pipe,
  open,   // (
  close,  // )
  end,
};

struct Token {
  TokenType type = TokenType::end;
  bool follows_space = false;  // inside an action
  uint32_t line = 0;
  std::string_view text;  // as in the source, quotes, dollar and dot included
};

// The last token is `end`; texts point into the source. Errors carry the line.
Result<std::vector<Token>> tokenize(std::string_view source);

// "line 3: what" as an error.
std::unexpected<Error> error_at(uint32_t line, std::string_view what);

}  // namespace quire::gotemplate
