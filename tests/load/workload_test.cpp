#include "load/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "load/arrivals.h"

namespace quire::load {
namespace {

WorkloadSpec mixed(uint64_t seed) {
  WorkloadSpec spec{.seed = seed, .prompt_tokens = {20, 60}, .answer_tokens = {5, 40}, .turns = {1, 4}};
  spec.cancel_percent = 20;
  spec.slow_percent = 10;
  spec.shared_tokens = 30;
  spec.shared_percent = 50;
  spec.clients = {{.name = "a", .share = 3, .band = 1}, {.name = "b", .share = 1, .band = 6}};
  return spec;
}

TEST(Workload, is_a_function_of_the_seed_and_the_number) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const WorkloadSpec spec = mixed(seed);
    for (int64_t index = 0; index < 50; ++index) {
      ASSERT_EQ(conversation_at(spec, index), conversation_at(spec, index)) << "seed " << seed;
    }
    EXPECT_NE(conversation_at(spec, 0).text_seed, conversation_at(mixed(seed + 1), 0).text_seed) << "seed " << seed;
  }
}

TEST(Workload, has_the_lengths_and_shares_that_were_asked_for) {
  constexpr int64_t count = 4000;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const WorkloadSpec spec = mixed(seed);
    int64_t turns = 0, dropped = 0, slow = 0, shares = 0, of_a = 0;
    std::set<int32_t> prompts;
    for (int64_t index = 0; index < count; ++index) {
      const Conversation conversation = conversation_at(spec, index);
      ASSERT_GE(conversation.turns.size(), 1U);
      ASSERT_LE(conversation.turns.size(), 4U);
      shares += conversation.shares ? 1 : 0;
      of_a += conversation.client == 0 ? 1 : 0;
      for (const PlannedTurn& turn : conversation.turns) {
        ++turns;
        dropped += turn.drop_after >= 0 ? 1 : 0;
        slow += turn.slow ? 1 : 0;
        prompts.insert(turn.prompt_tokens);
        ASSERT_LT(turn.drop_after, turn.answer_tokens);
        ASSERT_TRUE(turn.answer_tokens >= 5 && turn.answer_tokens <= 40);
      }
    }
    // Five standard deviations of a share of so many draws are below 4 per cent.
    const auto percent = [](int64_t part, int64_t all) {
      return 100.0 * static_cast<double>(part) / static_cast<double>(all);
    };
    EXPECT_NEAR(percent(dropped, turns), 20, 4) << "seed " << seed;
    EXPECT_NEAR(percent(slow, turns), 8, 4) << "seed " << seed;  // a tenth of those that are not dropped
    EXPECT_NEAR(percent(shares, count), 50, 4) << "seed " << seed;
    EXPECT_NEAR(percent(of_a, count), 75, 4) << "seed " << seed;
    EXPECT_EQ(*prompts.begin(), 20);
    EXPECT_EQ(*prompts.rbegin(), 60);
  }
}

TEST(Workload, asks_the_same_again_where_few_conversations_are_different_but_drops_others) {
  WorkloadSpec spec = mixed(7);
  spec.distinct = 5;
  bool fault_differs = false;
  for (int64_t index = 0; index < 50; ++index) {
    const Conversation first = conversation_at(spec, index);
    const Conversation again = conversation_at(spec, index + 5);
    EXPECT_EQ(first.text_seed, again.text_seed);
    ASSERT_EQ(first.turns.size(), again.turns.size());
    for (size_t turn = 0; turn < first.turns.size(); ++turn) {
      EXPECT_EQ(first.turns[turn].answer_tokens, again.turns[turn].answer_tokens);
      fault_differs = fault_differs || first.turns[turn].drop_after != again.turns[turn].drop_after;
    }
  }
  EXPECT_TRUE(fault_differs);
}

int64_t word_count(const std::string& text) { return std::count(text.begin(), text.end(), ' ') + 1; }

TEST(Workload, texts_have_as_many_words_as_the_calibration_says) {
  WorkloadSpec spec;
  spec.prompt_tokens = {110, 110};
  const Calibration calibration{.tokens_per_word = 2, .overhead_tokens = 10};
  const Conversation conversation = conversation_at(spec, 3);
  EXPECT_EQ(word_count(text_of(conversation, 0, spec, calibration, 0)), 50);
  EXPECT_EQ(text_of(conversation, 0, spec, calibration, 0), text_of(conversation, 0, spec, calibration, 0));
  EXPECT_NE(text_of(conversation, 0, spec, calibration, 0), text_of(conversation_at(spec, 4), 0, spec, calibration, 0));
}

TEST(Workload, conversations_that_share_begin_with_the_same_text) {
  WorkloadSpec spec;
  spec.shared_tokens = 40;
  spec.prompt_tokens = {100, 100};
  const Calibration calibration{.tokens_per_word = 1, .overhead_tokens = 0};
  const std::string one = text_of(conversation_at(spec, 1), 0, spec, calibration, 0);
  const std::string other = text_of(conversation_at(spec, 2), 0, spec, calibration, 0);
  size_t same = 0;
  while (same < one.size() && same < other.size() && one[same] == other[same]) ++same;
  EXPECT_GE(word_count(one.substr(0, same)), 40);
  EXPECT_EQ(word_count(one), 100);
}

