// What the tests of Go templates share.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "text/gotemplate/json_value.h"
#include "text/gotemplate/parser.h"
#include "text/gotemplate/render.h"

namespace quire::gotemplate::test {

inline std::string read_data(const std::filesystem::path& relative) {
  std::ifstream file(std::filesystem::path(QUIRE_SOURCE_DIR) / "tests" / "data" / "gotemplates" / relative);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The language alone: what source prints with data as dot.
inline Result<PromptText> execute(std::string_view source, const Json& data, const TemplateLimits& limits = {}) {
  QUIRE_TRY(const Syntax syntax, parse(source));
  TemplateMemory memory(limits.memory_bytes_max);
  QUIRE_TRY(const Value dot, value_of_json(memory, data));
  Render render(syntax, memory, limits, 0);
  QUIRE_TRY_VOID(render.run(syntax.body, dot));
  return render.take();
}

// The text with each user span in «».
inline std::string marked(const PromptText& prompt) {
  std::string out;
  size_t done = 0;
  for (const TextSpan& span : prompt.user_spans) {
    out +=
        prompt.text.substr(done, span.begin - done) + "«" + prompt.text.substr(span.begin, span.end - span.begin) + "»";
    done = span.end;
  }
  return out + prompt.text.substr(done);
}

}  // namespace quire::gotemplate::test
