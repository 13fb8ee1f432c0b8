#include "cli/terminal/text_table.h"

#include <gtest/gtest.h>

#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

TEST(TextTable, columns_are_as_wide_as_their_widest_cell_and_numbers_go_to_the_right) {
  TextTable table({"NAME", "SIZE", "ID"});
  table.add({"a", "1.2 GB", "3ff"});
  table.add({"größer", "12 MB", "4a"});
  EXPECT_EQ(table.text(), "NAME       SIZE   ID\na        1.2 GB   3ff\ngrößer    12 MB   4a\n");
}

TEST(TextTable, a_heading_alone_is_a_line) { EXPECT_EQ(TextTable({"A", "B"}).text(), "A   B\n"); }

TEST(Formats, are_what_people_read) {
  EXPECT_EQ(human_bytes(1'185'376), "1.2 MB");
  EXPECT_EQ(human_bytes(42'000'000'000), "42 GB");
  EXPECT_EQ(format_duration(1'500'000), "1.50 ms");
  EXPECT_EQ(format_duration(2'345'678'901), "2.346 s");
  EXPECT_EQ(format_count(3.14159), "3.14");
  EXPECT_EQ(format_count(1234.5), "1234");
}

}  // namespace
}  // namespace quire::cli
