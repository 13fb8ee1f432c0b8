// Patterns against node's RegExp and Python's re: which texts match (tools/goldens/patterns.py).
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "test_data.h"
#include "text/constraint/pattern/code_points.h"
#include "text/constraint/pattern/regular.h"
#include "text/unicode.h"

namespace quire::constraint {
namespace {

using Json = nlohmann::ordered_json;

Json read_pattern_goldens() {
  std::ifstream file(quire::test::own_data_dir() / "patterns" / "expected.json");
  return Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string answers(const Regular& language, const Json& texts) {
  std::string out;
  for (const Json& text : texts) out.push_back(language.matches(text.get<std::string>()) ? '1' : '0');
  return out;
}

TEST(ConstraintPatterns, texts_match_as_other_implementations_say) {
  const Json goldens = read_pattern_goldens();
  for (const Json& golden : goldens.at("cases")) {
    std::string pattern = golden.at("pattern").get<std::string>();
    SCOPED_TRACE(pattern);
    if (golden.contains("any_case")) pattern.insert(0, "(?i)");
    const Json& texts = golden.contains("texts") ? golden.at("texts") : goldens.at("pool");
    for (const Match match : {Match::anywhere, Match::whole}) {
      const auto language = Regular::parse(pattern, match);
      ASSERT_TRUE(language) << language.error().message;
      const char* key = match == Match::anywhere ? "anywhere" : "whole";
      EXPECT_EQ(answers(*language, texts), golden.at(key).get<std::string>()) << key << " " << texts.dump();
    }
  }
}

TEST(ConstraintPatterns, classes_have_the_members_that_ecma_262_says) {
  const Json goldens = read_pattern_goldens();
  for (const Json& golden : goldens.at("classes")) {
    std::string pattern = golden.at("pattern").get<std::string>();
    if (golden.at("any_case").get<bool>()) pattern.insert(0, "(?i)");
    SCOPED_TRACE(pattern);
    const auto language = Regular::parse(pattern, Match::whole);
    ASSERT_TRUE(language) << language.error().message;
    CodePoints members;
    for (char32_t value = 0; value < 0x800; ++value) {
      std::string text;
      append_code_point(text, static_cast<int32_t>(value));
      const bool changed = value >= 0x180 && value < 0x370;  // some with Unicode 16, which the witness has
      if (!changed && language->matches(text)) members.emplace_back(value, value);
    }
    CodePoints expected;
    for (const Json& range : golden.at("members"))
      expected.emplace_back(range[0].get<char32_t>(), range[1].get<char32_t>());
    EXPECT_EQ(normal(members), normal(expected));
  }
}

TEST(ConstraintPatterns, characters_that_differ_by_case_alone_are_those_of_ecma_262) {
  const Json goldens = read_pattern_goldens();
  for (const Json& golden : goldens.at("folds")) {
    CodePoints all;
    for (const Json& value : golden) all.emplace_back(value.get<char32_t>(), value.get<char32_t>());
    const char32_t first = golden[0].get<char32_t>();
    EXPECT_EQ(with_both_cases({{first, first}}), normal(all)) << std::hex << static_cast<uint32_t>(first);
  }
}

}  // namespace
}  // namespace quire::constraint
