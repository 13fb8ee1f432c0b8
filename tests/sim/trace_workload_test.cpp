#include "sim/trace_workload.h"

#include <gtest/gtest.h>

namespace quire::sim {
namespace {

trace::Trace conversations() {
  return {.block_tokens = 512,
          .block_count = 4,
          .requests = {{.arrived_ns = 0, .prompt_tokens = 1100, .generated_tokens = 33, .blocks = {0, 1, 2}},
                       {.arrived_ns = 1000, .prompt_tokens = 1535, .generated_tokens = 1, .blocks = {0, 1, 3}},
                       {.arrived_ns = 2000, .prompt_tokens = 1024, .generated_tokens = 64, .blocks = {0, 1}}}};
}

trace::Trace lengths(int32_t count) {
  trace::Trace trace;
  for (int32_t index = 0; index < count; ++index) {
    trace.requests.push_back({.arrived_ns = index, .prompt_tokens = 100 + index, .generated_tokens = 10});
  }
  return trace;
}

TEST(TraceWorkload, scaled_blocks_stay_whole_and_partial_ones_partial) {
  const auto workload = make_workload(conversations(), {.time_scale = 2.5, .token_scale = 32});
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ(workload->block_tokens, 16);
  EXPECT_EQ(workload->requests[0].prompt_tokens, 2 * 16 + 3);   // 76 tokens are 2.4 times 32
  EXPECT_EQ(workload->requests[1].prompt_tokens, 2 * 16 + 15);  // 511 tokens are no whole block
  EXPECT_EQ(workload->requests[2].prompt_tokens, 2 * 16);
  EXPECT_EQ(workload->requests[0].generated_tokens, 2);
  EXPECT_EQ(workload->requests[1].generated_tokens, 1);
  EXPECT_EQ(workload->requests[1].arrived_ns, 2500);
  EXPECT_EQ(workload->prompt_blocks, 8);
  EXPECT_EQ(workload->distinct_blocks, 4);
}

TEST(TraceWorkload, equal_blocks_have_equal_tokens_and_others_differ) {
  const auto workload = make_workload(conversations(), {.token_scale = 32});
  ASSERT_TRUE(workload) << workload.error().message;
  const auto a = prompt_of(*workload, 0), b = prompt_of(*workload, 1);
  EXPECT_EQ(a.size(), 35U);
  EXPECT_TRUE(std::equal(a.begin(), a.begin() + 32, b.begin()));
  EXPECT_NE(a[32], b[32]);
  EXPECT_NE(a[0], a[16]);
}

TEST(TraceWorkload, without_blocks_prompts_share_nothing) {
  const auto workload = make_workload(lengths(2), {.token_scale = 3, .block_tokens = 8});
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ(workload->requests[0].prompt_tokens, 34);
  EXPECT_NE(prompt_of(*workload, 0)[0], prompt_of(*workload, 1)[0]);
  EXPECT_EQ(workload->prompt_blocks, 10);
  EXPECT_EQ(workload->distinct_blocks, 10);
}

TEST(TraceWorkload, clients_and_bands_are_of_a_conversation_and_follow_the_seed) {
  const auto one = make_workload(conversations(), {.seed = 1});
  ASSERT_TRUE(one) << one.error().message;
  for (const WorkloadRequest& request : one->requests) {
    EXPECT_EQ(request.client, one->requests[0].client);
    EXPECT_EQ(request.band, one->requests[0].band);
  }
  const auto first = make_workload(lengths(1000), {.seed = 1}), again = make_workload(lengths(1000), {.seed = 1});
  const auto other = make_workload(lengths(1000), {.seed = 2});
  ASSERT_TRUE(first && again && other);
  int differing = 0;
  for (size_t index = 0; index < 1000; ++index) {
    EXPECT_EQ(first->requests[index].client, again->requests[index].client);
    EXPECT_EQ(first->requests[index].band, again->requests[index].band);
    differing += first->requests[index].client != other->requests[index].client ? 1 : 0;
  }
  EXPECT_GT(differing, 100);
}

TEST(TraceWorkload, shares_are_those_that_are_stated) {
  constexpr int32_t count = 20000;
  const auto workload = make_workload(lengths(count), {.clients = 4});
  ASSERT_TRUE(workload) << workload.error().message;
  std::vector<int> clients(4), bands(workload_band_count);
  for (const WorkloadRequest& request : workload->requests) {
    ++clients[static_cast<size_t>(request.client)];
    ++bands[static_cast<size_t>(request.band)];
  }
  // Five standard deviations of a binomial share, sqrt(p (1 - p) / 20000) <= 0.0036.
  constexpr double tolerance = 0.018;
  for (size_t client = 0; client < 4; ++client) {
    const double share = 12.0 / 25 / static_cast<double>(client + 1);  // 1 + 1/2 + 1/3 + 1/4 = 25/12
    EXPECT_NEAR(clients[client] / double{count}, share, tolerance) << client;
  }
  for (size_t band = 0; band < workload_band_count; ++band) {
    EXPECT_NEAR(bands[band] / double{count}, workload_bands[band].percent / 100.0, tolerance) << band;
  }
}

TEST(TraceWorkload, the_first_requests_alone_are_counted) {
  const auto workload = make_workload(conversations(), {.requests_max = 2});
  ASSERT_TRUE(workload) << workload.error().message;
  EXPECT_EQ(workload->requests.size(), 2U);
  EXPECT_EQ(workload->prompt_tokens, 1100 + 1535);
  EXPECT_EQ(workload->distinct_blocks, 4);
}

TEST(TraceWorkload, scales_that_make_no_sense_are_refused) {
  EXPECT_FALSE(make_workload(conversations(), {.token_scale = 3}));
  EXPECT_FALSE(make_workload(conversations(), {.token_scale = 512}));
  EXPECT_FALSE(make_workload(conversations(), {.token_scale = 0}));
  EXPECT_FALSE(make_workload(conversations(), {.time_scale = -1}));
  EXPECT_FALSE(make_workload(conversations(), {.time_scale = 1e9}));
  EXPECT_FALSE(make_workload(conversations(), {.requests_max = -1}));
  EXPECT_FALSE(make_workload(conversations(), {.clients = 0}));
}

}  // namespace
}  // namespace quire::sim
