// What the engine counts: each request once, each token once, by its own clock.
#include "engine/engine_totals.h"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/engine.h"
#include "engine/world.h"
#include "metrics/counts.h"

namespace quire::test {
namespace {

constexpr int64_t ms = 1'000'000;

// A step is a millisecond of the world's clock.
class EngineTotalsTest : public testing::Test {
 protected:
  static Limits limits() {
    return {.block_tokens = 32,
            .block_count = 64,
            .context_tokens = 256,
            .running_max = 16,
            .queue_max = 3,
            .step_tokens_max = 64};
  }
  Request request(uint64_t id, int32_t prompt_tokens, int32_t generated_max, uint8_t band = 3) const {
    Request result{.id = {id},
                   .prompt = std::vector<TokenId>(static_cast<size_t>(prompt_tokens), 7),
                   .generated_max = generated_max};
    result.priority = band;
    result.ignore_eos = true;
    result.arrived_ns = world_.now_ns();
    return result;
  }
  EngineTotals totals() { return world_.engine().snapshot().totals; }
  static int64_t finished(const EngineTotals& totals, FinishReason reason) {
    return totals.finished[static_cast<size_t>(reason)];
  }

  LoadedModel loaded_{tiny_model(), *supported_kernel_tables().back(), 1};
  World world_{loaded_, loaded_.cores, limits()};
};

TEST_F(EngineTotalsTest, one_request_is_timed_on_the_engines_clock) {
  world_.engine().submit(request(1, 5, 4));
  world_.run();
  const EngineTotals counted = totals();
  EXPECT_EQ(finished(counted, FinishReason::length), 1);
  EXPECT_EQ(counted.prompt_tokens, 5);
  EXPECT_EQ(counted.prefix_query_tokens, 5);
  EXPECT_EQ(counted.prompt_rows_computed, 5);
  EXPECT_EQ(counted.generated_tokens, 4);
  EXPECT_EQ(counted.submitted[3], 1);
  // Planned in the first step, which begins a millisecond after it arrived; a token in each of four steps.
  EXPECT_EQ(counted.queue_time[3].sum(), 1 * ms);
  EXPECT_EQ(counted.first_token_time[3].sum(), 1 * ms);
  EXPECT_EQ(counted.prefill_time.count(), 1);
  EXPECT_EQ(counted.token_gap.count(), 3);
  EXPECT_EQ(counted.token_gap.sum(), 3 * ms);
  EXPECT_EQ(counted.decode_time.sum(), 3 * ms);
  EXPECT_EQ(counted.request_time.sum(), 4 * ms);
  EXPECT_EQ(counted.prompt_lengths.sum(), 5);
  EXPECT_EQ(counted.answer_lengths.sum(), 4);
  EXPECT_EQ(counted.step_time.count(), 4);
  EXPECT_EQ(counted.step_rows.sum(), 5 + 3);
}

TEST_F(EngineTotalsTest, guesses_are_rows_of_their_steps) {
  World world(loaded_, loaded_.cores, limits(),
              std::make_unique<FunctionDrafter>([](DraftPlace& place) { place.guesses.assign(3, TokenId{9}); }));
  world.engine().submit(request(1, 5, 12));
  world.run();
  const EngineTotals counted = world.engine().snapshot().totals;
  EXPECT_EQ(counted.generated_tokens, 12);
  ASSERT_GT(counted.draft_tokens, counted.accepted_tokens);
  // Each token but the last is a row, which was a guess where that was right.
  EXPECT_EQ(counted.step_rows.sum(), 5 + 11 - counted.accepted_tokens + counted.draft_tokens);
}

TEST_F(EngineTotalsTest, an_answer_that_was_given_before_is_guessed) {
  World world(loaded_, loaded_.cores, limits(), lookup_drafter());
  const auto accepted_of = [&](uint64_t id, uint64_t salt) {
    Request asked = request(id, 5, 40);
    asked.sampling = {.temperature = 1.5F, .seed = 3};
    asked.cache_salt = salt;
    world.engine().submit(std::move(asked));
    world.run();
    return world.answers().at({id}).finished.stats.accepted_tokens;
  };
  const int64_t at_first = accepted_of(1, 0);
  const int64_t again = accepted_of(2, 0);
  EXPECT_GT(again, at_first + 8);
  EXPECT_EQ(world.answers().at({1}).tokens, world.answers().at({2}).tokens);
  EXPECT_LT(accepted_of(3, 7) + 8, again) << "nobody of its salt said it";
}

TEST_F(EngineTotalsTest, waits_are_counted_in_the_band_that_was_asked_for) {
  world_.engine().submit(request(1, 5, 2, 0));
  world_.engine().submit(request(2, 6, 2, 7));
  world_.run();
  const EngineTotals counted = totals();
  for (size_t band = 0; band < band_count; ++band) {
    const int64_t expected = band == 0 || band == 7 ? 1 : 0;
    EXPECT_EQ(counted.queue_time[band].count(), expected) << band;
    EXPECT_EQ(counted.first_token_time[band].count(), expected) << band;
    EXPECT_EQ(counted.submitted[band], expected) << band;
  }
}

TEST_F(EngineTotalsTest, states_are_shown_by_band) {
  world_.engine().submit(request(1, 5, 20, 1));
  world_.step();
  world_.engine().submit(request(2, 5, 20, 6));
  const SchedulerCounts counts = world_.engine().snapshot().scheduler;
  EXPECT_EQ(counts.bands[1].running, 1);
  EXPECT_EQ(counts.bands[6].waiting, 1);
  EXPECT_EQ(counts.bands[1].waiting + counts.bands[6].running + counts.bands[3].waiting, 0);
}

TEST_F(EngineTotalsTest, every_way_to_end_is_counted_once) {
  world_.engine().submit(request(1, 5, 50));
  world_.step();
  Request late = request(2, 5, 50);
  late.queue_deadline_ns = world_.now_ns();
  world_.engine().submit(std::move(late));     // its deadline passes in the queue
  world_.engine().submit(request(3, 5, 0));    // nothing asked
  world_.engine().submit(request(4, 300, 1));  // longer than the context
  world_.step();
  world_.engine().cancel({1});
  for (uint64_t id = 10; id < 15; ++id) world_.engine().submit(request(id, 5, 1));  // the queue holds three
  world_.run();
  const EngineTotals counted = totals();
  EXPECT_EQ(finished(counted, FinishReason::cancelled), 1);
  EXPECT_EQ(finished(counted, FinishReason::deadline), 1);
  EXPECT_EQ(finished(counted, FinishReason::length), 1 + 3);
  EXPECT_EQ(finished(counted, FinishReason::error), 0);
  EXPECT_EQ(counted.refused, 1 + 2);
  const int64_t ended = std::accumulate(counted.finished.begin(), counted.finished.end(), int64_t{0});
  EXPECT_EQ(ended + counted.refused, counted.submitted[3]);
  EXPECT_EQ(counted.request_time.count(), ended);
  EXPECT_EQ(counted.prompt_lengths.count(), ended);
  EXPECT_EQ(counted.answer_lengths.count(), ended);
  // All that were in the queue have left it: not the one that asked for nothing.
  EXPECT_EQ(counted.queue_time[3].count(), ended - 1);
  // The cancelled one had two tokens, those with one token have no gap.
  EXPECT_EQ(counted.first_token_time[3].count(), 4);
  EXPECT_EQ(counted.decode_time.count(), 4);
  EXPECT_EQ(counted.token_gap.count(), counted.generated_tokens - 4);
}

TEST_F(EngineTotalsTest, a_failed_request_is_an_error_and_no_refusal) {
  Request outside = request(1, 5, 4);
  outside.prompt[2] = 1 << 20;
  world_.engine().submit(std::move(outside));
  world_.run();
  EXPECT_EQ(finished(totals(), FinishReason::error), 1);
  EXPECT_EQ(totals().refused, 0);
  EXPECT_EQ(totals().queue_time[3].count(), 1);
}

TEST_F(EngineTotalsTest, a_shared_prefix_is_a_hit_of_what_was_asked) {
  world_.engine().submit(request(1, 70, 1));
  world_.run();
  world_.engine().submit(request(2, 70, 1));
  Request apart = request(3, 70, 1);
  apart.use_cache = false;
  world_.engine().submit(std::move(apart));
  world_.run();
  const EngineTotals counted = totals();
  EXPECT_EQ(counted.prompt_tokens, 210);
  EXPECT_EQ(counted.prefix_query_tokens, 140);
  EXPECT_EQ(counted.prefix_hit_tokens, 64);
  EXPECT_EQ(counted.prompt_rows_computed, 210 - 64);
}

TEST_F(EngineTotalsTest, blocks_that_several_hold_are_shared) {
  world_.engine().submit(request(1, 70, 1));
  world_.run();
  world_.engine().submit(request(2, 70, 20));
  world_.engine().submit(request(3, 70, 20));
  world_.step();
  const SchedulerCounts counts = world_.engine().snapshot().scheduler;
  EXPECT_EQ(counts.blocks_shared, 2);
  EXPECT_EQ(counts.blocks_held, 4);
}

TEST(EngineTotals, add_up_as_plain_numbers) {
  EngineTotals sum, more;
  more.slow_steps = 3;
  more.submitted[7] = 2;
  more.queue_time[1].observe(5);
  add_counts(sum, more);
  add_counts(sum, more);
  EXPECT_EQ(sum.slow_steps, 6);
  EXPECT_EQ(sum.submitted[7], 4);
  EXPECT_EQ(sum.queue_time[1].count(), 2);
}

}  // namespace
}  // namespace quire::test
