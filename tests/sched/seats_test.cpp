// The rules of the seats, each in a few events.
#include "sched/seats.h"

#include <gtest/gtest.h>

#include <string>

namespace quire {
namespace {

constexpr int64_t s = 1'000'000'000;
constexpr ModelId a{0}, b{1}, c{2};

// One seat, loads that take a second; a line of what was decided, as "load 1, admit 7, unload 0, end 3".
class SeatsTest : public testing::Test {
 protected:
  explicit SeatsTest(SeatLimits limits = {.models_max = 1, .queue_max = 4, .ageing_ns = 2 * s, .turn_min_ns = s})
      : seats_(limits) {}

  std::string arrive(uint64_t request, ModelId model, uint8_t band = 3, int64_t deadline_ns = -1) {
    seats_.arrive({.request = {request},
                   .model = model,
                   .size_bytes = 800,
                   .keep_alive_ns = 60 * s,
                   .tokens = 1,
                   .band = band,
                   .deadline_ns = deadline_ns},
                  now_ns_);
    return decide();
  }
  std::string loaded(ModelId model, bool well = true) {
    now_ns_ += s;
    seats_.load_finished(model, well, now_ns_);
    return decide();
  }
  std::string unloaded(ModelId model) {
    seats_.unload_finished(model);
    return decide();
  }
  std::string release(uint64_t request) {
    seats_.release({request}, now_ns_);
    return decide();
  }
  std::string cancel(uint64_t request) {
    seats_.cancel({request});
    return decide();
  }
  std::string wait(int64_t ns) {
    now_ns_ += ns;
    return decide();
  }
  std::string decide() {
    std::string text;
    for (const SeatDecision& decision : seats_.decide(now_ns_, memory_)) {
      constexpr const char* words[] = {"load", "unload", "admit", "end"};
      const bool of_model = decision.kind < SeatDecision::Kind::admit;
      if (!text.empty()) text += ", ";
      text += words[static_cast<size_t>(decision.kind)];
      text += " " + std::to_string(of_model ? decision.model.value : decision.request.value);
      if (decision.kind == SeatDecision::Kind::end) last_end_ = decision.reason;
    }
    return text;
  }

