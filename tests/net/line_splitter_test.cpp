#include "net/line_splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace quire::net {
namespace {

TEST(LineSplitter, every_way_to_cut_a_text_gives_the_same_lines) {
  const std::string text = "a\n\nbc\r\nd\re\n\r\nlast";
  const std::vector<std::string> wanted = {"a", "", "bc", "d\re", "", "last"};
  for (unsigned cuts = 0; cuts < 1u << (text.size() - 1); ++cuts) {
    LineSplitter splitter(4);
    std::vector<std::string> lines;
    const auto on_line = [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    };
    size_t begin = 0;
    for (size_t at = 1; at <= text.size(); ++at) {
      if (at != text.size() && (cuts >> (at - 1) & 1) == 0) continue;
      ASSERT_EQ(splitter.add(std::string_view(text).substr(begin, at - begin), on_line), LineSplitter::State::open);
      begin = at;
    }
    splitter.finish(on_line);
    ASSERT_EQ(lines, wanted) << cuts;
  }
}

TEST(LineSplitter, a_line_over_the_limit_ends_it_however_it_arrives) {
  for (size_t piece = 1; piece <= 8; ++piece) {
    LineSplitter splitter(3);
    std::vector<std::string> lines;
    const auto on_line = [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    };
    const std::string text = "abc\nabcd\nx\n";
    for (size_t begin = 0; begin < text.size(); begin += piece) splitter.add(text.substr(begin, piece), on_line);
    EXPECT_EQ(splitter.finish(on_line), LineSplitter::State::too_long) << piece;
    EXPECT_EQ(lines, std::vector<std::string>{"abc"}) << piece;
  }
}

TEST(LineSplitter, after_a_stop_nothing_is_handed_over) {
  LineSplitter splitter(10);
  int lines = 0;
  const auto on_line = [&](std::string_view) { return ++lines < 2; };
  EXPECT_EQ(splitter.add("1\n2\n3\n4", on_line), LineSplitter::State::stopped);
  splitter.add("5\n", on_line);
  splitter.finish(on_line);
  EXPECT_EQ(lines, 2);
}

}  // namespace
}  // namespace quire::net
