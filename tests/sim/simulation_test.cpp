#include "sim/simulation.h"

#include <gtest/gtest.h>

#include "world_driver.h"

namespace quire::sim::test {
namespace {

// Four sequences in memory for two and a half, one of which has the fault.
World crowded_world(std::optional<Fault> fault) {
  World world{.limits = {.block_tokens = 2,
                         .block_count = 20,
                         .context_tokens = 32,
                         .running_max = 4,
                         .queue_max = 8,
                         .step_tokens_max = 6},
              .memory = {},
              .requests = {}};
  const std::vector<TokenId> stem = letters(1, 8);
  for (uint64_t id = 1; id <= 4; ++id) {
    std::vector<TokenId> prompt = stem;
    prompt.push_back(first_letter + static_cast<TokenId>(id));
    world.requests.push_back(request(id, prompt, 9, static_cast<int32_t>(id) - 1));
  }
  world.requests[1].fault = fault;
  return world;
}

TEST(Simulation, an_executor_error_at_any_call_leaves_the_others_bytes_unchanged) {
  const SimulationReport quiet = run(crowded_world({}));
  ASSERT_EQ(quiet.answers[1].tokens.size(), 9U);
  for (const FaultKind kind : {FaultKind::fails, FaultKind::not_numbers}) {
    int32_t call = 0;
    for (bool failed = true; failed; ++call) {
      SCOPED_TRACE(testing::Message() << "call " << call);
      ASSERT_LT(call, 1000);
      const SimulationReport report = run(crowded_world(Fault{.kind = kind, .call = call}));
      failed = occurred(report, Occurrence::failed) || occurred(report, Occurrence::logits_not_numbers);
      // NaN logits of a slice that samples nothing are not seen.
      failed = failed || (kind == FaultKind::not_numbers && call < 3);
      for (const size_t index : {0U, 2U, 3U}) {
        EXPECT_EQ(report.answers[index].tokens, quiet.answers[index].tokens);
        EXPECT_EQ(report.answers[index].text, quiet.answers[index].text);
        EXPECT_EQ(report.answers[index].reason, FinishReason::length);
      }
    }
    EXPECT_GT(call, 9) << "each of its steps failed once";
  }
}

TEST(Simulation, a_tight_cache_gives_the_bytes_of_a_roomy_one) {
  World tight = crowded_world({}), roomy = crowded_world({});
  tight.limits.block_count = 16;
  roomy.limits.block_count = 1000;
  for (World* world : {&tight, &roomy}) {
    for (WorldRequest& one : world->requests) one.request.generated_max = 20;
  }
  const SimulationReport few = run(tight), many = run(roomy);
  EXPECT_TRUE(occurred(few, Occurrence::evicted));
  EXPECT_TRUE(occurred(few, Occurrence::parked_for_memory));
  EXPECT_TRUE(occurred(few, Occurrence::recomputed));
  EXPECT_FALSE(occurred(many, Occurrence::evicted));
  for (size_t index = 0; index < 4; ++index) EXPECT_EQ(few.answers[index].text, many.answers[index].text);
}

// The simulator checks at each step that every running stream advances; here is the long prompt that would stop it.
TEST(Simulation, every_stream_advances_at_each_step_while_a_prompt_of_1500_tokens_comes_in) {
  World world{.limits = {.block_tokens = 32,
                         .block_count = 200,
                         .context_tokens = 2048,
                         .running_max = 8,
                         .queue_max = 8,
                         .step_tokens_max = 48},
              .price = {.base_ns = 100'000},  // rows are for nothing
              .memory = {},
              .requests = {}};
  for (uint64_t id = 1; id <= 4; ++id) world.requests.push_back(request(id, letters(id, 30), 60));
  world.requests.push_back(request(5, letters(5, 1500), 3, 4));
  for (const int32_t plans_ahead : {0, 1}) {
    world.limits.plans_ahead = plans_ahead;
    int steps_with_all = 0;
    Simulation simulation(world, tokenizer(), [&](const std::string& line) {
      const auto has = [&](const char* sequence) { return line.find(sequence) != std::string::npos; };
      steps_with_all += has(" 1[") && has(" 2[") && has(" 3[") && has(" 4[") && has(" 5[") ? 1 : 0;
    });
    const SimulationReport report = simulation.run();
    EXPECT_TRUE(report.failures.empty()) << report.failures[0];
    EXPECT_EQ(steps_with_all, 37) << "1500 tokens in slices of 44, then two more tokens of its own";
  }
}

TEST(Simulation, sixteen_equal_prompts_cost_one) {
  World world{.limits = {.block_tokens = 32,
                         .block_count = 200,
                         .context_tokens = 300,
                         .running_max = 16,
                         .queue_max = 16,
                         .step_tokens_max = 64},
              .memory = {},
              .requests = {}};
  for (uint64_t id = 1; id <= 16; ++id) world.requests.push_back(request(id, letters(7, 257), 1));
  for (const int32_t plans_ahead : {0, 1}) {
    world.limits.plans_ahead = plans_ahead;
    EXPECT_EQ(run(world).rows_computed, 256 + 16);
  }
}

TEST(Simulation, the_same_seed_is_the_same_world_and_the_same_run) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<std::string> lines[2];
    for (std::vector<std::string>& trace : lines) {
      Simulation(make_world(seed), tokenizer(), [&](const std::string& line) { trace.push_back(line); }).run();
    }
    EXPECT_EQ(lines[0], lines[1]) << "seed " << seed;
  }
}

TEST(Simulation, one_request_takes_a_step_a_slice_and_a_step_a_token) {
  for (int32_t prompt = 1; prompt <= 40; ++prompt) {
    World world{.limits = {.block_tokens = 4,
                           .block_count = 16,
                           .context_tokens = 64,
                           .running_max = 4,
                           .queue_max = 4,
                           .step_tokens_max = 8},
                .requests = {request(1, letters(3, prompt), 5)}};
    for (const int32_t plans_ahead : {0, 1}) {
      world.limits.plans_ahead = plans_ahead;
      EXPECT_EQ(run(world).steps, (prompt + 7) / 8 + 4);
    }
  }
}

// Rows that nobody needed would show as rows.
TEST(Simulation, steps_that_are_planned_ahead_compute_the_same_rows) {
  for (const bool ends_early : {false, true}) {
    std::vector<int64_t> rows;
    for (const int32_t plans_ahead : {0, 1}) {
      World world = crowded_world({});
      world.limits.plans_ahead = plans_ahead;
      world.limits.block_count = 100;
      if (ends_early) {
        for (WorldRequest& one : world.requests) one.request.stop_tokens = letters(9, 3);
      }
      const SimulationReport report = run(world);
      EXPECT_EQ(occurred(report, Occurrence::planned_ahead), plans_ahead > 0);
      EXPECT_EQ(occurred(report, Occurrence::voided), plans_ahead > 0 && ends_early);
      EXPECT_FALSE(occurred(report, Occurrence::computed_for_nothing));
      rows.push_back(report.rows_computed);
    }
    EXPECT_EQ(rows[0], rows[1]);
  }
}

// The step of one that is cancelled while it runs is waited for, and what is left of it computed for nothing.
TEST(Simulation, a_cancel_while_a_step_runs_ends_the_request_before_the_next_one) {
  World world = crowded_world({});
  world.limits.plans_ahead = 1;
  world.limits.block_count = 100;
  for (WorldRequest& one : world.requests) one.cancel_steps = 4;
  const SimulationReport report = run(world);
  EXPECT_TRUE(occurred(report, Occurrence::computed_for_nothing));
  EXPECT_TRUE(occurred(report, Occurrence::cancelled_running));
}

}  // namespace
}  // namespace quire::sim::test
