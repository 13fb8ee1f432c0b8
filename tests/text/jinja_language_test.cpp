// The language against jinja2: small templates and what it made of them (tools/goldens/jinja_language.py).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "test_data.h"
#include "text/jinja/json_value.h"
#include "text/jinja/template.h"

namespace quire::jinja {
namespace {

using Json = nlohmann::ordered_json;

Json read_goldens() {
  std::ifstream file(std::filesystem::path(QUIRE_SOURCE_DIR) / "tests" / "data" / "jinja" / "language.json");
  return Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

Result<PromptText> render(const std::string& source, const Json& variables, int64_t now_unix_s) {
  QUIRE_TRY(const auto parsed, Template::parse(source));
  const Limits limits;
  Heap heap(limits.memory_bytes_max);
  Render::Globals globals;
  for (const auto& variable : variables.items()) {
    QUIRE_TRY(Value value, value_of_json(heap, variable.value()));
    globals.emplace_back(variable.key(), std::move(value));
  }
  return parsed->render(heap, globals, limits, now_unix_s);
}

TEST(JinjaLanguage, small_templates_render_as_jinja2_does) {
  const Json goldens = read_goldens();
  for (const Json& golden : goldens.at("cases")) {
    const std::string source = golden.at("template").get<std::string>();
    SCOPED_TRACE(source);
    const auto rendered = render(source, goldens.at("variables"), goldens.at("now_unix_s").get<int64_t>());
    if (golden.contains("output")) {
      EXPECT_EQ(rendered ? rendered->text : rendered.error().message, golden["output"].get<std::string>());
      continue;
    }
    if (rendered) {
      ADD_FAILURE() << "rendered " << rendered->text << ", expected " << golden;
      continue;
    }
    const std::string& message = rendered.error().message;
    EXPECT_TRUE(message.starts_with("line ")) << message;
    EXPECT_TRUE(message.ends_with(golden.value("raised", std::string()))) << message;
  }
}

// Where this engine says something else than jinja2, on purpose.
TEST(JinjaLanguage, differences_from_jinja2_are_errors_not_guesses) {
  for (const char* source : {"{% extends 'a' %}", "{% include 'a' %}", "{% import 'a' as b %}",
                             "{% block b %}{% endblock %}", "{{ 2 ** 200 }}", "{{ '\\N{BULLET}' }}", "{% break %}"}) {
    EXPECT_FALSE(render(source, Json::object(), 0)) << source;
  }
}

}  // namespace
}  // namespace quire::jinja
