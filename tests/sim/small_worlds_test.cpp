// Every world of two requests (with cancels and bands) and of three (the last of any band) of at most four tokens over
// two letters, in three, four and six blocks of one or two tokens. The first request begins with the first letter:
// exchanging the letters gives the same world. The same of two that say several tokens a step, with room for them, and
// of three texts that are computed whole.
#include <gtest/gtest.h>

#include "sim/fake_constraint.h"
#include "world_driver.h"

namespace quire::sim::test {
namespace {

constexpr int32_t tokens_max = 4;

// What a request may be, apart from when it comes.
struct Shape {
  std::vector<TokenId> prompt;
  int32_t answer;
  uint8_t priority;
  int32_t cancel_steps;
  int32_t forced_max = 0;  // behind each chosen token
};

std::vector<Shape> shapes(std::initializer_list<uint8_t> priorities, std::initializer_list<int32_t> cancels) {
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

WorldRequest request_of(uint64_t id, const Shape& shape, int32_t arrival_step) {
  WorldRequest one = request(id, shape.prompt, shape.answer, arrival_step);
  one.request.priority = shape.priority;
  one.cancel_steps = shape.cancel_steps;
  if (shape.forced_max > 0) one.request.constraint = std::make_shared<FakeConstraint>(id, shape.forced_max);
  return one;
}

// Runs the requests on each small machine.
class Machines {
 public:
  // ... which has so many blocks more, of contexts that are so many tokens longer.
  explicit Machines(int32_t more = 0, bool whole_texts = false) : more_(more), whole_texts_(whole_texts) {}

  void run(const std::vector<WorldRequest>& requests) {
    constexpr struct {
      int32_t block_tokens, block_count, step_tokens;
    } machines[] = {{1, 3, 2}, {2, 3, 1}, {2, 3, 5}, {1, 4, 2}, {1, 6, 3}};
    for (const auto& machine : machines) {
      const World world{.limits = {.block_tokens = machine.block_tokens,
                                   .block_count = machine.block_count + more_,
                                   .whole_texts = whole_texts_,
                                   .context_tokens = tokens_max + more_,
                                   .running_max = 2,
                                   .queue_max = 3,
                                   .step_tokens_max = machine.step_tokens},
                        .requests = requests};
      const SimulationReport report = Simulation(world, tokenizer()).run();
      coverage.add(report.occurrences);
      ++worlds;
      if (!report.failures.empty()) return describe(world, report);
    }
  }

  Coverage coverage;
  int64_t worlds = 0;

 private:
  const int32_t more_;
  const bool whole_texts_;

  static void describe(const World& world, const SimulationReport& report) {
    testing::Message text;
    text << "blocks of " << world.limits.block_tokens << ", rows " << world.limits.step_tokens_max << "\n";
    for (const WorldRequest& one : world.requests) {
      text << "  step " << one.arrival_step << " band " << int{one.request.priority} << " cancel " << one.cancel_steps
           << " answer " << one.request.generated_max << " forced "
           << (one.request.constraint == nullptr ? 0 : one.request.constraint->forced_max()) << " prompt "
           << testing::PrintToString(one.request.prompt) << "\n";
    }
    FAIL() << text << report.failures[0];
  }
};

TEST(SmallWorlds, every_promise_holds_for_any_two_requests) {
  const std::vector<Shape> all = shapes({3, 0}, {-1, 0, 1, 2});
  Machines machines;
  for (const Shape& first : all) {
    if (first.prompt[0] != first_letter) continue;
    for (const Shape& second : all) {
      for (int32_t arrival = 0; arrival < 3; ++arrival) {
        machines.run({request_of(1, first, 0), request_of(2, second, arrival)});
        if (HasFatalFailure()) return;
      }
    }
  }
  RecordProperty("worlds", std::to_string(machines.worlds));
  EXPECT_GT(machines.coverage.seeds(Occurrence::parked_for_memory), 0);
  EXPECT_GT(machines.coverage.seeds(Occurrence::waited_for_leader), 100);
  EXPECT_GT(machines.coverage.seeds(Occurrence::evicted), 1000);
}

TEST(SmallWorlds, every_promise_holds_for_any_two_requests_of_which_one_says_more_than_a_token_a_step) {
  constexpr int32_t more = 3;
  const std::vector<Shape> all = shapes({3, 0}, {-1, 1});
  Machines machines(more);
  for (Shape first : all) {
    if (first.prompt[0] != first_letter) continue;
    first.forced_max = 3;
    first.answer += more;
    for (Shape second : all) {
      for (const int32_t forced : {0, 3}) {
        second.forced_max = forced;
        second.answer += forced;
        for (int32_t arrival = 0; arrival < 3; ++arrival) {
          machines.run({request_of(1, first, 0), request_of(2, second, arrival)});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  RecordProperty("worlds", std::to_string(machines.worlds));
  EXPECT_GT(machines.coverage.seeds(Occurrence::tokens_forced), 1000);
  EXPECT_GT(machines.coverage.seeds(Occurrence::forced_in_parts), 100);
}

TEST(SmallWorlds, every_promise_holds_for_any_three_whole_texts) {
  std::vector<Shape> all;
  for (const Shape& shape : shapes({3, 0}, {-1, 1})) {
    if (shape.answer == 1) all.push_back(shape);  // they have none
  }
  const auto text_of = [](uint64_t id, const Shape& shape, int32_t arrival_step) {
    WorldRequest one = request_of(id, shape, arrival_step);
    one.request.pooling = id == 2 ? Pooling::last : Pooling::mean;
    return one;
  };
  Machines machines(0, true);
  for (const Shape& first : all) {
    if (first.prompt[0] != first_letter || first.priority == 0 || first.cancel_steps >= 0) continue;
    for (const Shape& second : all) {
      for (const Shape& third : all) {
        if (third.cancel_steps >= 0) continue;
        for (int32_t arrival = 0; arrival < 2; ++arrival) {
          machines.run({text_of(1, first, 0), text_of(2, second, 0), text_of(3, third, arrival)});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  RecordProperty("worlds", std::to_string(machines.worlds));
  EXPECT_GT(machines.coverage.seeds(Occurrence::texts_together), 1000);
  EXPECT_GT(machines.coverage.seeds(Occurrence::text_beyond_the_step), 1000);
}

TEST(SmallWorlds, every_promise_holds_for_any_three_requests) {
  const std::vector<Shape> all = shapes({3}, {-1});
  const std::vector<Shape> last = shapes({3, 0}, {-1});
  Machines machines;
  for (const Shape& first : all) {
    if (first.prompt[0] != first_letter) continue;
    for (const Shape& second : all) {
      for (const Shape& third : last) {
        for (int32_t arrival = 0; arrival < 2; ++arrival) {
          machines.run({request_of(1, first, 0), request_of(2, second, 0), request_of(3, third, arrival)});
          if (HasFatalFailure()) return;
        }
      }
    }
  }
  RecordProperty("worlds", std::to_string(machines.worlds));
  EXPECT_GT(machines.coverage.seeds(Occurrence::parked_by_band), 1000);
}

}  // namespace
}  // namespace quire::sim::test
