#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/bench/stress_plan.h"
#include "cli/bench/stress_watch.h"
#include "cli/shell.h"
#include "server/models/machine_memory.h"

namespace quire::cli {
namespace {

constexpr uint64_t mib = uint64_t{1} << 20;

std::vector<WatchSample> growing(uint64_t from_mib, uint64_t to_mib, int count) {
  std::vector<WatchSample> samples;
  for (int at = 0; at < count; ++at) {
    const uint64_t bytes =
        from_mib * mib + (to_mib - from_mib) * mib * static_cast<uint64_t>(at) / static_cast<uint64_t>(count);
    const uint64_t kv = (at % 5) * mib;
    samples.push_back({.resident_bytes = bytes + kv, .kv_bytes = kv});
  }
  return samples;
}

TEST(MemoryTrend, is_flat_until_it_leaks_whatever_the_kv_does) {
  EXPECT_TRUE(memory_trend(growing(50, 50, 300)).flat());
  EXPECT_TRUE(memory_trend(growing(50, 55, 300)).flat());
  EXPECT_FALSE(memory_trend(growing(50, 90, 300)).flat());
  EXPECT_EQ(memory_trend(growing(50, 50, 300)).first_bytes, 50 * mib);
  EXPECT_TRUE(memory_trend({}).flat());
}

TEST(StressRatios, are_wrong_beyond_the_bounds_of_the_baseline) {
  const auto baseline = nlohmann::ordered_json::parse(
      R"({"ratios":{"a":{"value":3,"at_least":1},"b":{"value":2,"at_most":8},"gone":{"value":1,"at_most":1}}})");
  EXPECT_TRUE(worse_ratios(baseline, {{"a", 1.0}, {"b", 8.0}, {"new", 99}}).value().empty());
  EXPECT_EQ(worse_ratios(baseline, {{"a", 0.9}, {"b", 8.1}}).value().size(), 2U);
  EXPECT_FALSE(worse_ratios(nlohmann::ordered_json::parse("[]"), {{"a", 1}}));
  EXPECT_FALSE(worse_ratios(nlohmann::ordered_json::parse(R"({"ratios":{"a":3}})"), {{"a", 1}}));
}

TEST(StressMachine, gives_the_kv_exactly_what_it_is_to_have) {
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / "stress-machine";
  for (const uint64_t used : {0 * mib, 3 * mib, 20 * mib, 90 * mib}) {
    write_machine(root, 6 * mib, used);
    const server::MachineMemory memory = server::read_machine_memory(root);
    const std::vector<server::KvMemory> models = {
        {.used_bytes = used, .limit_bytes = 90 * mib, .max_bytes = 90 * mib, .busy = true}};
    const auto planned = server::plan_kv_memory(models, memory, 0);
    ASSERT_TRUE(planned);
    EXPECT_LE((*planned)[0], std::max<uint64_t>(6 * mib, used - std::min(used, 64 * mib)));
    EXPECT_GE((*planned)[0], 6 * mib);
  }
  std::filesystem::remove_all(root);
}

// The server of a stress is its child; this test kills it in the middle.
TEST(Stress, a_server_that_dies_is_a_crash_and_exit_status_1) {
  const Ran ran = shell("TMPDIR=" + testing::TempDir() + "; export TMPDIR; QUIRE bench stress --short --model " +
                        QUIRE_SOURCE_DIR
                        "/models/quire-tiny.gguf 2>&1 & pid=$!;"
                        "until grep -qs 'loaded stress' $TMPDIR/quire-stress-$pid/server.log; do sleep 0.05; done;"
                        "kill -KILL $(cat /proc/$pid/task/$pid/children); wait $pid");
  EXPECT_EQ(ran.status, 1) << ran.out;
  EXPECT_NE(ran.out.find("crash: the server was killed by signal 9"), std::string::npos) << ran.out;
}

}  // namespace
}  // namespace quire::cli
