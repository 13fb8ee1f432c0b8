// What is learned of a machine, and what is made of it: on machines whose truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sched/parallel_controller.h"
#include "sched/policy.h"
#include "sched/step_cost.h"

namespace quire::test {
namespace {

constexpr int64_t ms = 1'000'000;

// A step reads the weights in base_ns; beyond `knee` streams arithmetic takes longer than that.
struct Machine {
  int64_t base_ns = 30 * ms;
  double knee = 12;
  int64_t row_ns = 2 * ms;
  int64_t step_ns(int32_t streams, int32_t prompt_rows) const {
    const double compute = static_cast<double>(base_ns) / knee * streams;
    return std::max(base_ns, static_cast<int64_t>(compute)) + row_ns * prompt_rows;
  }
};

TEST(StepCost, follows_the_machine_within_a_dozen_steps_and_one_slow_step_moves_it_little) {
  StepCost cost(16);
  EXPECT_EQ(cost.decode_ns(4), 0) << "nothing is known";
  for (int step = 0; step < 4; ++step) cost.observe({.streams = 4, .prompt_rows = 0, .step_ns = 40 * ms});
  EXPECT_EQ(cost.decode_ns(4), 40 * ms);
  cost.observe({.streams = 4, .prompt_rows = 0, .step_ns = 4000 * ms});
  EXPECT_LE(cost.decode_ns(4), 45 * ms);
  for (int step = 0; step < 12; ++step) cost.observe({.streams = 4, .prompt_rows = 0, .step_ns = 80 * ms});
  EXPECT_GE(cost.decode_ns(4), 76 * ms);
}

TEST(StepCost, between_two_measured_numbers_of_streams_it_is_on_the_line) {
  StepCost cost(16);
  cost.observe({.streams = 2, .prompt_rows = 0, .step_ns = 20 * ms});
  cost.observe({.streams = 6, .prompt_rows = 0, .step_ns = 60 * ms});
  EXPECT_EQ(cost.decode_ns(5), 50 * ms);
  EXPECT_EQ(cost.decode_ns(1), 20 * ms);
  EXPECT_EQ(cost.decode_ns(16), 60 * ms);
}

TEST(StepCost, learns_the_price_of_a_prompt_row_from_mixed_steps) {
  StepCost cost(16);
  const Machine machine;
  cost.observe({.streams = 1, .prompt_rows = 0, .step_ns = machine.step_ns(1, 0)});
  for (int step = 0; step < 40; ++step) {
    cost.observe({.streams = 1, .prompt_rows = 20, .step_ns = machine.step_ns(1, 20)});
  }
  EXPECT_NEAR(static_cast<double>(cost.prompt_row_ns()), 2.0 * ms, 0.02 * ms);
}

// The stall that other servers have: here a step with a prompt in it takes 2.4 times one without.
TEST(Policy, prompt_rows_beside_a_stream_keep_the_gap_at_its_target) {
  const Policy policy({.running_max = 16, .step_tokens_max = 512});
  StepCost cost(16);
  const Machine machine;
  for (int step = 0; step < 4; ++step) cost.observe({.streams = 1, .prompt_rows = 0, .step_ns = machine.step_ns(1, 0)});
  int32_t rows = 0;
  for (int step = 0; step < 40; ++step) {
    rows = policy.step_tokens_beside(cost, 1) - 1;
    cost.observe({.streams = 1, .prompt_rows = rows, .step_ns = machine.step_ns(1, rows)});
    if (step > 20) {
      EXPECT_LE(machine.step_ns(1, rows), 3 * machine.step_ns(1, 0));
    }
  }
  EXPECT_NEAR(rows, 22, 2) << "1.5 times 30 ms at 2 ms a row";
}

TEST(Policy, a_target_that_was_given_replaces_the_derived_one_and_prompts_still_get_on) {
  const Policy policy({.running_max = 16, .step_tokens_max = 512, .target_gap_ns = 40 * ms, .prompt_rows_min = 2});
  StepCost cost(16);
  const Machine machine;
  for (int step = 0; step < 40; ++step) {
    cost.observe({.streams = 1, .prompt_rows = 0, .step_ns = machine.step_ns(1, 0)});
    cost.observe({.streams = 1, .prompt_rows = 10, .step_ns = machine.step_ns(1, 10)});
  }
  EXPECT_EQ(policy.target_gap_ns(cost, 1), 40 * ms);
  EXPECT_NEAR(policy.step_tokens_beside(cost, 1), 1 + 5, 1);
  for (int step = 0; step < 40; ++step) cost.observe({.streams = 16, .prompt_rows = 0, .step_ns = 200 * ms});
  EXPECT_EQ(policy.step_tokens_beside(cost, 16), 16 + 2) << "the least that prompts get";
}

// Runs a controller on a machine with as many requests as it wants; a request ends every now and then, so that the
// number that runs follows the controller. Returns the number it wanted after each step.
class Bench {
 public:
  explicit Bench(int32_t parallel_max, int64_t gap_max_ns = 0, uint32_t seed = 7)
      : random_(seed),
        cost_(parallel_max),
        controller_({.parallel_max = parallel_max, .adapts = true, .gap_max_ns = gap_max_ns}) {}

