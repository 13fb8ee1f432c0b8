// The functions that templates call: Go's and those that Ollama adds.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "text/gotemplate/value.h"

namespace quire::gotemplate {

class Render;

using Arguments = std::span<const Value>;
// Absent and null arguments are the same to a function. It may be called with as many arguments as its entry says.
using FunctionCode = Result<Value> (*)(Render& render, Arguments arguments);

struct Function {
  std::string_view name;
  size_t arguments_min = 0;
  size_t arguments_max = 0;
  size_t texts = 0;             // how many of the first arguments must be texts
  FunctionCode code = nullptr;  // null for `and` and `or`, which do not evaluate all of their arguments
};

// Null when there is none of that name.
const Function* find_function(std::string_view name);

// Groups of functions, by file.
Result<Value> call_eq(Render& render, Arguments arguments);  // comparisons.cpp
Result<Value> call_ne(Render& render, Arguments arguments);
Result<Value> call_lt(Render& render, Arguments arguments);
Result<Value> call_le(Render& render, Arguments arguments);
Result<Value> call_gt(Render& render, Arguments arguments);
Result<Value> call_ge(Render& render, Arguments arguments);
Result<Value> call_len(Render& render, Arguments arguments);  // collections.cpp
Result<Value> call_index(Render& render, Arguments arguments);
Result<Value> call_slice(Render& render, Arguments arguments);
Result<Value> call_html(Render& render, Arguments arguments);  // escapes.cpp
Result<Value> call_js(Render& render, Arguments arguments);
Result<Value> call_urlquery(Render& render, Arguments arguments);
Result<Value> call_printf(Render& render, Arguments arguments);  // printf.cpp

}  // namespace quire::gotemplate
