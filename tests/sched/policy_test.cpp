// Bands, clients, ageing, budgets and memory that shrinks, through the scheduler's public face.
#include <gtest/gtest.h>

#include <map>

#include "driver.h"
#include "support/allocation_watch.h"

namespace quire::test {
namespace {

// The order in which requests first ran.
std::vector<uint64_t> start_order(Driver& driver, uint64_t last) {
  std::vector<uint64_t> order;
  std::map<uint64_t, bool> seen;
  for (int step = 0; step < 10000; ++step) {
    const auto slices = driver.step();
    if (slices.empty()) break;
    for (uint64_t id = 1; id <= last; ++id) {
      if (slice_of(slices, id) != nullptr && !std::exchange(seen[id], true)) order.push_back(id);
    }
  }
  return order;
}

SequenceDemand demand_of(const Driver& driver, uint64_t id, const char* client, int32_t prompt, int32_t answer) {
  SequenceDemand demand = driver.demand(id, tokens_from(static_cast<TokenId>(id * 1000), prompt), answer);
  demand.client = client;
  return demand;
}

TEST(Fairness, a_client_with_few_requests_does_not_wait_behind_all_of_one_with_many) {
  Driver driver(limits_of(4, 64, 1));
  for (uint64_t id = 1; id <= 10; ++id) ASSERT_TRUE(driver.scheduler.admit(demand_of(driver, id, "many", 8, 4)));
  driver.step();
  for (uint64_t id = 11; id <= 13; ++id) ASSERT_TRUE(driver.scheduler.admit(demand_of(driver, id, "few", 8, 4)));
  EXPECT_EQ(start_order(driver, 13), (std::vector<uint64_t>{1, 11, 2, 12, 3, 13, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Fairness, a_weight_of_two_is_twice_the_turns) {
  Driver driver(limits_of(4, 64, 1));
  for (uint64_t id = 1; id <= 12; ++id) {
    SequenceDemand demand = demand_of(driver, id, id <= 8 ? "heavy" : "light", 8, 4);
    demand.client_weight = id <= 8 ? 2 : 1;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  const std::vector<uint64_t> order = start_order(driver, 12);
  EXPECT_EQ(std::count_if(order.begin(), order.begin() + 9, [](uint64_t id) { return id <= 8; }), 6);
}

TEST(Fairness, a_forced_token_costs_as_much_as_a_chosen_one) {
  const auto order = [](int32_t forced) {
    Driver driver(limits_of(4, 64, 1));
    for (uint64_t id = 1; id <= 3; ++id) {
      driver.forced[id] = forced;
      EXPECT_TRUE(driver.scheduler.admit(demand_of(driver, id, "long", 4, 12)));
    }
    for (uint64_t id = 4; id <= 9; ++id) EXPECT_TRUE(driver.scheduler.admit(demand_of(driver, id, "short", 4, 4)));
    return start_order(driver, 9);
  };
  EXPECT_EQ(order(3), order(0));
}

TEST(Fairness, a_prompt_that_another_one_computed_costs_nothing) {
  Driver driver(limits_of(4, 64, 1));
  SequenceDemand first = driver.demand(1, tokens_from(0, 33), 1);
  first.client = "a";
  ASSERT_TRUE(driver.scheduler.admit(std::move(first)));
  driver.run();
  // Both of b's are all but free, so b is not behind c after them.
  for (uint64_t id = 2; id <= 5; ++id) {
    SequenceDemand demand = driver.demand(id, tokens_from(id <= 3 ? 0 : static_cast<TokenId>(id * 1000), 33), 1);
    demand.client = id <= 3 ? "b" : "c";
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  EXPECT_EQ(start_order(driver, 5), (std::vector<uint64_t>{2, 4, 3, 5}));
}

TEST(Fairness, a_prompt_that_another_one_computes_meanwhile_costs_nothing) {
  Driver driver(limits_of(4, 64, 2));
  const auto admit = [&](uint64_t id, const char* client, TokenId first, int32_t prompt, int32_t answer) {
    SequenceDemand demand = driver.demand(id, tokens_from(first, prompt), answer);
    demand.client = client;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  };
  admit(1, "a", 0, 33, 30);  // keeps its seat
  admit(2, "b", 0, 33, 1);   // waits for what a's computes, and frees the other seat
  admit(3, "b", 3000, 10, 1);
  admit(4, "c", 4000, 10, 1);
  admit(5, "c", 5000, 10, 1);
  EXPECT_EQ(start_order(driver, 5), (std::vector<uint64_t>{1, 2, 4, 3, 5})) << "b has computed a token, c ten";
}

TEST(Ageing, an_overdue_request_does_not_wait_for_its_clients_turn) {
  Limits limits = limits_of(4, 64, 1);
  limits.ageing_steps = 3;
  Driver driver(limits);
  for (uint64_t id = 1; id <= 3; ++id) {
    SequenceDemand demand = demand_of(driver, id, id <= 2 ? "heavy" : "light", 4, id == 1 ? 20 : 2);
    demand.priority = 0;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  EXPECT_EQ(start_order(driver, 3), (std::vector<uint64_t>{1, 2, 3})) << "as they arrived: both are overdue";
}

TEST(Ageing, a_request_of_the_last_band_starts_within_the_bound_under_a_stream_of_urgent_ones) {
  Limits limits = limits_of(4, 64, 1);
  limits.ageing_steps = 20;
  Driver driver(limits);
  ASSERT_TRUE(driver.scheduler.admit([&] {
    SequenceDemand demand = demand_of(driver, 1, "patient", 4, 2);
    demand.priority = 7;
    return demand;
  }()));
  int steps = 0;
  for (uint64_t id = 2; driver.state(1) == SequenceState::waiting; ++steps) {
    ASSERT_LE(steps, 8 * 20 + 3) << "overdue, and one of two tokens may run";
    if (driver.scheduler.counts().waiting < 3) {
      SequenceDemand demand = demand_of(driver, id++, "urgent", 4, 2);
      demand.priority = 0;
      ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
    }
    driver.step();
  }
  EXPECT_GE(steps, 7 * 20) << "not before the most urgent of the others";
}

TEST(Bands, an_urgent_prompt_takes_the_step_from_less_urgent_streams_and_they_go_on_after_it) {
  Driver driver(limits_of(4, 256, 8, 16));
  for (uint64_t id = 1; id <= 4; ++id) {
    SequenceDemand demand = demand_of(driver, id, "", 4, 100);
    demand.priority = 6;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  for (int step = 0; step < 3; ++step) driver.step();
  SequenceDemand urgent = demand_of(driver, 5, "", 40, 10);
  urgent.priority = 1;
  ASSERT_TRUE(driver.scheduler.admit(std::move(urgent)));
  const auto first = driver.step();
  ASSERT_EQ(first.size(), 1U) << "all 16 rows are the urgent one's";
  EXPECT_EQ(first[0].end, 16);
  EXPECT_EQ(driver.state(1), SequenceState::parked);
  driver.step();
  const auto third = driver.step();
  EXPECT_EQ(slice_of(third, 5)->end, 40);
  EXPECT_EQ(driver.step().size(), 5U) << "its stream leaves rows for the others";
  EXPECT_EQ(driver.scheduler.find({1})->recomputed_tokens, 0);
}

TEST(Bands, equal_streams_are_protected_from_a_prompt_by_the_measured_budget) {
  Driver driver(limits_of(4, 512, 8, 256));
  driver.admit(1, tokens_from(0, 4), 100);
  for (int step = 0; step < 6; ++step) driver.step();
  driver.admit(2, tokens_from(5000, 1000), 1);
  std::vector<int32_t> rows;
  for (int step = 0; step < 30 && slice_of(driver.step_costing(1'000'000, 100'000), 2) != nullptr; ++step) {
    rows.push_back(driver.last_rows);
  }
  EXPECT_NEAR(rows.back(), 1 + 15, 2) << "a row costs a tenth of a step, and a step may take 2.4";
}

TEST(Memory, a_limit_that_shrinks_parks_the_lowest_and_everything_still_ends) {
  Driver driver(limits_of(4, 32));
  for (uint64_t id = 1; id <= 4; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(id * 1000), 8), 20);
  for (int step = 0; step < 8; ++step) driver.step();
  driver.scheduler.set_block_limit(9);
  driver.step();
  const SchedulerCounts counts = driver.scheduler.counts();
  EXPECT_EQ(counts.blocks_withheld, 32 - 9);
  EXPECT_FALSE(driver.scheduler.withheld_blocks().empty());
  EXPECT_LT(counts.running, 4);
  driver.scheduler.set_block_limit(32);
  driver.admit(10, tokens_from(0, 30), 10);
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().blocks_withheld, 0);
}

TEST(Memory, the_limit_never_falls_below_what_an_admitted_request_may_need) {
  Driver driver(limits_of(4, 32));
  driver.admit(1, tokens_from(0, 8), 60);
  driver.scheduler.set_block_limit(2);
  EXPECT_EQ(driver.scheduler.counts().block_limit, 17);
  driver.admit(2, tokens_from(500, 8), 80);
  EXPECT_EQ(driver.scheduler.counts().block_limit, 22) << "one that is let in later counts, too";
  driver.run();
  EXPECT_EQ(driver.scheduler.counts().block_limit, 2) << "when it has ended, the limit goes where it was wanted";
}

TEST(Queue, is_bounded_by_tokens_too_but_lets_one_request_in_whatever_its_size) {
  Limits limits = limits_of(4, 64, 1);
  limits.queue_tokens_max = 20;
  Driver driver(limits);
  driver.admit(1, tokens_from(0, 100), 1);
  const Result<void> refused = driver.scheduler.admit(driver.demand(2, tokens_from(0, 4), 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::busy);
  driver.step();
  driver.admit(3, tokens_from(0, 20), 1);
  EXPECT_FALSE(driver.scheduler.admit(driver.demand(4, tokens_from(0, 1), 1)));
}

TEST(Queue, its_deadline_counts_until_something_was_computed) {
  Driver driver(limits_of(4, 64, 1));
  for (uint64_t id = 1; id <= 2; ++id) {
    SequenceDemand demand = driver.demand(id, tokens_from(static_cast<TokenId>(id * 1000), 4), 10);
    demand.queue_deadline_ns = 5;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  driver.step();
  EXPECT_TRUE(driver.scheduler.expired(4).empty());
  EXPECT_EQ(driver.scheduler.expired(5), std::vector<SequenceId>{SequenceId{2}});
}

TEST(View, shows_each_sequence_with_its_place_and_blocks) {
  Driver driver(limits_of(4, 64, 1, 16));
  driver.admit(1, tokens_from(0, 10), 4);
  driver.step();
  driver.admit(2, tokens_from(500, 4), 4);
  driver.admit(3, tokens_from(600, 4), 4);
  std::vector<SequenceView> views;
  driver.scheduler.view(views);
  ASSERT_EQ(views.size(), 3U);
  EXPECT_EQ(views[0].state, SequenceState::running);
  EXPECT_EQ(views[0].position, -1);
  EXPECT_EQ(views[0].computed_tokens, 10);
  EXPECT_EQ(views[0].generated_tokens, 1);
  EXPECT_EQ(views[0].blocks_own, 3);
  EXPECT_EQ(views[2].id, SequenceId{3});
  EXPECT_EQ(views[2].position, 1);
  driver.run();
  driver.admit(4, tokens_from(700, 4), 4);
  driver.admit(5, tokens_from(800, 4), 4);
  driver.step();
  driver.scheduler.view(views);
  EXPECT_GT(views[1].expected_start_ns, 0) << "the queue's rate was measured";
}

// What is said to those that wait, in the order in which they get their turn.
std::vector<WaitReason> reasons_of(const Driver& driver) {
  std::vector<SequenceView> views;
  driver.scheduler.view(views);
  std::vector<WaitReason> reasons;
  for (const SequenceView& view : views) {
    if (view.position >= 0) {
      reasons.push_back(view.reason);
    } else {
      EXPECT_EQ(view.reason, WaitReason::none);
    }
  }
  return reasons;
}

TEST(View, says_that_the_first_waits_for_a_seat_and_the_others_for_their_turn) {
  Driver driver(limits_of(4, 64, 2));
  for (uint64_t id = 1; id <= 4; ++id) driver.admit(id, tokens_from(static_cast<TokenId>(id * 1000), 4), 8);
  driver.step();
  EXPECT_EQ(reasons_of(driver), (std::vector{WaitReason::parallel, WaitReason::position}));
  ASSERT_TRUE(driver.scheduler.cancel({1}));
  EXPECT_EQ(reasons_of(driver), (std::vector{WaitReason::next_step, WaitReason::position})) << "the seat is free";
  driver.step();
  EXPECT_EQ(reasons_of(driver), std::vector{WaitReason::parallel});
}

TEST(View, says_that_memory_holds_back_the_first_while_seats_are_free) {
  Driver driver(limits_of(4, 16));
  driver.admit(1, tokens_from(1000, 36), 4);
  driver.admit(2, tokens_from(2000, 28), 4);
  driver.step();
  EXPECT_EQ(reasons_of(driver), std::vector{WaitReason::memory});
}

TEST(View, says_that_the_rows_of_a_step_are_wanted_by_those_that_run) {
  Driver driver(limits_of(4, 256, 8, 16));
  for (const uint8_t priority : {uint8_t{1}, uint8_t{6}}) {
    SequenceDemand demand = demand_of(driver, priority, "", 100, 4);
    demand.priority = priority;
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)));
  }
  driver.step();
  EXPECT_EQ(reasons_of(driver), std::vector{WaitReason::step});
}

TEST(View, says_who_goes_first_by_urgency_and_who_by_fairness) {
  Driver driver(limits_of(4, 256, 1));
  ASSERT_TRUE(driver.scheduler.admit(demand_of(driver, 1, "ann", 4, 40)));
  driver.step();
  ASSERT_TRUE(driver.scheduler.admit(demand_of(driver, 2, "ann", 4, 40)));
  driver.step();
  ASSERT_TRUE(driver.scheduler.admit(demand_of(driver, 3, "bob", 4, 40)));
  for (int step = 0; step < 4; ++step) driver.step();
  // Bob came later and was served less.
  EXPECT_EQ(reasons_of(driver), (std::vector{WaitReason::parallel, WaitReason::fairness}));
  SequenceDemand urgent = demand_of(driver, 4, "carl", 4, 40);
  urgent.priority = 0;
  ASSERT_TRUE(driver.scheduler.admit(std::move(urgent)));
  driver.step();  // it takes the place of ann's first, which is parked
  SequenceDemand another = demand_of(driver, 5, "carl", 4, 40);
  another.priority = 0;
  ASSERT_TRUE(driver.scheduler.admit(std::move(another)));
  driver.step();
  EXPECT_EQ(reasons_of(driver),
            (std::vector{WaitReason::parallel, WaitReason::band, WaitReason::band, WaitReason::band}));
}

class StepLoop : public testing::TestWithParam<int32_t> {};

INSTANTIATE_TEST_SUITE_P(PlansAhead, StepLoop, testing::Values(0, 1));

TEST_P(StepLoop, allocates_nothing) {
  Limits limits = limits_of(32, 2000, 64, 512);
  limits.parallel_adapts = false;
  limits.plans_ahead = GetParam();
  Driver driver(limits);
  for (uint64_t id = 1; id <= 100; ++id) {
    SequenceDemand demand = demand_of(driver, id, id % 3 == 0 ? "a" : "b", 50 + static_cast<int32_t>(id), 200);
    demand.priority = static_cast<uint8_t>(id % 5);
    ASSERT_TRUE(driver.scheduler.admit(std::move(demand)) || id > 64);
  }
  std::vector<SliceOutcome> outcomes;
  outcomes.reserve(64);
  size_t allocations = 0;
  const StepPlan* running = nullptr;
  for (int64_t step = 0; step < 400; ++step) {
    outcomes.clear();
    AllocationWatch watch;
    const StepPlan& plan = driver.scheduler.plan(step);
    allocations += watch.count();
    const StepPlan& oldest = running == nullptr ? plan : *running;
    if (std::exchange(running, GetParam() == 0 || plan.slices.empty() ? nullptr : &plan) == nullptr && running)
      continue;
    for (const Slice& slice : oldest.slices) {
      const Sequence& sequence = *driver.scheduler.find(slice.sequence);
      outcomes.push_back({.sequence = slice.sequence,
                          .sampled = slice.samples ? std::optional<TokenId>(7) : std::nullopt,
                          .finished = slice.samples && sequence.length() + 1 >= sequence.length_max});
    }
    AllocationWatch commit_watch;
    driver.scheduler.commit(outcomes);
    driver.scheduler.observe({.streams = 1, .prompt_rows = 0, .step_ns = 1000});
    allocations += commit_watch.count();
    if (step == 100) driver.scheduler.set_block_limit(150);
    if (step == 200) driver.scheduler.set_block_limit(2000);
  }
  EXPECT_GT(driver.scheduler.counts().preemptions, 0);
  EXPECT_EQ(allocations, 0U);
}

}  // namespace
}  // namespace quire::test
