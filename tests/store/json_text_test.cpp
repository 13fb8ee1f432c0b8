#include "store/json_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace quire::store {
namespace {

// What Go 1.26 writes of the same: json.NewEncoder(os.Stdout).Encode(value).
TEST(JsonText, is_what_go_writes) {
  const std::vector<std::pair<Json, std::string>> texts = {
      {"<b> & \u2028\u2029 ü", R"("\u003cb\u003e \u0026 \u2028\u2029 ü")"},
      {"\"\\/\b\f\n\r\t\x01\x7f", R"("\"\\/\b\f\n\r\t\u0001)"
                                  "\x7f\""},
      {0.5, "0.5"},
      {1.0, "1"},
      {-0.0, "-0"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-10, "1.5e-10"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1e100, "1e+100"},
      {42, "42"},
      {-1, "-1"},
      {true, "true"},
      {nullptr, "null"},
      {Json::array(), "[]"},
      {Json::object(), "{}"},
      {{{"b", {1, "x"}}, {"a", {{"c", 2}}}}, R"({"b":[1,"x"],"a":{"c":2}})"},
  };
  for (const auto& [value, text] : texts) EXPECT_EQ(json_text(value), text);
  EXPECT_EQ(sorted_json_text({{"b", {{"z", 1}, {"y", 2}}}, {"a", 3}}), R"({"a":3,"b":{"y":2,"z":1}})");
  EXPECT_EQ(json_text("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonText, reads_no_more_levels_than_a_stack_holds) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(json_text(parse_json(nested(32))), nested(32));
  EXPECT_TRUE(parse_json(nested(33)).is_discarded());
  EXPECT_TRUE(parse_json(nested(2'000'000)).is_discarded());
  EXPECT_TRUE(parse_json(R"({"a":)" + nested(40) + "}").is_discarded());
  EXPECT_TRUE(parse_json("{").is_discarded());
}

}  // namespace
}  // namespace quire::store
