#include "sim/trace_run.h"

#include <gtest/gtest.h>

#include "sim/cache_oracle.h"
#include "sim/trace_summary.h"
#include "sim/trace_worlds.h"
#include "test_data.h"

namespace quire::sim {
namespace {

TraceRunOptions options_for(TracePolicy policy, int64_t blocks) {
  TraceRunOptions options{.policy = policy,
                          .cost = {.step_ns = 1000, .stream_row_ns = 100, .prompt_row_ns = 50, .stream_read_ns = 1,
                                   .prompt_read_ns = 1}};
  options.limits.block_count = static_cast<int32_t>(blocks);
  options.limits.context_tokens = 1 << 20;
  options.limits.running_max = 4;
  options.limits.step_tokens_max = 8;
  return options;
}

TraceRun run(const Workload& workload, const TraceRunOptions& options) {
  const Result<TraceRun> result = run_trace(workload, options);
  EXPECT_TRUE(result);
  return result ? *result : TraceRun{};
}

TEST(TraceRun, each_request_ends_once_and_has_all_of_its_tokens) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Workload workload = test::random_workload(seed, 12, 30);
    for (const TracePolicy policy : trace_policies) {
      for (const int64_t blocks : {workload.unlimited_blocks, int64_t{16}}) {
        const TraceRun result = run(workload, options_for(policy, blocks));
        int64_t cached = 0;
        for (size_t index = 0; index < result.requests.size(); ++index) {
          const RequestOutcome& outcome = result.requests[index];
          ASSERT_EQ(outcome.ends, 1) << "seed " << seed;
          ASSERT_FALSE(outcome.refused);
          ASSERT_LE(workload.requests[index].arrived_ns, outcome.started_ns);
          ASSERT_LT(outcome.started_ns, outcome.first_token_ns);
          ASSERT_LE(outcome.first_token_ns, outcome.ended_ns);
          cached += outcome.cached_tokens;
        }
        EXPECT_EQ(result.generated_tokens, workload.generated_tokens);
        EXPECT_EQ(result.prompt_rows + cached, workload.prompt_tokens) << "seed " << seed << ", " << blocks;
      }
    }
  }
}

// A prompt's last token is computed, so one that ends with a block has that block computed again.
TEST(TraceRun, with_unlimited_memory_every_full_block_is_computed_once) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Workload workload = test::random_workload(seed, 12, 30);
    std::vector<bool> seen(12);
    int64_t last_ones = 0;
    for (const WorkloadRequest& request : workload.requests) {
      const bool whole = request.prompt_tokens % workload.block_tokens == 0;
      last_ones += whole && seen[static_cast<size_t>(request.blocks.back())] ? 1 : 0;
      for (size_t index = 0; index + (whole ? 0 : 1) < request.blocks.size(); ++index) {
        seen[static_cast<size_t>(request.blocks[index])] = true;
      }
    }
    const TraceRun result = run(workload, options_for(TracePolicy::fcfs, workload.unlimited_blocks));
    const TraceSummary summary = summarize(workload, result);
    EXPECT_EQ(summary.counts.evictions, 0);
    // In the step in which the owner of a block computes it, one that ends with that block does not wait for it.
    EXPECT_LE(summary.hit_blocks, ideal_hits(workload));
    EXPECT_GE(summary.hit_blocks, ideal_hits(workload) - last_ones) << "seed " << seed;
  }
}

TEST(TraceRun, the_same_seed_is_the_same_run) {
  const Workload workload = test::random_workload(7, 12, 60);
  const auto times = [&] {
    std::vector<int64_t> ended;
    for (const RequestOutcome& one : run(workload, options_for(TracePolicy::all, 16)).requests) {
      ended.push_back(one.ended_ns);
    }
    return ended;
  };
  EXPECT_EQ(times(), times());
}

TEST(TraceRun, a_request_that_could_never_fit_is_refused_and_the_others_are_not) {
  Workload workload = test::random_workload(3, 6, 10);
  workload.requests[4].generated_tokens = 1000;
  const TraceSummary summary = summarize(workload, run(workload, options_for(TracePolicy::all, 20)));
  EXPECT_EQ(summary.refused, 1);
  EXPECT_EQ(summary.ended, 9);
  EXPECT_TRUE(summary.each_ended_once);
}

TEST(TraceRun, bands_take_effect_where_the_policy_keeps_them) {
  trace::Trace trace;
  for (int32_t index = 0; index < 300; ++index) {
    trace.requests.push_back({.arrived_ns = index, .prompt_tokens = 40, .generated_tokens = 10});
  }
  const auto workload = make_workload(trace, {.block_tokens = 4});
  ASSERT_TRUE(workload) << workload.error().message;
  const auto wait = [&](TracePolicy policy) {
    return summarize(*workload, run(*workload, options_for(policy, workload->unlimited_blocks))).wait_ns[0].p90;
  };
  EXPECT_LT(wait(TracePolicy::priority), wait(TracePolicy::fcfs) / 2);
  EXPECT_LT(wait(TracePolicy::all), wait(TracePolicy::fcfs) / 2);
}

