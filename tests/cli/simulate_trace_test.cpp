#include "cli/commands/simulate_trace.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "test_data.h"

namespace quire::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// Forty conversations of one to four turns: each turn's prompt is the last one's with a block more.
std::string conversations() {
  std::string text;
  for (int turn = 0; turn < 4; ++turn) {
    for (int talk = 0; talk < 40; ++talk) {
      if (talk % 4 < turn) continue;
      std::string hashes = "0";
      for (int block = 0; block <= turn; ++block) hashes += fmt::format(", {}", 1 + talk * 10 + block);
      text += fmt::format("{{\"timestamp\": {}, \"input_length\": {}, \"output_length\": {}, \"hash_ids\": [{}]}}\n",
                          turn * 20000 + talk, 512 * (turn + 2) - 100, 20 + talk, hashes);
    }
  }
  return text;
}

std::string trace_file() {
  const std::string path = testing::TempDir() + "/conversations.jsonl";
  std::ofstream(path) << conversations();
  return path;
}

struct Printed {
  int status = -1;
  std::string text;
};

Printed simulate(const SimulateTraceOptions& options) {
  testing::internal::CaptureStdout();
  const Result<int> status = run_simulate_trace(options);
  std::fflush(stdout);
  return {.status = status.value_or(-1),
          .text = testing::internal::GetCapturedStdout() + (status ? "" : status.error().message)};
}

TEST(SimulateTrace, a_comparison_has_each_policy_and_each_figure) {
  const Printed printed = simulate({.file = trace_file()});
  EXPECT_EQ(printed.status, 0) << printed.text;
  for (const char* part :
       {"100 requests in 60.0 s", "fcfs", "priority", "fair", "all", "wait p50 / p90 / p99 s, band 1", "band 3",
        "band 6", "first token p50 / p90 / p99 s, all bands", "service of client 8", "Jain index between clients",
        "preemptions", "recomputed tokens", "cache hits, % of prompt blocks", "tokens/s served", "makespan s",
        "least recently used", "Belady", "each request ended once: yes"}) {
    EXPECT_THAT(printed.text, HasSubstr(part));
  }
  // A line for each figure, with a cell for each policy.
  EXPECT_THAT(printed.text, testing::ContainsRegex("requests ended +100 +100 +100 +100\n"));
}

TEST(SimulateTrace, the_same_seed_prints_the_same_text_and_another_one_does_not) {
  const std::string file = trace_file();
  const Printed first = simulate({.file = file, .kv_share = 30, .seed = 5});
  EXPECT_EQ(first.status, 0) << first.text;
  EXPECT_EQ(first.text, simulate({.file = file, .kv_share = 30, .seed = 5}).text);
  EXPECT_NE(first.text, simulate({.file = file, .kv_share = 30, .seed = 6}).text);
}

TEST(SimulateTrace, one_policy_is_one_column) {
  const Printed printed = simulate({.file = trace_file(), .policy = "fair", .requests = 10});
  EXPECT_EQ(printed.status, 0) << printed.text;
  EXPECT_THAT(printed.text, testing::ContainsRegex("requests ended +10\n"));
  EXPECT_THAT(printed.text, Not(HasSubstr("fcfs")));
}

TEST(SimulateTrace, a_dear_machine_takes_longer) {
  const Printed printed =
      simulate({.file = trace_file(), .policy = "all", .cost_model = "1e9,1e9,1e9,0,0", .token_scale = 64});
  EXPECT_EQ(printed.status, 0) << printed.text;
  EXPECT_THAT(printed.text, HasSubstr("1000000000 ns a step"));
  EXPECT_THAT(printed.text, HasSubstr("64 tokens are simulated as one"));
}

TEST(SimulateTrace, what_cannot_be_simulated_is_said) {
  const std::string file = trace_file();
  EXPECT_THAT(simulate({.file = file + ".no"}).text, HasSubstr("no such file"));
  EXPECT_THAT(simulate({.file = file, .policy = "lifo"}).text, HasSubstr("no policy 'lifo'"));
  EXPECT_THAT(simulate({.file = file, .cost_model = "1,2"}).text, HasSubstr("a cost model is"));
  EXPECT_THAT(simulate({.file = file, .token_scale = 7}).text, HasSubstr("a token scale of 7"));
  EXPECT_THAT(simulate({.file = file, .time_scale = -1}).text, HasSubstr("a time scale"));
  EXPECT_THAT(simulate({.file = file, .kv_blocks = int64_t{1} << 40}).text, HasSubstr("KV blocks"));
  EXPECT_THAT(simulate({.file = file, .clients = 0}).text, HasSubstr("clients"));
}

TEST(SimulateTrace, requests_without_blocks_are_compared_without_a_cache) {
  QUIRE_TEST_DATA_OR_SKIP(file, "traces/azure2023-conv.csv");
  const Printed printed = simulate({.file = file.string(), .time_scale = 60, .token_scale = 8, .requests = 500});
  EXPECT_EQ(printed.status, 0) << printed.text;
  EXPECT_THAT(printed.text, testing::ContainsRegex("requests ended +500 +500 +500 +500\n"));
  EXPECT_THAT(printed.text, Not(HasSubstr("Belady")));
}

}  // namespace
}  // namespace quire::cli
