#include "cli/terminal/listing.h"

#include <gtest/gtest.h>

namespace quire::cli {
namespace {

// As `ollama list` and `ollama ps` print it, the spaces at the ends of lines too.
TEST(Listing, is_ollamas_table_to_the_byte) {
  Listing table({"NAME", "ID", "SIZE", "MODIFIED"});
  table.add({"tiny:latest", "7887221d0e1b", "1.2 MB", "Less than a second ago"});
  EXPECT_EQ(table.text(),
            "NAME           ID              SIZE      MODIFIED               \n"
            "tiny:latest    7887221d0e1b    1.2 MB    Less than a second ago    \n");
  EXPECT_EQ(Listing({"NAME", "ID", "UNTIL"}).text(), "NAME    ID    UNTIL \n");
}

TEST(Listing, a_row_of_fewer_cells_ends_with_its_own) {
  Listing rows;
  rows.add({"", "stop", "\"two", "words\""});
  rows.add({"", "temperature", "0.5"});
  EXPECT_EQ(rows.text(), "    stop           \"two    words\"    \n    temperature    0.5     \n");
}

TEST(Listing, wide_cells_are_wrapped_between_words) {
  Listing rows({}, 12);
  rows.add({"", "key", "one two three four"});
  EXPECT_EQ(rows.text(), "    key    one two         \n             three four      \n");
}

TEST(Listing, wide_characters_count_twice) {
  Listing table({"A", "B"});
  table.add({"日本", "x"});
  table.add({"abc", "y"});
  EXPECT_EQ(table.text(), "A       B \n日本    x    \nabc     y    \n");
}

TEST(Listing, what_strangers_named_does_not_move_the_cursor) {
  Listing table({"NAME"});
  table.add({"a\x1b[2J"});
  table.add({"caf\xe9"});
  EXPECT_EQ(table.text(), "NAME     \na\\x1b[2J    \ncaf\\xe9     \n");
}

TEST(WrapEvenly, leaves_the_least_ragged_lines) {
  const std::vector<std::string> even = {"aaa", "bb cc", "ddddd"};
  EXPECT_EQ(wrap_evenly("aaa bb cc ddddd", 6), even) << "taking what fits would leave 'cc' alone";
  EXPECT_EQ(wrap_evenly("", 5), std::vector<std::string>{""});
  EXPECT_EQ(wrap_evenly("abcdefgh", 5), std::vector<std::string>{"abcdefgh"}) << "a word is never broken";
  const std::vector<std::string> lines = {"a", "b"};
  EXPECT_EQ(wrap_evenly("a\nb", 1), lines);
}

}  // namespace
}  // namespace quire::cli
