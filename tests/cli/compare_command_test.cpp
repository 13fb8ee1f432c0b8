// `quire bench compare` as a person starts it, and the processes that it starts.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/bench/process_facts.h"
#include "cli/shell.h"

namespace quire::cli {
namespace {

using nlohmann::json;

const std::string tiny = QUIRE_SOURCE_DIR "/models/quire-tiny.gguf";

TEST(BenchCompare, compares_processes_and_leaves_none_behind) {
  const Ran ran = shell("QUIRE bench compare --model " + tiny +
                        " --instances 2 --requests 1 --prompt 16 --generate 8 --format jsonl 2>&1");
  ASSERT_EQ(ran.status, 0) << ran.out;
  std::istringstream lines(ran.out);
  std::vector<json> setups;
  for (std::string line; std::getline(lines, line);) setups.push_back(json::parse(line));
  ASSERT_EQ(setups.size(), 3U);
  for (const json& setup : setups) {
    EXPECT_EQ(setup["tokens"], 16) << setup;  // the same work in each
    EXPECT_GT(setup["pss_peak_bytes"], 1 << 20) << setup;
    EXPECT_GT(setup["ready_ms"], 0) << setup;
    EXPECT_GT(setup["first_token_ms_p50"], 0) << setup;
  }
  EXPECT_EQ(setups[0]["processes"], 1);
  EXPECT_EQ(setups[0]["contexts"], 2);
  EXPECT_EQ(setups[1]["processes"], 2);
  EXPECT_LT(setups[0]["pss_peak_bytes"], setups[1]["pss_peak_bytes"]);
}

TEST(BenchCompare, ctrl_c_ends_the_servers_too) {
  const std::string mark = "/compare_" + std::to_string(getpid()) + ".gguf";
  const std::string model = testing::TempDir() + mark;
  std::filesystem::copy_file(tiny, model);
  // Long answers: it is in the middle of them when the signal comes. Its servers have the file's name as an argument.
  const Ran ran =
      shell("timeout -s INT 3 QUIRE bench compare --model " + model +
            " --instances 2 --requests 50 --generate 900 2>&1; pgrep -f '[m]odel=.*" + mark + "' && echo left");
  std::filesystem::remove(model);
  EXPECT_NE(ran.out.find("interrupted"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("left"), std::string::npos) << ran.out;
}

TEST(ProcessFacts, knows_its_own_memory_and_switches_as_the_system_has_them) {
  const ProcessMemory own = memory_of_process(getpid());
  EXPECT_GT(own.pss_bytes, 1U << 20);
  EXPECT_GE(own.pss_bytes, own.anonymous_bytes);
  EXPECT_GT(context_switches_of(getpid()), 0);
  EXPECT_EQ(memory_of_process(-1).pss_bytes, 0U);
  EXPECT_EQ(context_switches_of(-1), 0);
}

}  // namespace
}  // namespace quire::cli
