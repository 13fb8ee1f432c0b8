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

// A whole answer in a conversation: `first_ms` after it was due, to a prompt of so many tokens.
Sample turn_answer(int32_t turn, int64_t first_ms, int64_t prompt_tokens, int64_t cached_tokens) {
  Sample sample = answer(0, {first_ms, first_ms + 10});
  sample.turn = turn;
  sample.counts.prompt_tokens = prompt_tokens;
  sample.counts.cached_tokens = cached_tokens;
  return sample;
}

TEST(Report, says_by_turn_when_the_first_token_came_and_how_much_of_the_prompt_was_cached) {
  StageResult result = three_requests();
  result.samples = {turn_answer(0, 100, 100, 0), turn_answer(0, 200, 120, 0), turn_answer(1, 50, 300, 240),
                    turn_answer(1, 60, 100, -1), turn_answer(2, 80, 500, 500)};
  result.samples.push_back({.turn = 2, .outcome = Outcome::refused, .status = 503});
  result.samples.push_back({.turn = 3, .outcome = Outcome::interrupted});
  result.samples[4].prompt_truncated = true;
  const StageReport report = report_of(target, {}, result, {});
  ASSERT_EQ(report.turns.size(), 3U);  // nobody got an answer in the fourth
  EXPECT_EQ(report.turns.at(1).requests, 2);
  EXPECT_EQ(report.turns.at(1).first_ns.p50, 100 * ms);
  EXPECT_EQ(report.turns.at(1).first_ns.p99, 200 * ms);
  EXPECT_EQ(report.turns.at(1).prompt_size.max, 120);
  EXPECT_EQ(report.turns.at(1).cached_share(), 0);
  EXPECT_EQ(report.turns.at(2).cached_share(), 0.8);  // of the one prompt of which it is known
  EXPECT_EQ(report.turns.at(2).prompt_size.p50, 100);
  EXPECT_EQ(report.turns.at(3).requests, 2);
  EXPECT_EQ(report.turns.at(3).cached_share(), 1);
  EXPECT_EQ(report.turns.at(3).truncated, 1);
  EXPECT_EQ(report.all.truncated, 1);

  const auto json = json_of({report}, false)["stages"][0];
  ASSERT_EQ(json["turns"].size(), 3U);
  EXPECT_EQ(json["turns"][1]["turn"], 2);
  EXPECT_EQ(json["turns"][1]["requests"], 2);
  EXPECT_EQ(json["turns"][1]["first_token_ms"]["p99"], 60);
  EXPECT_EQ(json["turns"][1]["prompt_tokens"], 400);
  EXPECT_EQ(json["turns"][1]["prompt_size_tokens"]["p50"], 100);
  EXPECT_EQ(json["turns"][1]["cached_tokens"], 240);
  EXPECT_EQ(json["turns"][1]["cached_share"], 0.8);
  EXPECT_EQ(json["turns"][2]["prompts_truncated"], 1);
}

TEST(Report, has_no_turns_where_each_conversation_has_one_and_no_share_where_the_server_is_silent) {
  StageResult result = three_requests();
  for (Sample& sample : result.samples) sample.counts.cached_tokens = -1;
  const StageReport report = report_of(target, {}, result, {});
  EXPECT_TRUE(report.turns.empty());
  EXPECT_FALSE(report.all.cached_share());
  const auto json = json_of({report}, false)["stages"][0];
  EXPECT_EQ(json["turns"], nlohmann::ordered_json::array());
  EXPECT_TRUE(json["cached_tokens"].is_null());
  EXPECT_TRUE(json["cached_share"].is_null());
}

TEST(Report, shows_all_turns_of_few_and_a_few_of_many) {
  using Turns = std::vector<int32_t>;
  EXPECT_EQ(shown_turns(1), Turns({1}));
  EXPECT_EQ(shown_turns(8), Turns({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(shown_turns(9), Turns({1, 2, 5, 9}));
  EXPECT_EQ(shown_turns(20), Turns({1, 2, 5, 10, 20}));
  EXPECT_EQ(shown_turns(1000), Turns({1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}));
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