TEST(TraceSummary, jains_index_is_one_for_equals_and_one_nth_for_one_alone) {
  EXPECT_DOUBLE_EQ(jain_index({3, 3, 3}), 1);
  EXPECT_DOUBLE_EQ(jain_index({5, 0, 0, 0}), 0.25);
  EXPECT_DOUBLE_EQ(jain_index({1, 3}), 0.8);
  EXPECT_DOUBLE_EQ(jain_index({0, 0}), 1);
}

TEST(TraceSummary, shares_count_those_alone_who_always_had_requests_waiting) {
  Workload workload{.clients = 3, .requests = {{}}};
  workload.prompt_blocks = 1;
  TraceRun result{.requests = {{.ends = 1, .started_ns = 0, .first_token_ns = 1, .ended_ns = 2}}};
  // Client 1 and 2 wait, 3 does not; then 1 waits alone.
  result.windows.push_back({.service = {6, 0, 0, 1, 1, 0, 90, 0, 0},
                            .backlogged = {1, 0, 0, 1, 0, 0, 0, 0, 0},
                            .client_backlogged = {1, 1, 0}});
  result.windows.push_back({.service = {8, 0, 0, 0, 0, 0, 0, 0, 0},
                            .backlogged = {1, 0, 0, 0, 0, 0, 0, 0, 0},
                            .client_backlogged = {1, 0, 0}});
  const TraceSummary summary = summarize(workload, result);
  EXPECT_EQ(summary.contested_windows, 1);
  EXPECT_EQ(summary.share, (std::vector<double>{1.5, 0.5, -1}));
  EXPECT_DOUBLE_EQ(summary.share_ratio, 3);
  EXPECT_DOUBLE_EQ(summary.jain, 64.0 / (2 * 40));
  EXPECT_DOUBLE_EQ(summary.jain_in_bands, 49.0 / (2 * 37));
}

class Conversations : public testing::Test {
 protected:
  // The published trace, its times stretched to about nine tenths of what the machine of the default costs can do.
  Workload workload(int64_t requests_max) {
    const auto text = trace::read_trace_text(::quire::test::data_path("traces/mooncake-conversation.jsonl.zst").string());
    const auto trace = trace::parse_trace(text.value_or(""));
    const auto made =
        trace ? make_workload(*trace, {.requests_max = requests_max, .time_scale = 600, .token_scale = 32})
              : Result<Workload>(std::unexpected(trace.error()));
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(Workload{});
  }
  TraceSummary summary(const Workload& of, TracePolicy policy, int64_t blocks) {
    TraceRunOptions options{.policy = policy};
    options.limits.block_count = static_cast<int32_t>(blocks);
    const TraceSummary result = summarize(of, run(of, options));
    EXPECT_TRUE(result.each_ended_once);
    return result;
  }
};

// Of 288,500 prompt blocks 105,710 are not the first of their kind, 36.6 %.
TEST_F(Conversations, unlimited_memory_serves_99_percent_of_all_blocks_that_can_be_shared) {
  QUIRE_TEST_DATA_OR_SKIP(file, "traces/mooncake-conversation.jsonl.zst");
  const Workload all = workload(0);
  const int64_t ideal = all.prompt_blocks - all.distinct_blocks;
  EXPECT_EQ(ideal, 105710);
  EXPECT_GE(summary(all, TracePolicy::all, all.unlimited_blocks).hit_blocks, ideal * 99 / 100);
}

// The scheduler forgets what was let go first, LRU what came first; running requests keep theirs from it, and
// answers take room. It comes out within 3 % of LRU.
TEST_F(Conversations, little_memory_serves_what_lru_serves_at_the_throughput_of_first_come_first_served) {
  QUIRE_TEST_DATA_OR_SKIP(file, "traces/mooncake-conversation.jsonl.zst");
  const Workload some = workload(3000);
  for (const int64_t percent : {10, 30}) {
    const int64_t blocks = some.distinct_blocks * percent / 100;
    const TraceSummary fcfs = summary(some, TracePolicy::fcfs, blocks), all = summary(some, TracePolicy::all, blocks);
    for (const TraceSummary& one : {fcfs, all}) {
      EXPECT_GE(one.hit_blocks * 100, lru_hits(some, blocks) * 97) << percent;
      EXPECT_LE(one.hit_blocks, ideal_hits(some));
    }
    EXPECT_GE(all.tokens_per_s, 0.98 * fcfs.tokens_per_s) << percent;
  }
}

}  // namespace
}  // namespace quire::sim
