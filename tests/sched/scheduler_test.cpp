#include "sched/scheduler.h"

#include <gtest/gtest.h>

#include "driver.h"

namespace quire::test {
namespace {

TEST(Scheduler, a_request_goes_from_prompt_to_answer_and_leaves_nothing_held) {
  Driver driver(limits_of(4, 8));
  driver.admit(1, tokens_from(0, 10), 3);
  const auto prefill = driver.step();
  ASSERT_EQ(prefill.size(), 1U);
  EXPECT_EQ(prefill[0].begin, 0);
  EXPECT_EQ(prefill[0].end, 10);
  EXPECT_TRUE(prefill[0].samples);
  const auto decode = driver.step();
  EXPECT_EQ(decode[0].begin, 10);
  EXPECT_EQ(decode[0].end, 11);
  driver.step();
  EXPECT_EQ(driver.state(1), SequenceState::finished);
  EXPECT_TRUE(driver.step().empty());
  EXPECT_EQ(driver.scheduler.counts().blocks_held, 0);
  EXPECT_EQ(driver.scheduler.counts().blocks_cached, 3) << "12 rows were computed";
}

TEST(Scheduler, blocks_with_a_new_owner_are_named_once) {
  Driver driver(limits_of(4, 8));
  driver.admit(1, tokens_from(0, 10), 3);
  driver.step();
  EXPECT_EQ(driver.scheduler.fresh_blocks().size(), 3U);
  driver.step();
  EXPECT_TRUE(driver.scheduler.fresh_blocks().empty()) << "its third block has room";
  driver.step();
  EXPECT_TRUE(driver.scheduler.fresh_blocks().empty());
  driver.admit(2, tokens_from(0, 10), 3);  // two blocks are adopted, one is new
  driver.step();
  EXPECT_EQ(driver.scheduler.fresh_blocks().size(), 1U);
}

TEST(Scheduler, a_full_queue_refuses_with_the_text_clients_know) {
  Limits limits = limits_of(4, 8);
  limits.queue_max = 2;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 4), 1);
  driver.admit(2, tokens_from(0, 4), 1);
  const Result<void> refused = driver.scheduler.admit(driver.demand(3, tokens_from(0, 4), 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
  EXPECT_EQ(refused.error().message, "server busy, please try again.  maximum pending requests exceeded");
}

TEST(Scheduler, a_request_that_could_never_fit_is_refused_saying_what_it_needs_and_what_there_is) {
  Driver driver(limits_of(4, 8));
  const Result<void> refused = driver.scheduler.admit(driver.demand(1, tokens_from(0, 20), 13));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::too_large);
  EXPECT_NE(refused.error().message.find("needs 9 KV blocks of 4 tokens"), std::string::npos)
      << refused.error().message;
  EXPECT_NE(refused.error().message.find("there are 8"), std::string::npos);
  driver.admit(2, tokens_from(0, 20), 12);  // exactly the pool
  driver.run();
}

TEST(Scheduler, decoding_streams_come_before_prompts_and_prompts_share_what_is_left) {
  Limits limits = limits_of(4, 64, 8, 9);
  limits.prompt_rows_min = 8;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 4), 20);
  driver.step();
  driver.admit(2, tokens_from(1000, 40), 1);
  driver.admit(3, tokens_from(2000, 40), 1);
  driver.admit(4, tokens_from(3000, 2), 1);
  const auto slices = driver.step();
  ASSERT_EQ(slices.size(), 4U);
  EXPECT_EQ(slices[0].sequence, SequenceId{1});
  EXPECT_EQ(slice_of(slices, 1)->end - slice_of(slices, 1)->begin, 1);
  EXPECT_EQ(slice_of(slices, 2)->end, 3);
  EXPECT_EQ(slice_of(slices, 3)->end, 3);
  EXPECT_EQ(slice_of(slices, 4)->end, 2);
}

