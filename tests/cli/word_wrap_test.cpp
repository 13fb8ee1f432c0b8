#include "cli/terminal/word_wrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "cli/terminal/human.h"
#include "text/utf8.h"

namespace quire::cli {
namespace {

// A terminal of so many columns: what its lines say in the end.
class Screen {
 public:
  explicit Screen(size_t columns) : columns_(columns) {}

  void write(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      if (bytes.compare(at, 2, "\x1b[") == 0) {
        size_t end = at + 2;
        while (bytes[end] >= '0' && bytes[end] <= '9') ++end;
        if (bytes[end] == 'D') column_ -= std::stoul(bytes.substr(at + 2, end - at - 2));
        if (bytes[end] == 'K') lines_.back().resize(column_);
        at = end + 1;
        continue;
      }
      const size_t size = utf8_character_size(bytes, at);
      put(bytes.substr(at, size));
      at += size;
    }
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& cells : lines_) {
      std::string& line = lines.emplace_back();
      for (const std::string& cell : cells) line += cell;
    }
    return lines;
  }

 private:
  void put(const std::string& character) {
    if (character == "\n" || column_ == columns_) {
      lines_.emplace_back();
      column_ = 0;
    }
    if (character == "\n") return;
    lines_.back().resize(column_);
    lines_.back().push_back(character);
    for (size_t rest = 1; rest < column_count(character); ++rest) lines_.back().push_back("");
    column_ = lines_.back().size();
  }

  const size_t columns_;
  std::vector<std::vector<std::string>> lines_{1};
  size_t column_ = 0;
};

using Lines = std::vector<std::string>;

Lines shown(std::string_view text, size_t columns) {
  Screen screen(columns);
  WordWrap wrap;
  for (size_t at = 0; at < text.size(); at += utf8_character_size(text, at)) {
    screen.write(wrap.add(text.substr(at, utf8_character_size(text, at)), columns));
  }
  return screen.lines();
}

TEST(WordWrap, a_word_that_does_not_fit_begins_the_next_line) {
  EXPECT_EQ(shown("the quick brown fox", 20), (Lines{"the quick brown", "fox"}));
  EXPECT_EQ(shown("exactly fifteen", 20), Lines{"exactly fifteen"});
  EXPECT_EQ(shown("exactly fifteen and more", 20), (Lines{"exactly fifteen", "and more"}));
}

TEST(WordWrap, spaces_at_a_break_vanish_and_those_of_code_stay) {
  EXPECT_EQ(shown("if x:\n    return 1\n", 20), (Lines{"if x:", "    return 1", ""}));
  EXPECT_EQ(shown("exactly fifteen \nnext", 20), (Lines{"exactly fifteen", "next"})) << "no empty line between";
}

TEST(WordWrap, a_word_longer_than_a_line_is_the_terminals) {
  EXPECT_EQ(shown("abcdefghijklmnopqrstuvwxyz end", 20), (Lines{"abcdefghijklmnopqrst", "uvwxyz end"}));
}

TEST(WordWrap, wide_characters_break_anywhere) {
  EXPECT_EQ(shown("日本日本日本日本", 20), (Lines{"日本日本日本日", "本"}));
}

TEST(WordWrap, a_narrow_terminal_is_left_alone) {
  WordWrap wrap;
  EXPECT_EQ(wrap.add("one two three", 9), "one two three");
}

TEST(WordWrap, no_letter_is_lost_however_the_text_comes_and_the_width_changes) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int count = 0; count < 60; ++count) {
      const size_t letters = 1 + random() % 13;
      text += std::string(letters, static_cast<char>('a' + random() % 26));
      text += random() % 9 == 0 ? "\n" : " ";
    }
    const size_t columns = 12 + random() % 40;
    Screen screen(columns);
    WordWrap wrap;
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min<size_t>(1 + random() % 9, text.size() - at);
      screen.write(wrap.add(text.substr(at, size), columns));
      at += size;
    }
    std::string letters, expected;
    for (const std::string& line : screen.lines()) {
      EXPECT_LE(line.size(), columns);
      for (const char c : line) letters += c == ' ' ? "" : std::string(1, c);
    }
    for (const char c : text) expected += c == ' ' || c == '\n' ? "" : std::string(1, c);
    EXPECT_EQ(letters, expected) << "round " << round;
  }
}

}  // namespace
}  // namespace quire::cli
