#include "load/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "load/judgement.h"
#include "load/report_html.h"
#include "load/report_json.h"

namespace quire::load {
namespace {

constexpr int64_t ms = 1'000'000;

// A whole answer of pieces at these milliseconds.
Sample answer(int64_t due_ms, std::vector<int64_t> pieces_ms, int32_t band = -1) {
  Sample sample{.band = band, .due_ns = due_ms * ms, .sent_ns = due_ms * ms, .outcome = Outcome::whole, .status = 200};
  for (const int64_t at : pieces_ms) sample.pieces_ns.push_back(at * ms);
  sample.ended_ns = sample.pieces_ns.back();
  sample.counts = {.prompt_tokens = 10, .cached_tokens = 4, .answer_tokens = std::ssize(pieces_ms), .queue_ns = 2 * ms};
  return sample;
}

StageResult three_requests() {
  StageResult result{.stage = {.parallel = 2, .duration_ns = 1000 * ms}, .window_ns = 1000 * ms};
  result.samples = {answer(0, {100, 200, 300}, 1), answer(300, {700, 900, 1100, 1300}, 6)};
  result.samples.push_back({.band = 6, .due_ns = 10, .ended_ns = 20, .outcome = Outcome::refused, .status = 503});
  return result;
}

const Target target{.name = "stub"};

TEST(Report, has_times_from_when_requests_were_due_and_rates_of_the_window) {
  const StageReport report = report_of(target, {}, three_requests(), {.first_ms = 200});
  EXPECT_EQ(report.load, "2 at once");
  EXPECT_EQ(report.all.first_ns.p50, 100 * ms);
  EXPECT_EQ(report.all.first_ns.max, 400 * ms);
  EXPECT_EQ(report.all.gap_ns.p50, 200 * ms);
  EXPECT_EQ(report.all.whole_ns.max, 1000 * ms);
  EXPECT_EQ(report.all.wait_ns.p50, 2 * ms);
  EXPECT_DOUBLE_EQ(report.all.tokens_per_s, 5);  // two of the seven came after the window
  EXPECT_DOUBLE_EQ(report.all.requests_per_s, 1);
  EXPECT_EQ(report.all.good, 1);
  EXPECT_DOUBLE_EQ(report.all.good_share(), 1.0 / 3);  // one is late, one was refused
  EXPECT_EQ(report.all.errors(), 0);
  ASSERT_EQ(report.bands.size(), 2U);
  EXPECT_EQ(report.bands.at(6).requests, 2);
  EXPECT_EQ(report.bands.at(1).first_ns.max, 100 * ms);
}

TEST(Report, good_answers_keep_their_pace_on_average) {
  StageResult result = three_requests();
  const StageReport strict = report_of(target, {}, result, {.gap_ms = 150});
  EXPECT_EQ(strict.all.good, 1);
  EXPECT_EQ(report_of(target, {}, result, {.gap_ms = 200}).all.good, 2);
}

TEST(Judgement, names_each_limit_that_was_broken) {
  const std::vector<StageReport> reports = {report_of(target, {}, three_requests(), {})};
  EXPECT_TRUE(broken_limits({}, reports).empty());
  EXPECT_TRUE(broken_limits({.first_p99_ms_max = 400, .tokens_per_s_min = 5}, reports).empty());
  const auto broken = broken_limits({.first_p99_ms_max = 399, .gap_p99_ms_max = 1, .tokens_per_s_min = 6}, reports);
  ASSERT_EQ(broken.size(), 3U);
  EXPECT_NE(broken[0].find("first token p99 is 400.000 ms"), std::string::npos);
}

TEST(Judgement, finds_what_is_worse_than_in_a_former_run) {
  StageResult slower = three_requests();
  for (int64_t& at_ns : slower.samples[0].pieces_ns) at_ns *= 2;
  const auto before = json_of({report_of(target, {}, three_requests(), {})}, false);
  const auto now = json_of({report_of(target, {}, slower, {})}, false);
  EXPECT_TRUE(regressions(before, before, 0).value().empty());
  const auto worse = regressions(before, now, 50);
  ASSERT_TRUE(worse);
  ASSERT_EQ(worse->size(), 1U) << worse->front();  // 100 -> 200 ms
  EXPECT_NE(worse->front().find("first token p50"), std::string::npos);
  EXPECT_TRUE(regressions(before, now, 150).value().empty());
  EXPECT_TRUE(regressions(now, before, 50).value().empty());  // better is not worse
  EXPECT_FALSE(regressions(nlohmann::ordered_json::array(), now, 50));
  EXPECT_FALSE(regressions({{"stages", nlohmann::ordered_json::array()}}, now, 50));
}

TEST(ReportHtml, needs_nothing_else_and_holds_what_was_measured) {
  StageResult hostile = three_requests();
  hostile.samples[2].error = "</script><script>alert(1)</script>";
  const std::vector<StageReport> reports = {report_of(target, {}, hostile, {})};
  const std::string page = html_of(json_of(reports, true), "a <title> & more");
  for (const char* outside : {"http://", "https://", "src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest",
                              "WebSocket", "import("}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  EXPECT_EQ(page.find("@TITLE@"), std::string::npos);
  EXPECT_NE(page.find("a &lt;title> &amp; more"), std::string::npos);
  EXPECT_NE(page.find("\"contexts\":[{\"due_ms\":"), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
}

}  // namespace
}  // namespace quire::load