TEST(Workload, a_trace_keeps_its_times_lengths_and_shared_blocks) {
  const auto trace = trace::parse_trace(
      "{\"timestamp\": 0, \"input_length\": 1025, \"output_length\": 50, \"hash_ids\": [0, 71, 2]}\n"
      "{\"timestamp\": 1500, \"input_length\": 1024, \"output_length\": 7, \"hash_ids\": [0, 9]}\n");
  ASSERT_TRUE(trace);
  const WorkloadSpec spec;
  const auto replay = replay_of(*trace, {.time_scale = 0.5, .token_scale = 16}, spec);
  ASSERT_TRUE(replay) << replay.error().message;
  EXPECT_EQ(replay->due_ns, (std::vector<int64_t>{0, 750'000'000}));
  EXPECT_EQ(replay->block_tokens, 32);
  ASSERT_EQ(replay->conversations.size(), 2U);
  EXPECT_EQ(replay->conversations[0].turns[0].prompt_tokens, 65);
  EXPECT_EQ(replay->conversations[0].turns[0].answer_tokens, 4);
  const Calibration calibration{.tokens_per_word = 1, .overhead_tokens = 0};
  const std::string one = text_of(replay->conversations[0], 0, spec, calibration, replay->block_tokens);
  const std::string other = text_of(replay->conversations[1], 0, spec, calibration, replay->block_tokens);
  size_t same = 0;
  while (same < one.size() && same < other.size() && one[same] == other[same]) ++same;
  EXPECT_GE(word_count(one.substr(0, same)), 32);
  EXPECT_LT(word_count(one.substr(0, same)), 40);
  EXPECT_FALSE(replay_of(*trace, {.time_scale = -1}, spec));
  EXPECT_FALSE(replay_of(*trace, {.token_scale = 0}, spec));
}

TEST(Workload, values_out_of_range_are_refused_by_name) {
  WorkloadSpec spec;
  spec.prompt_tokens = {5, 2};
  EXPECT_NE(check(spec).error().message.find("tokens of a prompt"), std::string::npos);
  spec = {};
  spec.cancel_percent = 101;
  EXPECT_FALSE(check(spec));
  spec = {};
  spec.clients = {{.name = "x", .share = 1, .band = 8}};
  EXPECT_FALSE(check(spec));
}

// Mean and variance of the gaps of a process of rate 1, over a stretch of time.
TEST(Arrivals, have_the_rate_and_the_burstiness_that_were_asked_for) {
  for (const double shape : {0.25, 1.0, 4.0}) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      const ArrivalSpec spec{.rate = 50, .rate_end = 50, .shape = shape, .duration_ns = 400'000'000'000};
      const std::vector<int64_t> times = arrival_times(spec, seed);
      ASSERT_EQ(times, arrival_times(spec, seed));
      ASSERT_TRUE(std::ranges::is_sorted(times));
      double sum = 0, squares = 0;
      for (size_t index = 1; index < times.size(); ++index) {
        const double gap = static_cast<double>(times[index] - times[index - 1]) / 1e9 * 50;
        sum += gap;
        squares += gap * gap;
      }
      const auto count = static_cast<double>(times.size() - 1);
      const double mean = sum / count, variance = squares / count - mean * mean;
      // 20,000 gaps of variance 1 / shape: five standard deviations of the mean are below 0.071 (shape 0.25).
      EXPECT_NEAR(mean, 1, 0.075) << "shape " << shape << " seed " << seed;
      EXPECT_NEAR(variance * shape, 1, 0.25) << "shape " << shape << " seed " << seed;
    }
  }
}

TEST(Arrivals, of_a_ramp_grow_with_the_rate) {
  const ArrivalSpec spec{.rate = 0, .rate_end = 100, .shape = 1, .duration_ns = 200'000'000'000};
  const std::vector<int64_t> times = arrival_times(spec, 3);
  EXPECT_NEAR(static_cast<double>(times.size()), 10'000, 500);
  // A quarter of them come in the first half.
  const auto early = std::ranges::lower_bound(times, 100'000'000'000) - times.begin();
  EXPECT_NEAR(static_cast<double>(early), 2500, 250);
  const ArrivalSpec down{.rate = 100, .rate_end = 0, .shape = 1, .duration_ns = 200'000'000'000};
  EXPECT_NEAR(static_cast<double>(arrival_times(down, 3).size()), 10'000, 500);
}

TEST(Arrivals, of_no_rate_or_no_time_are_refused) {
  for (const ArrivalSpec& spec : {ArrivalSpec{.rate = 0, .rate_end = 0, .duration_ns = 1},
                                  ArrivalSpec{.rate = -1, .rate_end = 2, .duration_ns = 1},
                                  ArrivalSpec{.rate = 1e9, .rate_end = 1, .duration_ns = 1},
                                  ArrivalSpec{.duration_ns = 0}, ArrivalSpec{.shape = 0, .duration_ns = 1}}) {
    EXPECT_FALSE(check(spec));
  }
}

}  // namespace
}  // namespace quire::load
