#include "base/ascii.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

TEST(Ascii, letters_beyond_it_keep_their_case) {
  EXPECT_EQ(lower_case("Bearer-09_[Z]@`"), "bearer-09_[z]@`");
  EXPECT_EQ(lower_case("\xC3\x84Q\xFF"), "\xC3\x84q\xFF");
  EXPECT_TRUE(equal_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_FALSE(equal_ignoring_case("Content-Type", "Content-Typ"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
}

TEST(Ascii, a_text_is_trimmed_at_both_ends_alone) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \r\n\t"), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\"x\"", "\""), "x");
}

TEST(Ascii, lists_are_split_at_commas) {
  using Items = std::vector<std::string_view>;
  EXPECT_EQ(comma_items(""), Items{});
  EXPECT_EQ(comma_items(" a ,b,"), (Items{"a", "b"}));
  EXPECT_EQ(comma_items("a,,b"), (Items{"a", "", "b"}));
  EXPECT_EQ(comma_items(","), Items{""});
}

}  // namespace
}  // namespace quire