// The stall that other servers have: here each running stream gets its token in each step of the long prompt.
TEST(Scheduler, every_running_stream_advances_at_each_step_while_a_prompt_of_1500_tokens_comes_in) {
  Driver driver(limits_of(32, 256, 8, 64));
  for (uint64_t id = 1; id <= 4; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(id * 1000), 20), 200);
  for (int step = 0; step < 3; ++step) driver.step();  // the last of them has streams alone
  driver.admit(9, tokens_from(50000, 1500), 4);
  int prompt_steps = 0;
  for (bool sampled = false; !sampled; ++prompt_steps) {
    const auto slices = driver.step();
    for (uint64_t id = 1; id <= 4; ++id) {
      const Slice* slice = slice_of(slices, id);
      ASSERT_NE(slice, nullptr) << "stream " << id << " stalls in step " << prompt_steps;
      ASSERT_TRUE(slice->samples);
    }
    ASSERT_NE(slice_of(slices, 9), nullptr);
    sampled = slice_of(slices, 9)->samples;
  }
  EXPECT_EQ(prompt_steps, 25) << "1500 tokens in slices of 60";
}

TEST(Scheduler, tokens_that_are_forced_enter_the_next_step_as_one_slice) {
  Driver driver(limits_of(4, 8));
  driver.forced[1] = 5;
  driver.admit(1, tokens_from(0, 3), 9);
  driver.step();
  EXPECT_EQ(driver.scheduler.find({1})->length(), 9);
  const auto second = driver.step();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].begin, 3);
  EXPECT_EQ(second[0].end, 9);
  EXPECT_TRUE(second[0].samples) << "the last of its rows chooses";
  EXPECT_EQ(driver.state(1), SequenceState::finished) << "three more tokens were all that fitted";
  EXPECT_EQ(driver.scheduler.counts().blocks_cached, 2);
}

TEST(Scheduler, a_stream_of_which_more_is_known_goes_on_beside_prompts_and_holds_them_up_for_nothing) {
  Driver driver(limits_of(4, 64, 8, 16));
  driver.forced[1] = 7;
  driver.admit(1, tokens_from(0, 3), 60);
  driver.step();
  driver.admit(2, tokens_from(1000, 30), 1);
  const auto slices = driver.step_costing(1'000'000, 1'000'000);
  ASSERT_EQ(slices.size(), 2U);
  EXPECT_EQ(slices[0].end - slices[0].begin, 8) << "all of it: no other stream has to wait";
  EXPECT_GE(slice_of(slices, 2)->end, 4) << "what a prompt gets beside a stream";
  // However many prompts there are, it goes on.
  for (uint64_t id = 3; id <= 7; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(1000 * id), 30), 1);
  for (int step = 0; step < 4; ++step) {
    const auto crowded = driver.step_costing(1'000'000, 1'000'000);
    ASSERT_NE(slice_of(crowded, 1), nullptr) << step;
  }
}

TEST(Scheduler, what_a_stream_has_lost_is_computed_as_a_prompt_is) {
  Limits limits = limits_of(4, 32, 8, 64);
  limits.parallel_adapts = false;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 1), 62);
  driver.admit(2, tokens_from(500, 1), 50);
  for (int step = 0; step < 6; ++step) driver.step_costing(32'000'000, 1'000'000);
  driver.admit(3, tokens_from(9000, 30), 1);
  while (driver.state(3) != SequenceState::finished) driver.step_costing(32'000'000, 1'000'000);
  while (driver.scheduler.find({2})->length() < 34) driver.step_costing(32'000'000, 1'000'000);
  driver.scheduler.set_block_limit(16);
  driver.step_costing(32'000'000, 1'000'000);
  ASSERT_EQ(driver.state(2), SequenceState::parked);
  for (int step = 0; step < 16; ++step) driver.step_costing(32'000'000, 1'000'000);
  driver.scheduler.set_block_limit(32);
  const auto slices = driver.step_costing(32'000'000, 1'000'000);
  const Slice* resumed = slice_of(slices, 2);
  ASSERT_NE(resumed, nullptr);
  EXPECT_GE(resumed->begin, 1);
  EXPECT_GE(resumed->end - resumed->begin, 12) << "where what is known of it would be two rows";
}

