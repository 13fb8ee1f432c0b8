// `quire bench serve` as a person starts it, against a real server with the model in the box.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/bench/bench_serve_command.h"
#include "cli/bench/server_process.h"
#include "cli/shell.h"

namespace quire::cli {
namespace {

using nlohmann::json;

std::string program() { return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "quire").string(); }

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class BenchServe : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = ServerProcess::start({.model = "box=" QUIRE_SOURCE_DIR "/models/quire-tiny.gguf",
                                         .environment = {{"QUIRE_MEMORY", "64M"}},
                                         .log_file = file("server.log"),
                                         .program = program()});
    ASSERT_TRUE(started) << started.error().message;
    server = std::make_unique<ServerProcess>(std::move(*started));
  }
  static void TearDownTestSuite() { server.reset(); }

  static std::string file(const std::string& name) {
    return testing::TempDir() + "/bench-serve-" + std::to_string(getpid()) + "-" + name;
  }
  static std::string url() { return "http://127.0.0.1:" + std::to_string(server->endpoint().port); }
  static Ran bench(const std::string& arguments) {
    return shell(program() + " bench serve --url " + url() + " --model box " + arguments + " 2>&1");
  }
  static json bench_json(const std::string& arguments) {
    const Ran ran = shell(program() + " bench serve --url " + url() + " --model box --format json " + arguments);
    EXPECT_EQ(ran.status, 0) << ran.out;
    return json::parse(ran.out, nullptr, false);
  }

  static std::unique_ptr<ServerProcess> server;
};
std::unique_ptr<ServerProcess> BenchServe::server;

TEST_F(BenchServe, closed_loops_ask_for_the_lengths_that_were_wanted) {
  const json report = bench_json("--parallel 1,3 --requests 6 --prompt-tokens 100 --answer-tokens 12");
  ASSERT_EQ(report["stages"].size(), 2U);
  for (const json& stage : report["stages"]) {
    EXPECT_EQ(stage["outcomes"]["whole"], 6);
    EXPECT_EQ(stage["tokens"], 6 * 12);
    EXPECT_NEAR(stage["prompt_tokens"].get<double>() / 6, 100, 8);
    EXPECT_GT(stage["tokens_per_second"], 0);
    EXPECT_GE(stage["wait_ms"]["p50"], 0);
  }
}

