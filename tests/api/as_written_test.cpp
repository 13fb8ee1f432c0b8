#include "api/as_written.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace quire::api {
namespace {

using testing::ElementsAre;

TEST(AsWritten, members_are_found_whatever_stands_around_them) {
  const std::string_view text = R"( { "a" : {"b":1,"c":"}"} , "q\"x":[1,2], "b":"\\", "n":-1.5e3,"a":null,"l":[ ]} )";
  EXPECT_EQ(member_text(text, "b"), R"("\\")");
  EXPECT_EQ(member_text(text, "a"), "null") << "the last of several, as the parser has it";
  EXPECT_EQ(member_text(text, "n"), "-1.5e3");
  EXPECT_EQ(member_text(text, "l"), "[ ]");
  EXPECT_EQ(member_text(text, "c"), "") << "not of what stands inside";
  EXPECT_EQ(member_text("[1]", "a"), "");
  EXPECT_EQ(member_text("", "a"), "");
}

TEST(AsWritten, elements_are_parted_at_commas_of_their_own) {
  EXPECT_THAT(element_texts(R"( [ {"a":[1,2]} ,"x,y", 3,[] ] )"), ElementsAre(R"({"a":[1,2]})", R"("x,y")", "3", "[]"));
  EXPECT_THAT(element_texts("[]"), ElementsAre());
  EXPECT_THAT(element_texts("{}"), ElementsAre());
}

TEST(AsWritten, a_text_that_is_another_value_is_written_anew) {
  const auto value = nlohmann::json::parse(R"({"b":1,"a":2})");
  EXPECT_EQ(as_written(value, R"({"b":1, "a":2})"), R"({"b":1, "a":2})");
  EXPECT_EQ(as_written(value, R"({"b":1})"), R"({"a":2,"b":1})");
  EXPECT_EQ(as_written(value, ""), R"({"a":2,"b":1})");
}

TEST(AsWritten, never_reads_beyond_a_text_that_is_cut) {
  const std::string whole = R"({"a":{"b":"\"x","c":[1,{"d":null}]},"e":"f"})";
  for (size_t size = 0; size <= whole.size(); ++size) {
    const std::string cut(whole.substr(0, size));
    (void)member_text(cut, "e");
    (void)element_texts("[" + cut);
  }
}

TEST(ParseInOrder, keeps_the_order_and_bounds_the_members) {
  EXPECT_EQ(parse_in_order(R"({"b":{"z":1,"y":2},"a":3})", "f")->dump(), R"({"b":{"z":1,"y":2},"a":3})");
  std::string many = "{";
  for (int i = 0; i < 2001; ++i) many += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  const auto refused = parse_in_order(many + "}", "f");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "\"f\" has an object of more than 2000 members");
  EXPECT_EQ(parse_in_order("{", "f").error().message, "\"f\" is no JSON");
}

TEST(ParseInOrder, nests_no_deeper_than_a_body) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(parse_in_order(nested(64), "f"));
  for (const size_t levels : {size_t{65}, size_t{1} << 20}) {
    const auto refused = parse_in_order(nested(levels), "f");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "\"f\" is nested more than 64 levels deep");
  }
}

}  // namespace
}  // namespace quire::api
