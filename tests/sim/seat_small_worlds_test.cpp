// Every world of three requests for two models and one seat, and of three models and two seats, over a few arrivals,
// bands, lengths of use and ways to end early.
#include <gtest/gtest.h>

#include "sim/seat_simulation.h"

namespace quire::sim {
namespace {

struct Ending {
  int64_t deadline_ns = -1;
  int64_t cancel_ns = -1;
};

// What a request may be.
std::vector<SeatWorldRequest> shapes(uint32_t models, std::initializer_list<int64_t> arrivals,
                                     std::initializer_list<uint8_t> bands, std::initializer_list<int64_t> uses,
                                     std::initializer_list<Ending> endings) {
  std::vector<SeatWorldRequest> all;
  for (const int64_t arrival : arrivals) {
    for (uint32_t model = 0; model < models; ++model) {
      for (const uint8_t band : bands) {
        for (const int64_t use : uses) {
          for (const Ending& ending : endings) {
            all.push_back({.arrival_ns = arrival,
                           .model = model,
                           .band = band,
                           .use_ns = use,
                           .deadline_ns = ending.deadline_ns,
                           .cancel_ns = ending.cancel_ns});
          }
        }
      }
    }
  }
  return all;
}

class SmallSeatWorlds : public testing::Test {
 protected:
  // Each way to choose three of the shapes, in order of arrival, in each variant of the world.
  void run_all(const std::vector<SeatWorldRequest>& all, std::vector<SeatWorld> variants) {
    for (const SeatWorldRequest& first : all) {
      for (const SeatWorldRequest& second : all) {
        for (const SeatWorldRequest& third : all) {
          if (second.arrival_ns < first.arrival_ns || third.arrival_ns < second.arrival_ns) continue;
          for (SeatWorld& world : variants) {
            world.requests = {first, second, third};
            const SeatReport report = run_seat_world(world);
            ++worlds_;
            for (size_t index = 0; index < seat_occurrence_count; ++index) {
              occurrences_[index] += report.occurrences[index];
            }
            if (!report.failures.empty()) return describe(world, report);
          }
        }
      }
    }
    RecordProperty("worlds", std::to_string(worlds_));
  }
  int64_t count(SeatOccurrence occurrence) const { return occurrences_[static_cast<size_t>(occurrence)]; }

 private:
  static void describe(const SeatWorld& world, const SeatReport& report) {
    testing::Message text;
    for (const SeatWorldRequest& one : world.requests) {
      text << "  arrives at " << one.arrival_ns << " for model " << one.model << " band " << int{one.band} << " uses it "
           << one.use_ns << " deadline " << one.deadline_ns << " cancel " << one.cancel_ns << "\n";
    }
    run_seat_world(world, [&](const std::string& line) { text << line << "\n"; });
    FAIL() << text << report.failures[0];
  }

  int64_t worlds_ = 0;
  std::array<int64_t, seat_occurrence_count> occurrences_{};
};

TEST_F(SmallSeatWorlds, every_promise_holds_for_any_three_requests_and_one_seat) {
  const SeatWorld plain{.limits = {.models_max = 1, .queue_max = 2, .ageing_ns = 4, .turn_min_ns = 1},
                        .models = {{.size_bytes = 8, .held_bytes = 8, .load_ns = 2, .unload_ns = 1},
                                   {.size_bytes = 8, .held_bytes = 8, .load_ns = 1, .unload_ns = 0}}};
  SeatWorld failing = plain;
  failing.keep_alive_ns = 2;
  failing.models[0].failing_loads = {0};
  failing.models[1].failing_loads = {1};
  SeatWorld stopped = plain;
  stopped.keep_alive_ns = 0;
  stopped.stop_ns = 6;
  stopped.breaks = {{.at_ns = 3, .model = 0}};
  run_all(shapes(2, {0, 1, 4}, {0, 1}, {1, 7}, {{}, {.deadline_ns = 2}, {.cancel_ns = 3}}), {plain, failing, stopped});
  EXPECT_GT(count(SeatOccurrence::gave_way), 1000);
  EXPECT_GT(count(SeatOccurrence::deadline_while_loading), 1000);
}

TEST_F(SmallSeatWorlds, every_promise_holds_for_any_three_requests_two_seats_and_little_memory) {
  const SeatWorld tight{.limits = {.models_max = 2, .queue_max = 3, .ageing_ns = 3, .turn_min_ns = 0},
                        .total_bytes = 20,
                        .reserve_bytes = 2,
                        .models = {{.size_bytes = 8, .held_bytes = 10, .load_ns = 1, .unload_ns = 1},
                                   {.size_bytes = 8, .held_bytes = 8, .load_ns = 0, .unload_ns = 0},
                                   {.size_bytes = 16, .held_bytes = 17, .load_ns = 2, .unload_ns = 1}}};
  SeatWorld shrinking = tight;
  shrinking.memory = {{.at_ns = 2, .others_bytes = 4}, {.at_ns = 9, .others_bytes = 0}};
  shrinking.keep_alive_ns = 3;
  run_all(shapes(3, {0, 1, 3}, {0, 2}, {1, 6}, {{}}), {tight, shrinking});
  EXPECT_GT(count(SeatOccurrence::waited_for_memory), 100);
  EXPECT_GT(count(SeatOccurrence::ended_no_memory), 100);
}

}  // namespace
}  // namespace quire::sim
