#include "base/shown.h"

#include <gtest/gtest.h>

namespace quire {
namespace {

TEST(Shown, text_is_as_it_was_without_what_moves_a_cursor) {
  EXPECT_EQ(shown("plain caf\u00e9 \u65e5\U0001f680"), "plain caf\u00e9 \u65e5\U0001f680");
  EXPECT_EQ(shown("a\nb\x1b[2J\t\x7f"), R"(a\x0ab\x1b[2J\x09\x7f)");
  EXPECT_EQ(shown("\u009b2J"), R"(\xc2\x9b2J)") << "an escape of one character";
  EXPECT_EQ(shown(std::string_view("\0", 1)), R"(\x00)");
  for (const char* broken :
       {"\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    EXPECT_FALSE(is_showable(broken));
    EXPECT_TRUE(is_showable(shown(broken)));
    EXPECT_TRUE(shown(broken).starts_with("\\x")) << shown(broken);
  }
}

TEST(Shown, long_text_ends_at_a_character) {
  EXPECT_EQ(shown("abcdef", 6), "abcdef");
  EXPECT_EQ(shown("abcdef", 4), "abcd...");
  EXPECT_EQ(shown("ab\u20ac", 4), "ab...");
  EXPECT_EQ(shown("", 0), "");
}

// Every pair of bytes: what comes out is showable, and a showable text is not changed.
TEST(Shown, text_of_any_bytes_can_be_shown) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_TRUE(is_showable(shown(text)));
      ASSERT_EQ(is_showable(text), shown(text) == text);
    }
  }
}

}  // namespace
}  // namespace quire
