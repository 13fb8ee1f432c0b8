// The language against Go: small templates and what text/template made of them (tools/goldens/gotemplates).
#include <gtest/gtest.h>

#include "text/gotemplate_fixture.h"

namespace quire::gotemplate {
namespace {

using test::execute;

TEST(GoTemplateLanguage, small_templates_print_what_go_prints) {
  const Json goldens = Json::parse(test::read_data("language.json"));
  ASSERT_GT(goldens.at("cases").size(), 400U);
  for (const Json& golden : goldens.at("cases")) {
    const std::string source = golden.at("template").get<std::string>();
    SCOPED_TRACE(source);
    const auto printed = execute(source, goldens.at("data"));
    if (golden.contains("output")) {
      EXPECT_EQ(printed ? printed->text : printed.error().message, golden["output"].get<std::string>());
    } else {
      EXPECT_FALSE(printed) << "printed " << printed->text << ", Go fails";
    }
  }
}

TEST(GoTemplateLanguage, what_go_has_and_this_engine_has_not_is_refused_by_name) {
  const std::pair<const char*, const char*> refused[] = {
      {"{{ 1i }}", "complex numbers"},
      {"{{ printf `%T` 1 }}", "printf: %T"},
      {"{{ printf `%p` . }}", "printf: %p"},
      {"{{ printf `%#v` 1 }}", "printf: %#v"},
      {"{{ printf `%x` 1.5 }}", "printf: %x of a float"},
      {"{{ printf `%#g` 1.5 }}", "printf: # with a float"},
      {"{{ printf `%[1]d` 1 }}", "the index of an argument"},
  };
  for (const auto& [source, reason] : refused) {
    const auto printed = execute(source, {});
    ASSERT_FALSE(printed) << source;
    EXPECT_NE(printed.error().message.find(reason), std::string::npos) << printed.error().message;
  }
}

TEST(GoTemplateLanguage, an_error_carries_the_line_where_it_arose) {
  const std::pair<const char*, const char*> broken[] = {
      {"a\n{{ if }}", "line 2: if without a value"},
      {"{{- /* a\nb */ -}}\n{{ nosuch }}", "line 3: there is no function nosuch"},
      {"a\n{{ range .list }}\n{{ .x }}{{ end }}", "line 3: there is no x in float64"},
      {"{{ 1 }}\n\n{{ index .list\n9 }}", "line 3: the index 9 is out of range"},
      {"{{ define `t` }}\n{{ len 1 }}{{ end }}\n{{ template `t` }}", "line 2: int has no length"},
  };
  for (const auto& [source, message] : broken) {
    const auto printed = execute(source, {{"list", {1}}});
    EXPECT_EQ(printed ? printed->text : printed.error().message, message) << source;
  }
}

}  // namespace
}  // namespace quire::gotemplate
