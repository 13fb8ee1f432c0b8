// Values as text: Python's str() and repr(), and JSON.
#pragma once

#include <string>

#include "base/result.h"
#include "text/marked_text.h"
#include "text/jinja/value.h"

namespace quire::jinja {

class Render;

std::string int_text(Int value);
// The shortest digits that read back as the same number, as Python prints a float.
std::string real_text(double value);

Result<std::monostate> append_str(Render& render, TextBuilder& out, const Value& value);
Result<std::monostate> append_repr(Render& render, TextBuilder& out, const Value& value);

struct JsonStyle {
  bool ascii_only = false;
  bool sorts_keys = false;
  bool has_indent = false;
  MarkedText indent;
  MarkedText item_separator = plain_text(", ");
  MarkedText key_separator = plain_text(": ");
};
// json.dumps.
Result<std::monostate> append_json(Render& render, TextBuilder& out, const Value& value, const JsonStyle& style);

}  // namespace quire::jinja
