#include "cli/tune/tune_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/terminal/human.h"

namespace quire::cli {
namespace {

Chart some_chart() {
  return {.title = "m <Q4_0>",
          .points = {{1, 33.1, 30.2}, {2, 62, 32.2}, {4, 120, 33.3}, {8, 220, 36.4}, {16, 228, 70.2}, {32, 231, 138.5}},
          .pays = 8,
          .fits = 20};
}

TEST(TuneChart, fits_the_terminal_from_60_columns_on) {
  for (size_t width = 20; width <= 200; ++width) {
    for (const bool plain : {false, true}) {
      std::istringstream lines(chart_text(some_chart(), width, plain));
      int count = 0;
      for (std::string line; std::getline(lines, line); ++count) {
        EXPECT_LE(column_count(line), std::clamp<size_t>(width, 60, 100)) << line;
        EXPECT_FALSE(line.ends_with(' '));
        if (plain) {
          EXPECT_TRUE(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; })) << line;
        }
      }
      EXPECT_EQ(count, 7);
    }
  }
}

TEST(TuneChart, marks_what_pays_and_what_fits_last) {
  const std::string text = chart_text(some_chart(), 80, true);
  EXPECT_NE(text.find("36.4  <- pays\n"), std::string::npos) << text;
  EXPECT_NE(text.find("70.2  fits\n"), std::string::npos) << text;
}

TEST(TuneChart, the_longest_bar_is_the_best_rate) {
  const std::string text = chart_text(some_chart(), 60, true);
  std::vector<size_t> bars;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t begin = line.find('#');
    bars.push_back(begin == std::string::npos ? 0 : line.find_first_not_of('#', begin) - begin);
  }
  EXPECT_TRUE(std::is_sorted(bars.begin(), bars.end())) << text;
}

TEST(TuneChart, svg_holds_every_point_and_no_markup_of_the_title) {
  const std::string svg = chart_svg(some_chart());
  size_t circles = 0;
  for (size_t at = 0; (at = svg.find("<circle", at)) != std::string::npos; ++at) ++circles;
  EXPECT_EQ(circles, some_chart().points.size());
  EXPECT_NE(svg.find("m &lt;Q4_0>"), std::string::npos);
  EXPECT_NE(svg.find(">8 pay</text>"), std::string::npos);
  EXPECT_TRUE(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(TuneChart, one_point_is_a_chart_too) {
  const Chart chart{.title = "m", .points = {{1, 10, 100}}, .pays = 1};
  EXPECT_EQ(chart_svg(chart).find("nan"), std::string::npos);
  EXPECT_NE(chart_text(chart, 80, true).find("<- pays"), std::string::npos);
}

}  // namespace
}  // namespace quire::cli
