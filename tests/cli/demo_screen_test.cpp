#include "cli/terminal/demo_screen.h"

#include <gtest/gtest.h>

namespace quire::cli {
namespace {

std::string printed(auto body) {
  testing::internal::CaptureStdout();
  body();
  return testing::internal::GetCapturedStdout();
}

TEST(DemoScreen, plain_lines_carry_every_byte_of_each_answer) {
  std::string answer;
  for (int word = 0; word < 60; ++word) answer += "word" + std::to_string(word) + " ";
  const std::string out = printed([&] {
    DemoScreen screen({"a", "b"}, false, 80);
    for (const char c : answer) screen.grow(1, {&c, 1}, 0);
    screen.end(1);
    screen.finish();
  });
  std::string joined;
  for (size_t begin = 0; begin < out.size();) {
    const size_t end = out.find('\n', begin);
    ASSERT_EQ(out.substr(begin, 4), "[2] ");
    joined += out.substr(begin + 4, end - begin - 4);
    begin = end + 1;
  }
  EXPECT_EQ(joined, answer);
}

TEST(DemoScreen, a_terminal_gets_one_line_a_context_redrawn_in_place) {
  const std::string out = printed([&] {
    DemoScreen screen({"Once", "Then"}, true, 40);
    screen.grow(0, " upon", 0);
    screen.grow(1, " a long answer that does not fit into one line of a narrow terminal\nand ends", 1);
    screen.end(1);
    screen.finish();
  });
  EXPECT_EQ(out.find("\x1b[2A"), out.rfind("\x1b[2A"));  // drawn twice: the second text came too soon for a frame
  EXPECT_NE(out.find("1 › Once upon"), std::string::npos);
  EXPECT_NE(out.find("2 ✓ "), std::string::npos);
  EXPECT_NE(out.find(" terminal and ends\n"), std::string::npos);
  // Wrapping is off in a frame only.
  EXPECT_TRUE(out.starts_with("\x1b[?7l"));
  EXPECT_TRUE(out.ends_with("\x1b[?7h"));
}

}  // namespace
}  // namespace quire::cli