TEST(Scheduler, what_is_known_of_a_more_urgent_stream_parks_nobody) {
  Driver driver(limits_of(4, 64, 8, 8));
  driver.forced[1] = 15;
  SequenceDemand urgent = driver.demand(1, tokens_from(0, 1), 60);
  urgent.priority = 0;
  ASSERT_TRUE(driver.scheduler.admit(std::move(urgent)));
  driver.admit(2, tokens_from(500, 1), 60);
  driver.step();
  ASSERT_EQ(driver.scheduler.find({1})->length(), 17) << "more than a step has rows";
  for (int step = 0; step < 2; ++step) {
    const auto slices = driver.step();
    ASSERT_EQ(slices.size(), 2U);
    EXPECT_EQ(driver.last_rows, 8);
  }
  EXPECT_EQ(driver.scheduler.counts().preemptions, 0);
}

TEST(Scheduler, what_is_known_of_streams_beside_others_takes_a_sixteenth_of_their_step) {
  Limits limits = limits_of(4, 256, 32, 64);
  limits.parallel_adapts = false;
  Driver driver(limits);
  for (uint64_t id = 1; id <= 20; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(100 * id), 1), 40);
  // A step takes 32 ms, and a row more of a prompt 1 ms.
  for (int step = 0; step < 6; ++step) driver.step_costing(32'000'000, 1'000'000);
  driver.admit(21, tokens_from(9000, 30), 1);
  for (int step = 0; step < 4; ++step) driver.step_costing(32'000'000, 1'000'000);
  ASSERT_EQ(driver.state(21), SequenceState::finished);
  for (const uint64_t id : {22, 23}) {
    driver.forced[id] = 9;
    driver.admit(id, tokens_from(static_cast<TokenId>(100 * id), 1), 40);
  }
  driver.step_costing(32'000'000, 1'000'000);
  const auto slices = driver.step_costing(32'000'000, 1'000'000);
  ASSERT_EQ(slices.size(), 22U) << "each has its row";
  EXPECT_EQ(driver.last_rows, 24) << "and two more are for both";
  EXPECT_EQ(slice_of(slices, 22)->end - slice_of(slices, 22)->begin, 2);
  EXPECT_EQ(slice_of(slices, 23)->end - slice_of(slices, 23)->begin, 2);
}

TEST(Scheduler, equal_prompts_that_arrive_together_are_computed_once) {
  Driver driver(limits_of(4, 64, 8, 16));
  for (uint64_t id = 1; id <= 6; ++id) driver.admit(id, tokens_from(0, 41), 1);
  driver.run();
  EXPECT_EQ(driver.rows_computed, 40 + 6) << "ten shared blocks once, and each one's last token";
  EXPECT_EQ(driver.scheduler.counts().prefix_hit_tokens, 5 * 40);
  EXPECT_EQ(driver.scheduler.counts().blocks_cached, 10) << "memory is counted once";
}

TEST(Scheduler, the_last_token_is_computed_even_if_all_of_the_prompt_is_cached) {
  Driver driver(limits_of(4, 8));
  driver.admit(1, tokens_from(0, 8), 1);
  driver.run();
  driver.admit(2, tokens_from(0, 8), 1);
  const auto slices = driver.step();
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].begin, 4);
  EXPECT_EQ(slices[0].end, 8);
}

TEST(Scheduler, salts_keep_tenants_apart) {
  Driver driver(limits_of(4, 16));
  driver.admit(1, tokens_from(0, 9), 1);
  driver.run();
  SequenceDemand other = driver.demand(2, tokens_from(0, 9), 1);
  other.cache_salt = 7;
  ASSERT_TRUE(driver.scheduler.admit(other));
  EXPECT_EQ(driver.step()[0].begin, 0);
}

TEST(Scheduler, a_request_that_asks_not_to_use_the_cache_computes_its_prompt) {
  Driver driver(limits_of(4, 16));
  driver.admit(1, tokens_from(0, 9), 1);
  driver.run();
  SequenceDemand other = driver.demand(2, tokens_from(0, 9), 1);
  other.use_cache = false;
  ASSERT_TRUE(driver.scheduler.admit(other));
  EXPECT_EQ(driver.step()[0].begin, 0);
}

