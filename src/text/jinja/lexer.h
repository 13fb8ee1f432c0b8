// Template source -> tokens, with Jinja's whitespace rules (trim_blocks and lstrip_blocks on).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace quire::jinja {

enum class TokenType : unsigned char {
  data,         // text outside tags
  print_begin,  // {{
  print_end,
  block_begin,  // {%
  block_end,
  name,
  string,
  integer,
  real,
  op,  // an operator or bracket; text says which
  end,
};

struct Token {
  TokenType type = TokenType::end;
  uint32_t line = 0;
  std::string text;  // names, operators, digits; strings with escapes resolved
};

// The last token is `end`. Errors carry the line.
Result<std::vector<Token>> tokenize(std::string_view source);

}  // namespace quire::jinja
