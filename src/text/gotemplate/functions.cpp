// The table of functions, and those that fit in a few lines.
#include "text/gotemplate/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "text/gotemplate/format.h"
#include "text/gotemplate/json_text.h"
#include "text/gotemplate/render.h"
#include "text/gotemplate/tools.h"
#include "text/strftime.h"

namespace quire::gotemplate {

namespace {

constexpr size_t any_count = std::numeric_limits<size_t>::max();

Result<Value> finished(Render& render, Result<MarkedText> text) {
  if (!text) return std::unexpected(std::move(text).error());
  QUIRE_TRY_VOID(render.budget().reserve_text(text->bytes.size()));
  return render.text(*std::move(text));
}

Result<Value> call_not(Render&, Arguments arguments) { return Value(!is_true(arguments[0])); }

Result<Value> call_print(Render& render, Arguments arguments) {
  return finished(render, printed_all(render, arguments, false));
}

Result<Value> call_println(Render& render, Arguments arguments) {
  TextBuilder out;
  Formatter formatter(render, out);
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) formatter.write(" ");
    QUIRE_TRY_VOID(formatter.append(arguments[i]));
  }
  formatter.write("\n");
  return finished(render, out.take());
}

// Go calls values that are functions; nothing that a template is given is one.
Result<Value> call_call(Render&, Arguments arguments) {
  return template_error(fmt::format("cannot call {}", type_name(arguments[0])));
}

Result<Value> call_json(Render& render, Arguments arguments) {
  TextBuilder out;
  QUIRE_TRY_VOID(append_json(render, out, arguments[0]));
  return finished(render, out.take());
}

constexpr int64_t day_s = 86'400;

// Both ignore the format that they may be given, as Ollama does.
Result<Value> call_current_date(Render& render, Arguments) {
  return plain(format_utc(render.now_unix_s(), "%Y-%m-%d"));
}
Result<Value> call_yesterday_date(Render& render, Arguments) {
  return plain(format_utc(render.now_unix_s() - day_s, "%Y-%m-%d"));
}

Result<Value> call_typescript_type(Render& render, Arguments arguments) {
  return finished(render, typescript_type(render, arguments[0]));
}

constexpr std::array<Function, 23> functions = {{
    {.name = "and", .arguments_min = 1, .arguments_max = any_count},
    {.name = "call", .arguments_min = 1, .arguments_max = any_count, .code = call_call},
    {.name = "currentDate", .arguments_max = any_count, .texts = any_count, .code = call_current_date},
    {.name = "eq", .arguments_min = 2, .arguments_max = any_count, .code = call_eq},
    {.name = "ge", .arguments_min = 2, .arguments_max = 2, .code = call_ge},
    {.name = "gt", .arguments_min = 2, .arguments_max = 2, .code = call_gt},
    {.name = "html", .arguments_max = any_count, .code = call_html},
    {.name = "index", .arguments_min = 1, .arguments_max = any_count, .code = call_index},
    {.name = "js", .arguments_max = any_count, .code = call_js},
    {.name = "json", .arguments_min = 1, .arguments_max = 1, .code = call_json},
    {.name = "le", .arguments_min = 2, .arguments_max = 2, .code = call_le},
    {.name = "len", .arguments_min = 1, .arguments_max = 1, .code = call_len},
    {.name = "lt", .arguments_min = 2, .arguments_max = 2, .code = call_lt},
    {.name = "ne", .arguments_min = 2, .arguments_max = 2, .code = call_ne},
    {.name = "not", .arguments_min = 1, .arguments_max = 1, .code = call_not},
    {.name = "or", .arguments_min = 1, .arguments_max = any_count},
    {.name = "print", .arguments_max = any_count, .code = call_print},
    {.name = "printf", .arguments_min = 1, .arguments_max = any_count, .texts = 1, .code = call_printf},
    {.name = "println", .arguments_max = any_count, .code = call_println},
    {.name = "slice", .arguments_min = 1, .arguments_max = 4, .code = call_slice},
    {.name = "toTypeScriptType", .arguments_min = 1, .arguments_max = 1, .code = call_typescript_type},
    {.name = "urlquery", .arguments_max = any_count, .code = call_urlquery},
    {.name = "yesterdayDate", .arguments_max = any_count, .texts = any_count, .code = call_yesterday_date},
}};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto* found =
      std::find_if(functions.begin(), functions.end(), [&](const Function& f) { return f.name == name; });
  return found == functions.end() ? nullptr : found;
}

}  // namespace quire::gotemplate
