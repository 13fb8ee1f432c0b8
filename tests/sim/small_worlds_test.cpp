// Every world of two requests (with cancels and bands) and of three (the last of any band) of at most four tokens over
// two letters, in three, four and six blocks of one or two tokens. The first request begins with the first letter:
// exchanging the letters gives the same world. The same of two that say several tokens a step, with room for them, of
// three texts that are computed whole, and of models with windows and states.
#include "small_worlds.h"

#include <gtest/gtest.h>

namespace quire::sim::test {
namespace {

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
  machines.expect_more_than(0, Occurrence::parked_for_memory);
  machines.expect_more_than(100, Occurrence::waited_for_leader);
  machines.expect_more_than(1000, Occurrence::evicted);
}

TEST(SmallWorlds, every_promise_holds_for_any_two_requests_of_which_one_says_more_than_a_token_a_step) {
  constexpr int32_t more = 3;
  const std::vector<Shape> all = shapes({3, 0}, {-1, 1});
  Machines machines({.more = more});
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
  machines.expect_more_than(1000, Occurrence::tokens_forced);
  machines.expect_more_than(100, Occurrence::forced_in_parts);
}

// Windows of two tokens, with just enough blocks for one request or a few more; states for one, with snapshots or not.
TEST(SmallWorlds, every_promise_holds_for_any_two_requests_to_a_model_with_windows_or_states) {
  constexpr int32_t more = 2;
  const std::vector<Shape> all = shapes({3, 0}, {-1, 1});
  Machines machines({.more = more,
                     .classes = {{.window_tokens = 2, .window_block_count = 2},
                                 {.window_tokens = 2, .window_block_count = 4, .state_count = 3},
                                 {.state_count = 1},
                                 {.state_count = 2}}});
  for (Shape first : all) {
    if (first.prompt[0] != first_letter || first.priority == 0) continue;
    first.answer += more;
    for (const Shape& second : all) {
      for (int32_t arrival = 0; arrival < 3; ++arrival) {
        machines.run({request_of(1, first, 0), request_of(2, second, arrival)});
        if (HasFatalFailure()) return;
      }
    }
  }
  RecordProperty("worlds", std::to_string(machines.worlds));
  for (const Occurrence occurrence :
       {Occurrence::windows_let_go, Occurrence::cached_beyond_window, Occurrence::window_evicted,
        Occurrence::snapshot_written, Occurrence::snapshot_read, Occurrence::snapshot_evicted}) {
    machines.expect_more_than(100, occurrence);
  }
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
  Machines machines({.whole_texts = true});
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
  machines.expect_more_than(1000, Occurrence::texts_together);
  machines.expect_more_than(1000, Occurrence::text_beyond_the_step);
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
  machines.expect_more_than(1000, Occurrence::parked_by_band);
}

}  // namespace
}  // namespace quire::sim::test
