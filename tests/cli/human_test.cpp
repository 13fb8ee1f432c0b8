#include "cli/terminal/human.h"

#include <gtest/gtest.h>

namespace quire::cli {
namespace {

constexpr int64_t hour = 3600, day = 24 * hour;

// Each line as ollama 0.34.2 prints it.
TEST(Human, sizes_are_cut_as_ollamas_are) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1 KB");
  EXPECT_EQ(human_bytes(1'185'376), "1.2 MB");
  EXPECT_EQ(human_bytes(9'999'999'999), "10.0 GB");
  EXPECT_EQ(human_bytes(42'000'000'000), "42 GB");
  EXPECT_EQ(human_bytes(42'999'000'000), "42 GB");
  EXPECT_EQ(human_bytes(5'000'000'000'000'000), "5000 TB");
}

TEST(Human, ages_are_spans_in_words) {
  EXPECT_EQ(human_age(0), "Less than a second ago");
  EXPECT_EQ(human_age(1), "1 second ago");
  EXPECT_EQ(human_age(59), "59 seconds ago");
  EXPECT_EQ(human_age(60), "About a minute ago");
  EXPECT_EQ(human_age(3599), "59 minutes ago");
  EXPECT_EQ(human_age(hour), "About an hour ago");
  EXPECT_EQ(human_age(hour + hour / 2), "2 hours ago") << "hours are rounded";
  EXPECT_EQ(human_age(48 * hour), "2 days ago");
  EXPECT_EQ(human_age(14 * day), "2 weeks ago");
  EXPECT_EQ(human_age(60 * day), "2 months ago");
  EXPECT_EQ(human_age(730 * day), "2 years ago");
  EXPECT_EQ(human_age(-299), "4 minutes from now");
  EXPECT_EQ(human_age(-30 * 365 * day), "Forever");
}

TEST(Human, durations_are_gos) {
  EXPECT_EQ(go_duration(0), "0s");
  EXPECT_EQ(go_duration(999), "999ns");
  EXPECT_EQ(go_duration(1500), "1.5µs");
  EXPECT_EQ(go_duration(889'689), "889.689µs");
  EXPECT_EQ(go_duration(2'000'000), "2ms");
  EXPECT_EQ(go_duration(1'234'567'891), "1.234567891s");
  EXPECT_EQ(go_duration(61'000'000'000), "1m1s");
  EXPECT_EQ(go_duration(3'661'000'000'000), "1h1m1s");
  EXPECT_EQ(go_duration(-1500), "-1.5µs");
}

TEST(Human, times_are_rfc_3339_with_any_zone) {
  constexpr int64_t second_ns = 1'000'000'000;
  EXPECT_EQ(unix_ns_of("1970-01-01T00:00:01Z"), second_ns);
  EXPECT_EQ(unix_ns_of("1970-01-01T01:00:01.5+01:00"), second_ns + second_ns / 2);
  EXPECT_EQ(unix_ns_of("1969-12-31T22:30:00-01:30"), 0);
  EXPECT_GT(unix_ns_of("2400-01-01T00:00:00Z"), 0) << "later than a 64-bit number of nanoseconds";
  EXPECT_LT(unix_ns_of("0001-01-01T00:00:00Z"), 0);
  EXPECT_FALSE(unix_ns_of("yesterday"));
  EXPECT_FALSE(unix_ns_of("2024-01-01T00:00:00"));
}

TEST(Human, what_is_no_utf8_becomes_the_replacement_character) {
  EXPECT_EQ(valid_utf8("caf\xe9"), "caf\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("größe 日本"), "größe 日本");
  EXPECT_EQ(valid_utf8("\xe6\x97"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Human, columns_are_a_terminals) {
  EXPECT_EQ(column_count("größe"), 5U);
  EXPECT_EQ(column_count("日本"), 4U);
  EXPECT_EQ(column_count("e\xcc\x81"), 1U) << "a mark takes no column";
  EXPECT_EQ(column_count("▕█▏"), 3U);
}

TEST(OneLine, heads_and_tails_are_cut_between_characters) {
  EXPECT_EQ(one_line_tail("größe", 3), "öße");
  EXPECT_EQ(one_line_tail("ab", 3), "ab");
  EXPECT_EQ(one_line_head("größe", 3), "grö");
  EXPECT_EQ(one_line_head("a\nb\tc\x1b", 9), "a b c ");
  EXPECT_EQ(one_line_head("日本語", 5), "日本") << "a wide character takes two columns";
  EXPECT_EQ(one_line_tail("日本語", 5), "本語");
  EXPECT_EQ(one_line_head("a\xc2\x9b"
                          "2J",
                          9),
            "a 2J")
      << "an escape in one character";
}

}  // namespace
}  // namespace quire::cli
