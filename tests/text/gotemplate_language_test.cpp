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

}  // namespace
}  // namespace quire::gotemplate