  std::vector<int32_t> run(const Machine& machine, int steps, double noise = 0.0) {
    std::vector<int32_t> wanted;
    for (int step = 0; step < steps; ++step, ++steps_) {
      if (running_ > controller_.parallel() && steps_ % 3 == 0) --running_;  // one has ended and nobody starts
      if (running_ < controller_.parallel()) running_ = controller_.parallel();
      const double factor = 1.0 + noise * std::uniform_real_distribution<>(-1, 1)(random_);
      const auto step_ns = static_cast<int64_t>(static_cast<double>(machine.step_ns(running_, 0)) * factor);
      cost_.observe({.streams = running_, .prompt_rows = 0, .step_ns = step_ns});
      controller_.after_step(cost_, running_, true);
      tokens += running_;
      elapsed_ns += machine.step_ns(running_, 0);
      wanted.push_back(controller_.parallel());
    }
    return wanted;
  }

  int64_t tokens = 0;
  int64_t elapsed_ns = 0;

 private:
  std::mt19937 random_;
  StepCost cost_;
  ParallelController controller_;
  int32_t running_ = 0;
  int64_t steps_ = 0;
};

// The share of steps in which the number was within two of the knee.
double near(const std::vector<int32_t>& wanted, int32_t knee, size_t from) {
  const auto good = std::count_if(wanted.begin() + static_cast<std::ptrdiff_t>(from), wanted.end(),
                                  [&](int32_t one) { return std::abs(one - knee) <= 2; });
  return static_cast<double>(good) / static_cast<double>(wanted.size() - from);
}

TEST(ParallelController, finds_the_knee_and_follows_it_within_200_steps) {
  Bench bench(64);
  EXPECT_EQ(near(bench.run({.knee = 12}, 400), 12, 200), 1.0);
  EXPECT_EQ(near(bench.run({.knee = 5}, 400), 5, 200), 1.0);
  EXPECT_EQ(near(bench.run({.knee = 12}, 400), 12, 200), 1.0);
}

TEST(ParallelController, noise_of_five_per_cent_does_not_lead_it_astray) {
  double twelve = 0, five = 0;
  constexpr uint32_t seeds = 20;
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    Bench bench(64, 0, seed);
    twelve += near(bench.run({.knee = 12}, 2000, 0.05), 12, 200) / seeds;
    five += near(bench.run({.knee = 5}, 2000, 0.05), 5, 200) / seeds;
  }
  EXPECT_GT(twelve, 0.75);
  EXPECT_GT(five, 0.75);
}

// Over a day on which the knee moves, each constant number loses: throughput where it is too small, and the gap
// between tokens where it is too large.
TEST(ParallelController, no_constant_number_is_as_good_on_a_machine_that_changes) {
  const auto day = [](auto&& run) {
    for (const double knee : {12.0, 5.0, 12.0, 5.0}) run(Machine{.knee = knee}, 1000);
  };
  Bench adaptive(64);
  day([&](const Machine& machine, int steps) { adaptive.run(machine, steps); });
  for (int32_t constant = 1; constant <= 24; ++constant) {
    int64_t tokens = 0, elapsed_ns = 0;
    day([&](const Machine& machine, int steps) {
      tokens += int64_t{constant} * steps;
      elapsed_ns += machine.step_ns(constant, 0) * steps;
    });
    const auto rate = [](int64_t count, int64_t ns) { return static_cast<double>(count) / static_cast<double>(ns); };
    const bool slower = rate(tokens, elapsed_ns) < 0.98 * rate(adaptive.tokens, adaptive.elapsed_ns);
    const bool longer = elapsed_ns > adaptive.elapsed_ns * 105 / 100;  // of as many steps: the mean gap
    EXPECT_TRUE(slower || longer) << constant;
  }
}

TEST(ParallelController, climbs_to_the_bound_where_more_always_pay) {
  Bench bench(64);
  EXPECT_EQ(bench.run({.knee = 1000}, 60).back(), 64);
}

TEST(ParallelController, a_clock_that_stands_still_harms_nobody) {
  Bench bench(64);
  EXPECT_GE(bench.run({.base_ns = 0}, 400).back(), 1);
}

TEST(ParallelController, a_machine_without_gain_runs_one) {
  Bench bench(64);
  EXPECT_LE(bench.run({.knee = 1}, 200).back(), 2);
}

TEST(ParallelController, a_gap_that_was_asked_for_bounds_it) {
  Bench bench(64, 60 * ms);
  EXPECT_NEAR(bench.run({.knee = 12}, 200).back(), 12, 2);
  Bench tight(64, 31 * ms);
  EXPECT_NEAR(tight.run({.base_ns = 10 * ms, .knee = 2}, 200).back(), 2, 1);
}

TEST(ParallelController, is_still_without_adapting_and_with_nobody_waiting) {
  ParallelController fixed({.parallel_max = 7, .adapts = false});
  StepCost cost(64);
  for (int step = 0; step < 100; ++step) fixed.after_step(cost, 7, true);
  EXPECT_EQ(fixed.parallel(), 7);
  ParallelController idle({.parallel_max = 64});
  const int32_t before = idle.parallel();
  for (int step = 0; step < 100; ++step) {
    cost.observe({.streams = before, .prompt_rows = 0, .step_ns = 10 * ms});
    idle.after_step(cost, before, false);
  }
  EXPECT_EQ(idle.parallel(), before);
}

}  // namespace
}  // namespace quire::test
