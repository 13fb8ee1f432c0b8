// Whole runs against a server that answers as it is told to.
#include "load/run.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "api/ollama/dialect.h"
#include "api/openai/dialect.h"
#include "load/report.h"
#include "support/stub_server.h"

namespace quire::load {
namespace {

using test::StubOptions;
using test::StubServer;

constexpr int64_t millisecond = 1'000'000;
constexpr auto for_ever = [](const RunProgress&) { return true; };

Target target_of(const StubServer& server, bool chat = true) {
  auto target = find_target(server.url(), "stub", nullptr, chat);
  EXPECT_TRUE(target) << target.error().message;
  if (!target) return {};
  EXPECT_TRUE(calibrate(*target, {}, 5000));
  return *target;
}

WorkloadSpec short_answers() {
  WorkloadSpec spec;
  spec.prompt_tokens = {20, 30};
  spec.answer_tokens = {5, 5};
  return spec;
}

int64_t count(const StageResult& result, Outcome outcome) {
  return std::ranges::count(result.samples, outcome, &Sample::outcome);
}

TEST(Target, is_found_in_either_dialect_and_its_tokens_are_counted) {
  for (const bool ollama : {true, false}) {
    for (const bool chat : {true, false}) {
      const StubServer server({.ollama = ollama});
      const Target target = target_of(server, chat);
      EXPECT_EQ(target.dialect, ollama ? &api::ollama::dialect : &api::openai::dialect);
      EXPECT_NEAR(target.calibration.tokens_per_word, 1, 0.01);  // the stub counts words, and three besides
      EXPECT_NEAR(target.calibration.overhead_tokens, 3, 0.2);
      const StageResult result = run_stage(target, short_answers(), {.parallel = 2, .requests_max = 6}, {}, for_ever);
      ASSERT_EQ(result.samples.size(), 6U);
      for (const Sample& sample : result.samples) {
        EXPECT_EQ(sample.outcome, Outcome::whole) << sample.error;
        EXPECT_EQ(sample.pieces_ns.size(), 5U);
        EXPECT_EQ(sample.counts.answer_tokens, 5);
        EXPECT_GE(sample.counts.prompt_tokens, 20);
        EXPECT_LE(sample.counts.prompt_tokens, 30);
      }
    }
  }
}

TEST(Target, nobody_there_an_unknown_model_and_a_stranger_are_one_line_errors) {
  std::string url;
  {
    const StubServer gone({});
    url = gone.url();
  }
  EXPECT_NE(find_target(url, "stub", nullptr, true).error().message.find("quire serve"), std::string::npos);
  const StubServer server({});
  auto target = find_target(server.url(), "unheard-of", nullptr, true);
  ASSERT_TRUE(target);
  const auto calibrated = calibrate(*target, {}, 5000);
  ASSERT_FALSE(calibrated);
  EXPECT_NE(calibrated.error().message.find("model not found"), std::string::npos);
}

TEST(ClosedLoop, keeps_so_many_requests_running) {
  const StubServer server({.gap_ns = millisecond});
  const StageResult result =
      run_stage(target_of(server), short_answers(), {.parallel = 8, .requests_max = 40}, {}, for_ever);
  EXPECT_EQ(count(result, Outcome::whole), 40);
  // Never more at once, and eight are due at the beginning, however late a busy machine sends them.
  for (const Sample& sample : result.samples) {
    const auto running = std::ranges::count_if(result.samples, [&](const Sample& other) {
      return other.due_ns <= sample.due_ns && other.ended_ns > sample.due_ns;
    });
    EXPECT_LE(running, 8);
  }
  EXPECT_EQ(std::ranges::count_if(result.samples, [](const Sample& s) { return s.due_ns == 0; }), 8);
}

TEST(OpenLoop, counts_a_stall_against_every_request_that_was_due_meanwhile) {
  // The server says nothing for 2 s. A client that waited for answers would notice once; here 50 requests a second
  // are due all the time.
  const StubServer server({.stall_from_ns = 0, .stall_to_ns = 2'000 * millisecond});
  Target target{.name = "stub", .model = "stub"};
  target.endpoint = *parse_endpoint(server.url());
  const ArrivalSpec arrivals{.rate = 50, .rate_end = 50, .shape = 1000, .duration_ns = 1'000 * millisecond};
  const StageResult result =
      run_stage(target, short_answers(), {.kind = LoadKind::open, .arrivals = arrivals}, {.running_max = 10}, for_ever);
  ASSERT_GE(result.samples.size(), 45U);
  EXPECT_EQ(count(result, Outcome::whole), static_cast<int64_t>(result.samples.size()));
  int64_t first_answer_ns = 1'000'000 * millisecond;
  for (const Sample& sample : result.samples) first_answer_ns = std::min(first_answer_ns, sample.pieces_ns.front());
  EXPECT_GT(first_answer_ns, 900 * millisecond);
  // Only ten could be sent before the stall's end, but each one's time counts from when it was due.
  for (const Sample& sample : result.samples) EXPECT_GE(sample.due_ns + sample.first_ns(), first_answer_ns);
  const auto median = percentiles([&] {
                        std::vector<int64_t> firsts;
                        for (const Sample& sample : result.samples) firsts.push_back(sample.first_ns());
                        return firsts;
                      }())
                          .p50;
  EXPECT_GT(median, 400 * millisecond);
}

TEST(OpenLoop, replays_a_trace_at_its_times) {
  const StubServer server({});
  const auto trace = trace::parse_trace(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,40,3\n2023-11-16 18:15:47,20,2\n2023-11-16 "
      "18:15:49,30,4\n");
  const WorkloadSpec spec;
  const auto replay = replay_of(*trace, {.time_scale = 0.1}, spec);
  ASSERT_TRUE(replay);
  const StageResult result =
      run_stage(target_of(server), spec, {.kind = LoadKind::replay, .replay = &*replay}, {}, for_ever);
  ASSERT_EQ(result.samples.size(), 3U);
  std::set<std::pair<int64_t, size_t>> seen;
  for (const Sample& sample : result.samples) {
    seen.insert({sample.due_ns, sample.pieces_ns.size()});
    EXPECT_GE(sample.sent_ns, sample.due_ns);
  }
  EXPECT_EQ(seen, (std::set<std::pair<int64_t, size_t>>{{0, 3}, {100 * millisecond, 2}, {300 * millisecond, 4}}));
}

TEST(Conversation, sends_all_before_a_turn_again) {
  StubServer server({});
  WorkloadSpec spec = short_answers();
  spec.turns = {3, 3};
  spec.clients = {{.name = "ann", .share = 1, .band = 2}};
  const Target target = target_of(server);
  const StageResult result = run_stage(target, spec, {.parallel = 1, .requests_max = 3}, {}, for_ever);
  ASSERT_EQ(count(result, Outcome::whole), 3);
  const auto asked = server.asked();
  const auto& [priority, last] = asked.back();
  EXPECT_EQ(priority, "u=2");
  EXPECT_EQ(last["user"], "ann");
  ASSERT_EQ(last["messages"].size(), 5U);
  const auto& before = asked[asked.size() - 2].second;
  for (size_t index = 0; index < 3; ++index) EXPECT_EQ(last["messages"][index], before["messages"][index]);
  EXPECT_EQ(last["messages"][3]["role"], "assistant");
  EXPECT_FALSE(last["messages"][3]["content"].get<std::string>().empty());
}

TEST(Conversation, has_figures_by_turn_and_the_cached_share_where_the_server_says_it) {
  for (const bool ollama : {true, false}) {
    for (const bool says_cached : {true, false}) {
      const StubServer server({.ollama = ollama, .says_cached = says_cached});
      WorkloadSpec spec = short_answers();
      spec.prompt_tokens = {20, 20};
      spec.turns = {3, 3};
      const StageResult result = run_stage(target_of(server), spec, {.parallel = 1, .requests_max = 12}, {}, for_ever);
      const StageReport report = report_of({}, spec, result, {});
      ASSERT_EQ(report.turns.size(), 3U);
      for (const auto& [turn, figures] : report.turns) {
        EXPECT_EQ(figures.requests, 4);
        // Each turn adds a prompt of 20 tokens and the answer of 5 before it.
        EXPECT_EQ(figures.prompt_size.max, 20 * turn + 5 * (turn - 1));
        EXPECT_EQ(figures.cached_share().has_value(), says_cached);
      }
      if (!says_cached) continue;
      EXPECT_EQ(report.turns.at(1).cached_share(), 0);
      EXPECT_DOUBLE_EQ(*report.turns.at(3).cached_share(), (17.0 + 5 + 20 + 5) / 70);  // 3 of each prompt are no words
    }
  }
}

TEST(Faults, dropped_requests_close_their_connection_and_slow_readers_take_their_time) {
  StubServer server({.gap_ns = millisecond});
  WorkloadSpec spec = short_answers();
  spec.answer_tokens = {20, 20};
  spec.cancel_percent = 50;
  spec.slow_percent = 100;
  const RunOptions options{.slow_pause_ms = 2, .slow_read_bytes = 64};
  const StageResult result = run_stage(target_of(server), spec, {.parallel = 4, .requests_max = 40}, options, for_ever);
  const int64_t dropped = count(result, Outcome::dropped);
  EXPECT_GE(dropped, 8);
  EXPECT_EQ(dropped + count(result, Outcome::whole), 40);
  const StageReport report = report_of({}, spec, result, {});
  EXPECT_EQ(report.all.errors(), 0);
  EXPECT_EQ(report.all.whole_ns.p50, -1);  // slow readers' times are their own fault
}

TEST(Outcomes, tell_refusals_from_failures) {
  {
    const StubServer server(
        {.first_ns = 500 * millisecond, .running_max = 2});  // all six arrive before the first answer
    const StageResult result =
        run_stage(target_of(server), short_answers(), {.parallel = 6, .requests_max = 6}, {}, for_ever);
    EXPECT_EQ(count(result, Outcome::whole), 2);
    EXPECT_EQ(count(result, Outcome::refused), 4);
  }
  {
    const StubServer server({.breaks_off = true});
    Target target{.name = "stub", .model = "stub"};
    target.endpoint = *parse_endpoint(server.url());
    const StageResult result = run_stage(target, short_answers(), {.parallel = 1, .requests_max = 2}, {}, for_ever);
    EXPECT_EQ(count(result, Outcome::broken), 2);
    target.model = "unheard-of";
    const StageResult unknown = run_stage(target, short_answers(), {.parallel = 1, .requests_max = 1}, {}, for_ever);
    EXPECT_EQ(count(unknown, Outcome::failed), 1);
    EXPECT_EQ(unknown.samples[0].error, "model not found");
    EXPECT_EQ(unknown.samples[0].status, 404);
  }
  const StubServer server({.first_ns = 10'000 * millisecond});
  Target target{.name = "stub", .model = "stub"};
  target.endpoint = *parse_endpoint(server.url());
  const StageResult result =
      run_stage(target, short_answers(), {.parallel = 1, .requests_max = 1}, {.timeout_ms = 100}, for_ever);
  EXPECT_EQ(count(result, Outcome::timed_out), 1);
}

TEST(Run, that_is_stopped_returns_what_was_seen) {
  const StubServer server({.gap_ns = 20 * millisecond});
  WorkloadSpec spec = short_answers();
  spec.answer_tokens = {1000, 1000};
  const StageResult result = run_stage(target_of(server), spec, {.parallel = 3, .duration_ns = 60'000 * millisecond},
                                       {}, [](const RunProgress& progress) { return progress.pieces < 6; });
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(count(result, Outcome::interrupted), 3);
  const StageReport report = report_of({}, spec, result, {});
  EXPECT_GT(report.all.tokens_per_s, 0);
  EXPECT_EQ(report.all.requests, 0);
}

TEST(AnswerBook, finds_answers_that_differ_from_the_same_request_alone) {
  for (const bool differs : {false, true}) {
    const StubServer server({.gap_ns = millisecond, .differs_in_company = differs});
    WorkloadSpec spec = short_answers();
    spec.distinct = 3;
    spec.cancel_percent = 20;
    const Target target = target_of(server);
    AnswerBook book;
    run_stage(target, spec, {.parallel = 4, .requests_max = 30}, {.book = &book}, for_ever);
    EXPECT_LE(book.distinct(), 3U);
    const auto differences = book.compare(target, 5000, [](size_t, size_t) { return true; });
    ASSERT_TRUE(differences) << differences.error().message;
    EXPECT_EQ(!differences->empty(), differs);
    for (const Difference& difference : *differences) {
      EXPECT_NE(text_hash(difference.alone), text_hash(difference.found));
      EXPECT_NE(difference.call.body.find("num_predict"), std::string::npos);
    }
  }
}

TEST(Timing, of_many_streams_is_what_the_server_does) {
  // A functional check: bench/serve_overhead has the figures.
  const StubServer server({.first_ns = 20 * millisecond, .gap_ns = 10 * millisecond});
  WorkloadSpec spec = short_answers();
  spec.answer_tokens = {10, 10};
  const StageResult result = run_stage(target_of(server), spec, {.parallel = 64, .requests_max = 64}, {}, for_ever);
  EXPECT_EQ(count(result, Outcome::whole), 64);
  for (const Sample& sample : result.samples) {
    EXPECT_GE(sample.first_ns(), 20 * millisecond);
    EXPECT_GE(sample.pieces_ns.back() - sample.due_ns, (20 + 9 * 10) * millisecond);
    EXPECT_TRUE(std::ranges::is_sorted(sample.pieces_ns));
  }
}

}  // namespace
}  // namespace quire::load