// The next turn of a chat. Where prompt rows differ, rows that were made as an answer are none.
TEST(Scheduler, the_next_turn_is_served_from_the_answer_but_where_prompt_rows_differ) {
  for (const bool differ : {false, true}) {
    Limits limits = limits_of(4, 16);
    limits.prompt_rows_differ = differ;
    Driver driver(limits);
    driver.admit(1, tokens_from(0, 8), 9);
    std::vector<TokenId> timeline;
    while (driver.state(1) != SequenceState::finished) {
      timeline = driver.scheduler.find({1})->tokens;
      driver.step();
    }
    ASSERT_EQ(timeline.size(), 16U);
    timeline.push_back(5);
    driver.admit(2, timeline, 1);
    EXPECT_EQ(driver.step()[0].begin, differ ? 8 : 16);
  }
}

TEST(Scheduler, under_pressure_the_latest_is_parked_and_nothing_is_lost) {
  Driver driver(limits_of(1, 24, 4, 8));
  driver.admit(1, tokens_from(0, 4), 16);
  driver.admit(2, tokens_from(100, 4), 16);
  bool second_parked = false;
  while (driver.state(1) != SequenceState::finished) {
    driver.step();
    second_parked = second_parked || driver.state(2) == SequenceState::parked;
    EXPECT_NE(driver.state(1), SequenceState::parked);
  }
  // With growth kept back for both, the second may have waited instead.
  driver.run();
  EXPECT_EQ(driver.state(2), SequenceState::finished);
  EXPECT_EQ(driver.scheduler.counts().blocks_held, 0);
}

TEST(Scheduler, an_urgent_request_takes_the_place_of_the_lowest_running_one_which_keeps_its_blocks) {
  Driver driver(limits_of(4, 64, 2, 16));
  driver.admit(1, tokens_from(0, 6), 10);
  driver.admit(2, tokens_from(100, 6), 10);
  driver.step();
  SequenceDemand urgent = driver.demand(3, tokens_from(200, 6), 2);
  urgent.priority = 0;
  ASSERT_TRUE(driver.scheduler.admit(urgent));
  const auto slices = driver.step();
  EXPECT_NE(slice_of(slices, 3), nullptr);
  EXPECT_NE(slice_of(slices, 1), nullptr);
  EXPECT_EQ(slice_of(slices, 2), nullptr);
  EXPECT_EQ(driver.state(2), SequenceState::parked);
  EXPECT_EQ(driver.scheduler.find({2})->computed, 6);
  driver.step();
  EXPECT_EQ(driver.state(3), SequenceState::finished);
  const auto resumed = driver.step();
  ASSERT_NE(slice_of(resumed, 2), nullptr);
  EXPECT_EQ(slice_of(resumed, 2)->begin, 6) << "nothing is computed again while memory allows";
  EXPECT_EQ(driver.scheduler.find({2})->preemptions, 1);
  driver.run();
}

TEST(Scheduler, an_equal_never_takes_a_running_ones_place) {
  Driver driver(limits_of(4, 64, 1, 16));
  driver.admit(5, tokens_from(0, 6), 4);
  driver.step();
  driver.admit(2, tokens_from(100, 6), 4);  // it had arrived before, and came in late
  driver.step();
  EXPECT_EQ(driver.state(5), SequenceState::running);
  EXPECT_EQ(driver.state(2), SequenceState::waiting);
}

TEST(Scheduler, an_aged_one_never_takes_an_equals_place) {
  Limits limits = limits_of(4, 64, 1, 16);
  limits.ageing_steps = 3;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 6), 30);
  driver.step();
  driver.admit(2, tokens_from(100, 6), 4);
  for (int step = 0; step < 20; ++step) {  // long enough to be aged by all bands
    driver.step();
    ASSERT_EQ(driver.state(1), SequenceState::running) << step;
  }
  driver.run();
}

TEST(Scheduler, a_cancel_returns_the_blocks_before_the_next_plan) {
  Driver driver(limits_of(4, 16, 1, 16));
  driver.admit(1, tokens_from(0, 10), 4);
  driver.admit(2, tokens_from(100, 10), 4);
  driver.step();
  EXPECT_TRUE(driver.scheduler.cancel({2})) << "waiting";
  EXPECT_TRUE(driver.scheduler.cancel({1})) << "running";
  EXPECT_FALSE(driver.scheduler.cancel({1})) << "gone";
  EXPECT_FALSE(driver.scheduler.cancel({77})) << "never there";
  EXPECT_EQ(driver.scheduler.counts().blocks_held, 0);
  EXPECT_TRUE(driver.step().empty());
}

