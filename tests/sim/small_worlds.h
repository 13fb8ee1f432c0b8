// Small worlds: requests of a few tokens over two letters, on small machines.
#pragma once

#include <gtest/gtest.h>

#include "sim/fake_constraint.h"
#include "support/sanitized.h"
#include "world_driver.h"

namespace quire::sim::test {

inline constexpr int32_t tokens_max = 4;
// Every so many of the requests are run: what they find is the same with AddressSanitizer, which looks at memory alone.
inline constexpr int64_t stride = quire::test::is_sanitized ? 5 : 1;

// What a request may be, apart from when it comes.
struct Shape {
  std::vector<TokenId> prompt;
  int32_t answer;
  uint8_t priority;
  int32_t cancel_steps;
  int32_t forced_max = 0;  // behind each chosen token
};

inline std::vector<Shape> shapes(std::initializer_list<uint8_t> priorities, std::initializer_list<int32_t> cancels) {
  std::vector<Shape> all;
  for (int32_t length = 1; length < tokens_max; ++length) {
    for (int32_t letters = 0; letters < 1 << length; ++letters) {
      std::vector<TokenId> prompt;
      for (int32_t index = 0; index < length; ++index) prompt.push_back(first_letter + (letters >> index & 1));
      for (int32_t answer = 1; answer <= tokens_max - length; ++answer) {
        for (const uint8_t priority : priorities) {
          for (const int32_t cancel : cancels) all.push_back({prompt, answer, priority, cancel});
        }
      }
    }
  }
  return all;
}

inline WorldRequest request_of(uint64_t id, const Shape& shape, int32_t arrival_step) {
  WorldRequest one = request(id, shape.prompt, shape.answer, arrival_step);
  one.request.priority = shape.priority;
  one.cancel_steps = shape.cancel_steps;
  if (shape.forced_max > 0) one.request.constraint = std::make_shared<FakeConstraint>(id, shape.forced_max);
  return one;
}

// What a model keeps beside full blocks; of the counts, those of a machine whose blocks are of one token.
struct SmallClasses {
  int32_t window_tokens = 0;
  int32_t window_block_count = 0;
  int32_t state_count = 0;
};

// What the machines are made for.
struct SmallModel {
  int32_t more = 0;  // blocks that they have besides, of contexts that are so many tokens longer
  bool whole_texts = false;
  std::vector<SmallClasses> classes = {{}};  // each of these
};

// Runs the requests on each small machine, as one that computes itself and as one whose device does.
class Machines {
 public:
  explicit Machines(SmallModel model = {}) : model_(std::move(model)) {
    for (const SmallClasses& classes : model_.classes) {
      for (const int32_t plans_ahead : {0, 1}) models_.emplace_back(classes, plans_ahead);
    }
  }

  void run(const std::vector<WorldRequest>& requests) {
    if (asked_++ % stride != 0) return;
    constexpr struct {
      int32_t block_tokens, block_count, step_tokens;
    } machines[] = {{1, 3, 2}, {2, 3, 1}, {2, 3, 5}, {1, 4, 2}, {1, 6, 3}};
    for (const auto& machine : machines) {
      for (const auto& [classes, plans_ahead] : models_) {
        const World world{.limits = {.block_tokens = machine.block_tokens,
                                     .block_count = machine.block_count + model_.more,
                                     .window_tokens = classes.window_tokens,
                                     .window_block_count = classes.window_block_count,
                                     .state_count = classes.state_count,
                                     .snapshot_tokens = 2,
                                     .whole_texts = model_.whole_texts,
                                     .context_tokens = tokens_max + model_.more,
                                     .running_max = 2,
                                     .queue_max = 3,
                                     .step_tokens_max = machine.step_tokens,
                                     .plans_ahead = plans_ahead},
                          .requests = requests};
        const SimulationReport report = Simulation(world, tokenizer()).run();
        coverage.add(report.occurrences);
        ++worlds;
        if (!report.failures.empty()) return describe(world, report);
      }
    }
  }

  // In so many worlds, of all; fewer where fewer are run.
  void expect_more_than(int64_t count, Occurrence occurrence) const {
    EXPECT_GT(coverage.seeds(occurrence), count / stride) << name(occurrence);
  }

  Coverage coverage;
  int64_t worlds = 0;

 private:
  static void describe(const World& world, const SimulationReport& report) {
    const Limits& limits = world.limits;
    testing::Message text;
    text << "blocks of " << limits.block_tokens << ", " << limits.block_count << " of them, rows "
         << limits.step_tokens_max << ", windows of " << limits.window_tokens << " in " << limits.window_block_count
         << " blocks, states " << limits.state_count << ", plans ahead " << limits.plans_ahead << "\n";
    for (const WorldRequest& one : world.requests) {
      text << "  step " << one.arrival_step << " band " << int{one.request.priority} << " cancel " << one.cancel_steps
           << " answer " << one.request.generated_max << " forced "
           << (one.request.constraint == nullptr ? 0 : one.request.constraint->forced_max()) << " prompt "
           << testing::PrintToString(one.request.prompt) << "\n";
    }
    FAIL() << text << report.failures[0];
  }

  const SmallModel model_;
  std::vector<std::pair<SmallClasses, int32_t>> models_;  // with the plans that are made ahead
  int64_t asked_ = 0;
};

}  // namespace quire::sim::test