TEST_F(BenchServe, every_answer_under_mixed_load_is_the_same_as_alone_in_every_dialect) {
  for (const char* api : {"ollama", "openai", "responses", "anthropic"}) {
    const Ran ran =
        bench(std::string("--verify --rate 20 --burstiness 0.3 --duration 1 --turns 1-2 --prompt-tokens 10-40 "
                          "--answer-tokens 4-8 --cancel 20 --slow 5 --shared-prefix 20 --distinct 8 "
                          "--client a:2:1 --client b:1:6 --temperature 0.7 --api ") +
              api);
    EXPECT_EQ(ran.status, 0) << ran.out;
    EXPECT_NE(ran.out.find(" 0 differ"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("band"), std::string::npos) << ran.out;
  }
}

TEST_F(BenchServe, turns_of_conversations_find_those_before_them_in_the_cache) {
  for (const char* api : {"ollama", "openai", "responses", "anthropic"}) {
    const json report = bench_json(
        std::string("--parallel 1 --requests 12 --turns 3-3 --prompt-tokens 100 --answer-tokens 20 --api ") + api);
    const json& turns = report["stages"][0]["turns"];
    ASSERT_EQ(turns.size(), 3U) << api;
    EXPECT_EQ(turns[2]["turn"], 3);
    EXPECT_EQ(turns[2]["requests"], 4);
    EXPECT_GT(turns[2]["prompt_size_tokens"]["p50"], turns[1]["prompt_size_tokens"]["p50"]) << api;
    EXPECT_GT(turns[2]["cached_share"], 0.4) << api;
    EXPECT_GE(turns[2]["first_token_ms"]["p99"], turns[2]["first_token_ms"]["p50"]) << api;
  }
  const Ran ran = bench("--parallel 1 --requests 12 --turns 12-12 --prompt-tokens 20 --answer-tokens 4");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("cached %"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("12 / 1"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("shortened"), std::string::npos) << ran.out;
  const Ran longer = bench("--parallel 1 --requests 3 --turns 3-3 --prompt-tokens 400 --answer-tokens 4");
  EXPECT_NE(longer.out.find("1 of 3 prompts did not fit the server's context and were shortened, from turn 3 on"),
            std::string::npos)
      << longer.out;
}

// A slow machine is no reason to ask less.
TEST(BenchServePlan, a_number_of_requests_ends_closed_loops_and_no_time_that_nobody_asked_for) {
  BenchServeOptions options{.model = "box", .parallel = {1}, .requests = 12};
  EXPECT_EQ(plan_of(options)->stages[0].duration_ns, 0);
  options.duration_s = 2;
  EXPECT_EQ(plan_of(options)->stages[0].duration_ns, 2'000'000'000);
  options = {.model = "box", .parallel = {1}};
  EXPECT_EQ(plan_of(options)->stages[0].duration_ns, 10'000'000'000);
  options = {.model = "box", .rates = {"4"}, .requests = 12};
  EXPECT_EQ(plan_of(options)->stages[0].arrivals.duration_ns, 10'000'000'000);
}

TEST_F(BenchServe, replays_a_trace_with_its_times_scaled) {
  std::ofstream(file("trace.csv")) << "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,400,80\n"
                                      "2023-11-16 18:15:50,200,40\n2023-11-16 18:15:56,800,120\n";
  const json report = bench_json("--trace " + file("trace.csv") + " --time-scale 0.05 --token-scale 10");
  EXPECT_EQ(report["stages"][0]["load"], "trace");
  EXPECT_EQ(report["stages"][0]["outcomes"]["whole"], 3);
  EXPECT_EQ(report["stages"][0]["tokens"], 8 + 4 + 12);
}

TEST_F(BenchServe, several_servers_share_a_table_and_files_are_written) {
  const Ran ran = bench("--url localhost:" + std::to_string(server->endpoint().port) +
                        " --parallel 2 --requests 4 --output " + file("out.json") + " --html " + file("out.html"));
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_NE(ran.out.find("localhost:"), std::string::npos);
  EXPECT_EQ(json::parse(file_text(file("out.json")))["stages"].size(), 2U);
  EXPECT_NE(file_text(file("out.html")).find("</html>"), std::string::npos);
}

TEST_F(BenchServe, limits_and_a_better_former_run_are_exit_status_1) {
  const std::string load = "--parallel 2 --requests 6 --answer-tokens 8 ";
  ASSERT_EQ(bench(load + "--output " + file("base.json")).status, 0);
  EXPECT_EQ(bench(load + "--baseline " + file("base.json") + " --max-regression 100000").status, 0);
  json better = json::parse(file_text(file("base.json")));
  better["stages"][0]["tokens_per_second"] = 1e9;
  std::ofstream(file("better.json")) << better.dump();
  const Ran worse = bench(load + "--max-regression 99 --baseline " + file("better.json"));
  EXPECT_EQ(worse.status, 1);
  EXPECT_NE(worse.out.find("FAIL 2 at once: tokens/s went from 1000000000.000"), std::string::npos) << worse.out;
  const Ran late = bench(load + "--max-ttft-p99-ms 0.0001");
  EXPECT_EQ(late.status, 1);
  EXPECT_NE(late.out.find("first token p99"), std::string::npos) << late.out;
}

TEST_F(BenchServe, wrong_inputs_are_one_line_that_says_what_to_do) {
  const std::pair<const char*, const char*> cases[] = {
      {"--rate x", "--rate"},
      {"--rate 0", "a rate"},
      {"--rate 2 --burstiness 0", "burstiness"},
      {"--prompt-tokens 9-3", "tokens of a prompt"},
      {"--client a:b", "--client"},
      {"--trace no-such-file", "no-such-file: no such file"},
      {"--trace " QUIRE_SOURCE_DIR "/LICENSE", "of the trace: expected TIMESTAMP"},
      {"--parallel 1 --baseline no-such-file", "--output makes it"},
      {"--cancel 101", "requests that are cancelled"}};
  for (const auto& [arguments, words] : cases) {
    const Ran ran = bench(arguments);
    EXPECT_EQ(ran.status, 1) << arguments;
    EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1) << arguments << ": " << ran.out;
    EXPECT_NE(ran.out.find(words), std::string::npos) << arguments << ": " << ran.out;
  }
  const Ran unknown = shell(program() + " bench serve --model nobody --url " + url() + " 2>&1");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_NE(unknown.out.find("'nobody' not found"), std::string::npos) << unknown.out;
  const Ran alone = shell(program() + " bench serve --model box --url 127.0.0.1:1 2>&1");
  EXPECT_EQ(alone.status, 1);
  EXPECT_NE(alone.out.find("`quire serve`"), std::string::npos) << alone.out;
}

TEST_F(BenchServe, ctrl_c_prints_what_was_seen_until_then) {
  const Ran ran = shell("timeout --preserve-status -s INT 1.5 " + program() + " bench serve --url " + url() +
                        " --model box --parallel 2 --duration 60 2>&1");
  EXPECT_EQ(ran.status, 130) << ran.out;
  EXPECT_NE(ran.out.find("2 at once"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("interrupted"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace quire::cli
