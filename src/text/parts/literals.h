// Values as Python or Gemma's own notation writes them, turned into JSON as they come.
#pragma once

#include <string_view>

#include "text/parts/json_pieces.h"

namespace quire::parts {

// Python's, or with a mark around strings, which have no escapes then, and words without marks that are strings too.
struct LiteralForm {
  std::string_view string_mark = {};
};

// A value: numbers, strings, True, False, None, lists, tuples and dicts, JSON's names of them too. Another word is a
// string. False where brackets do not match, a string does not end, or nothing begins.
Reading read_literal(Turn& turn, LiteralForm form, Sink sink);

}  // namespace quire::parts