TEST(Scheduler, a_failed_slice_ends_its_sequence_and_shares_nothing) {
  Driver driver(limits_of(4, 16));
  driver.admit(1, tokens_from(0, 9), 4);
  driver.scheduler.plan(1);
  driver.scheduler.commit(
      std::vector<SliceOutcome>{{.sequence = {1}, .sampled = {}, .finished = true, .failed = true}});
  driver.scheduler.check_invariants();
  EXPECT_EQ(driver.scheduler.find({1}), nullptr);
  EXPECT_EQ(driver.scheduler.counts().blocks_free, 16);
}

TEST(Scheduler, a_deadline_has_passed_when_its_moment_has_come) {
  Driver driver(limits_of(4, 16));
  for (uint64_t id : {3U, 1U, 2U}) {
    SequenceDemand one = driver.demand(id, tokens_from(0, 4), 4);
    one.deadline_ns = id == 2 ? -1 : 100;
    ASSERT_TRUE(driver.scheduler.admit(one));
  }
  EXPECT_TRUE(driver.scheduler.expired(99).empty());
  EXPECT_EQ(driver.scheduler.expired(100), (std::vector<SequenceId>{{1}, {3}}));
}

TEST(Scheduler, running_ones_never_outnumber_the_rows_of_a_step) {
  Driver driver(limits_of(4, 64, 8, 3));
  for (uint64_t id = 1; id <= 6; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(id * 100), 2), 5);
  while (driver.scheduler.counts().waiting > 0) {
    driver.step();
    EXPECT_LE(driver.scheduler.counts().running, 3);
  }
  driver.run();
}

TEST(Scheduler, more_forced_tokens_than_a_demand_says_stop_the_program) {
  Driver driver(limits_of(4, 8));
  driver.admit(1, tokens_from(0, 3), 9);
  driver.scheduler.plan(1);
  const std::vector<TokenId> forced{7};
  const std::vector<SliceOutcome> outcomes{{.sequence = {1}, .sampled = 6, .forced = forced}};
  EXPECT_DEATH(driver.scheduler.commit(outcomes), "what was said");
}

TEST(Scheduler, one_that_begins_anew_keeps_its_seat_and_is_charged_for_nothing_twice) {
  Driver driver(limits_of(4, 12, 1));
  driver.admit(1, tokens_from(0, 10), 6);
  driver.admit(2, tokens_from(500, 4), 2);
  for (int token = 0; token < 5; ++token) driver.step();
  ASSERT_EQ(driver.scheduler.find({1})->length(), 15);
  (void)driver.scheduler.plan(100);
  const std::vector<TokenId> left = tokens_from(0, 6);  // the first block of them is that of before
  const std::vector<SliceOutcome> outcomes{{.sequence = {1}, .sampled = 7, .anew = left}};
  driver.scheduler.commit(outcomes);
  driver.scheduler.check_invariants();
  const Sequence& sequence = *driver.scheduler.find({1});
  EXPECT_EQ(sequence.tokens, left);
  EXPECT_EQ(sequence.prompt_length, 6);
  EXPECT_EQ(sequence.state, SequenceState::running);
  EXPECT_TRUE(sequence.blocks.empty());
  const auto slices = driver.step();
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].begin, 4) << "what it has in common with what it was is there";
  EXPECT_EQ(slices[0].end, 6);
  EXPECT_EQ(sequence.cached_tokens, 0);
  EXPECT_EQ(sequence.recomputed_tokens, 2);
  EXPECT_EQ(driver.state(2), SequenceState::waiting);
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().blocks_held, 0);
}

TEST(Scheduler, a_misused_protocol_stops_the_program) {
  Driver driver(limits_of(4, 16));
  driver.admit(1, tokens_from(0, 4), 4);
  EXPECT_DEATH((void)driver.scheduler.admit(driver.demand(1, tokens_from(0, 4), 4)), "an id is given once");
  driver.scheduler.plan(1);
  EXPECT_DEATH(driver.scheduler.plan(2), "a plan is committed before the next one");
  EXPECT_DEATH(driver.scheduler.cancel({1}), "a cancel comes before the plan");
  EXPECT_DEATH(driver.scheduler.commit({}), "each slice has one outcome");
}

}  // namespace
}  // namespace quire::test