  Seats seats_;
  SeatMemory memory_{.available_bytes = 10'000, .reserve_bytes = 1'000};
  SeatEnd last_end_ = SeatEnd::failed;
  int64_t now_ns_ = 0;
};

TEST_F(SeatsTest, a_model_is_loaded_once_for_all_who_ask_while_it_loads) {
  EXPECT_EQ(arrive(1, a), "load 0");
  EXPECT_EQ(arrive(2, a), "");
  EXPECT_EQ(loaded(a), "admit 1, admit 2");
  EXPECT_EQ(arrive(3, a), "admit 3");
}

TEST_F(SeatsTest, an_idle_model_goes_at_once_for_another_one_and_its_memory_is_awaited) {
  arrive(1, a);
  loaded(a);
  release(1);
  EXPECT_EQ(arrive(2, b), "unload 0");
  EXPECT_EQ(unloaded(a), "load 1");
  EXPECT_EQ(loaded(b), "admit 2");
}

TEST_F(SeatsTest, a_stream_of_requests_gives_way_to_one_that_is_overdue) {
  arrive(1, a);
  loaded(a);
  EXPECT_EQ(arrive(2, b), "");
  wait(7 * s);
  EXPECT_EQ(arrive(3, a), "admit 3") << "not yet: a band is two seconds, and it asked for band 3";
  wait(s);
  EXPECT_EQ(arrive(4, a), "") << "overdue: nobody goes before it now";
  EXPECT_EQ(release(1), "");
  EXPECT_EQ(release(3), "unload 0");
  EXPECT_EQ(unloaded(a), "load 1");
  EXPECT_EQ(loaded(b), "admit 2");
  EXPECT_EQ(wait(8 * s), "");
  EXPECT_EQ(release(2), "unload 1") << "who waited for the first one has his turn";
}

TEST_F(SeatsTest, a_more_urgent_request_takes_the_seat_as_soon_as_a_turn_is_over) {
  arrive(1, a);
  loaded(a);
  EXPECT_EQ(arrive(2, b, 1), "");
  EXPECT_EQ(seats_.next_look_ns(), 2 * s) << "the turn of a model that took a second to load";
  EXPECT_EQ(arrive(3, a), "admit 3");
  wait(s);
  EXPECT_EQ(arrive(4, a), "");
  EXPECT_EQ(arrive(5, a, 0), "admit 5, admit 4") << "more urgent still: nothing gives way then";
}

TEST_F(SeatsTest, a_model_admits_again_when_nobody_needs_its_seat_any_more) {
  arrive(1, a);
  loaded(a);
  arrive(2, b, 0);
  wait(s);
  EXPECT_EQ(arrive(3, a), "");
  EXPECT_EQ(cancel(2), "end 2, admit 3");
}

TEST_F(SeatsTest, a_deadline_and_a_cancel_end_who_waits_while_the_load_goes_on) {
  arrive(1, a, 3, s / 10);
  arrive(2, a);
  EXPECT_EQ(seats_.next_look_ns(), s / 10);
  EXPECT_EQ(wait(s / 10), "end 1");
  EXPECT_EQ(last_end_, SeatEnd::deadline);
  EXPECT_EQ(cancel(2), "end 2");
  EXPECT_EQ(loaded(a), "");
  EXPECT_EQ(seats_.state(a), SeatState::ready);
}

TEST_F(SeatsTest, a_load_that_fails_ends_all_who_wait_for_it_and_the_next_one_tries_anew) {
  arrive(1, a);
  arrive(2, a);
  arrive(3, b);
  EXPECT_EQ(loaded(a, false), "end 1, end 2, load 1");
  EXPECT_EQ(last_end_, SeatEnd::failed);
  loaded(b);
  release(3);
  EXPECT_EQ(arrive(4, a), "unload 1");
}

TEST_F(SeatsTest, the_queue_is_bounded_and_no_bound_for_who_need_not_wait) {
  arrive(1, a);
  loaded(a);
  for (uint64_t request = 2; request < 6; ++request) EXPECT_EQ(arrive(request, b), "");
  EXPECT_EQ(arrive(6, b), "end 6");
  EXPECT_EQ(last_end_, SeatEnd::busy);
  EXPECT_EQ(arrive(7, a), "admit 7");
}

TEST_F(SeatsTest, a_model_goes_when_its_time_is_over_and_at_once_when_that_is_none) {
  arrive(1, a);
  seats_.keep_alive(a, 5 * s);
  loaded(a);
  release(1);
  EXPECT_EQ(seats_.next_look_ns(), now_ns_ + 5 * s);
  EXPECT_EQ(wait(5 * s - 1), "");
  EXPECT_EQ(arrive(2, a), "admit 2");
  seats_.keep_alive(a, 0);
  EXPECT_EQ(release(2), "unload 0");
  seats_.keep_alive(b, 0);
  EXPECT_EQ(decide(), "") << "of one that is not there nothing is kept";
}

TEST_F(SeatsTest, a_model_that_can_never_fit_is_refused_and_one_that_is_alone_takes_the_reserve) {
  memory_ = {.available_bytes = 899, .reserve_bytes = 500};
  EXPECT_EQ(arrive(1, a), "end 1");
  EXPECT_EQ(last_end_, SeatEnd::no_memory);
  memory_.available_bytes = 900;  // weights, and an eighth of it for contexts
  EXPECT_EQ(arrive(2, a), "load 0");
}

TEST_F(SeatsTest, at_the_stop_all_who_wait_end_and_models_go_when_they_are_idle) {
  arrive(1, a);
  loaded(a);
  arrive(2, b);
  seats_.stop();
  EXPECT_EQ(decide(), "end 2");
  EXPECT_EQ(last_end_, SeatEnd::stopping);
  EXPECT_EQ(arrive(3, a), "end 3");
  EXPECT_EQ(release(1), "unload 0");
  EXPECT_EQ(unloaded(a), "");
  EXPECT_EQ(seats_.seats_taken(), 0);
}

TEST_F(SeatsTest, a_broken_model_takes_nobody_and_is_loaded_anew) {
  arrive(1, a);
  loaded(a);
  seats_.broken(a);
  EXPECT_EQ(arrive(2, a), "");
  EXPECT_EQ(release(1), "unload 0");
  EXPECT_EQ(unloaded(a), "load 0");
}

TEST_F(SeatsTest, the_line_is_in_order_of_urgency_and_arrival) {
  arrive(1, a);
  loaded(a);
  arrive(2, b);
  arrive(3, c);
  arrive(4, b, 2);
  std::string order;
  for (const SeatWait& one : seats_.line(now_ns_)) {
    order += std::to_string(one.request.value) + ":" + std::to_string(one.position) + " ";
  }
  EXPECT_EQ(order, "4:0 2:1 3:0 ");
}

class TwoSeats : public SeatsTest {
 protected:
  TwoSeats() : SeatsTest({.models_max = 2, .queue_max = 4, .ageing_ns = 2 * s, .turn_min_ns = s}) {}
};

TEST_F(TwoSeats, one_load_at_a_time_in_the_order_of_the_line) {
  EXPECT_EQ(arrive(1, a), "load 0");
  EXPECT_EQ(arrive(2, b), "");
  EXPECT_EQ(loaded(a), "admit 1, load 1");
}

TEST_F(TwoSeats, what_was_idle_the_longest_goes_first) {
  arrive(1, a);
  loaded(a);
  arrive(2, b);
  loaded(b);
  release(2);
  wait(s);
  release(1);
  EXPECT_EQ(arrive(3, c), "unload 1");
}

TEST_F(TwoSeats, an_idle_model_makes_room_in_memory_though_a_seat_is_free) {
  arrive(1, a);
  loaded(a);
  release(1);
  memory_.available_bytes = 1'500;
  EXPECT_EQ(arrive(2, b), "unload 0");
  memory_.available_bytes = 2'300;
  EXPECT_EQ(unloaded(a), "load 1");
}

}  // namespace
}  // namespace quire
