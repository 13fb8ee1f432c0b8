#include "text/text_stream.h"

#include <gtest/gtest.h>

#include <random>

namespace quire {
namespace {

struct Outcome {
  std::string text;
  std::string stop;
  bool operator==(const Outcome&) const = default;
};

Outcome stream(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  TextStream stream(stops);
  Outcome outcome;
  for (const std::string& piece : pieces) {
    outcome.text += stream.push(piece);
    if (stream.stopped()) break;
  }
  outcome.text += stream.finish();
  outcome.stop = stream.stop_text();
  return outcome;
}

TEST(TextStream, a_character_cut_in_two_is_sent_when_it_is_whole) {
  TextStream stream({});
  EXPECT_EQ(stream.push("\xE2\x82"), "");
  EXPECT_EQ(stream.push("\xAC!"), "\xE2\x82\xAC!");
}

TEST(TextStream, bytes_that_fit_nowhere_become_replacement_characters) {
  EXPECT_EQ(stream({}, {"a\xFF", "b\xC3"}).text,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_EQ(stream({}, {"\xE0\x80\x80"}).text, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong
  EXPECT_EQ(stream({}, {"\xED\xA0\x80"}).text, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
}

TEST(TextStream, a_stop_string_is_never_half_sent) {
  TextStream stream({"</end>"});
  EXPECT_EQ(stream.push("text</"), "text");
  EXPECT_EQ(stream.push("en"), "");
  EXPECT_EQ(stream.push("x"), "</enx");
  EXPECT_EQ(stream.push("</end>more"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, what_was_held_back_is_sent_at_the_end) { EXPECT_EQ(stream({"abc"}, {"xab"}).text, "xab"); }

TEST(TextStream, the_stop_string_that_ends_first_wins) {
  EXPECT_EQ(stream({"abcd", "bc"}, {"xabcd"}), (Outcome{"xa", "bc"}));
  EXPECT_EQ(stream({"bc", "abc"}, {"xabc"}), (Outcome{"x", "abc"}));
}

TEST(TextStream, an_empty_stop_string_stops_nothing) { EXPECT_EQ(stream({""}, {"abc"}).text, "abc"); }

TEST(TextStream, text_that_may_not_stop_is_sent_at_once_and_is_no_part_of_a_stop_string) {
  TextStream stream({"abc"});
  EXPECT_EQ(stream.push_unstopped("xabcab"), "xabcab");
  EXPECT_EQ(stream.push("cd"), "cd");
  EXPECT_EQ(stream.push_unstopped("\xE2\x82"), "") << "no whole character";
  EXPECT_EQ(stream.push("\xAC!abcd"), "\xE2\x82\xAC!");
  EXPECT_TRUE(stream.stopped());
}

// The text sent and the stop found are functions of the bytes, not of where tokens cut them.
TEST(TextStream, any_cut_into_pieces_gives_the_same_text) {
  std::mt19937_64 random(20260);
  const std::vector<std::string> stops = {"ab", "bca",
                                          "\xE2\x82\xAC"
                                          "a",
                                          "cc"};
  const std::string_view alphabet = "abc\xE2\x82\xAC\xFF";
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (size_t size = random() % 12; bytes.size() < size;) bytes += alphabet[random() % alphabet.size()];
    std::vector<std::string> pieces;
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t size = 1 + random() % 4;
      pieces.push_back(bytes.substr(begin, size));
      begin += size;
    }
    std::vector<std::string> single;
    for (char byte : bytes) single.emplace_back(1, byte);
    EXPECT_EQ(stream(stops, pieces), stream(stops, single)) << "round " << round;
  }
}

}  // namespace
}  // namespace quire
