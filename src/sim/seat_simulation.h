// Runs the seats of models in a world, on a virtual clock, and checks every promise after every event.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/seat_world.h"

namespace quire::sim {

enum class SeatOccurrence : uint8_t {
  loaded,
  load_failed,
  load_failed_for_several,
  loaded_for_nobody,  // all that waited for it had ended
  unloaded_for_room,
  unloaded_in_time,   // its time was over
  gave_way,           // while somebody waited for it
  gave_way_in_vain,   // it admits again: nobody needs its seat any more
  waited_for_seat,    // admitted, after its model had found all seats taken
  waited_for_memory,  // a seat was free, memory was not
  broke_and_came_back,
  ended_cancelled,
  ended_deadline,
  ended_queue_timeout,
  ended_busy,
  ended_failed,
  ended_no_memory,
  ended_stopping,
  deadline_while_loading,
  cancelled_while_loading,
  count,
};
constexpr size_t seat_occurrence_count = static_cast<size_t>(SeatOccurrence::count);
std::string_view name(SeatOccurrence occurrence);

struct SeatReport {
  std::vector<std::string> failures;
  std::array<int64_t, seat_occurrence_count> occurrences{};
  int64_t events = 0;
  int64_t waited_ns_max = 0;  // from an arrival to its admission
};

// `trace` gets a line for each event and decision.
SeatReport run_seat_world(const SeatWorld& world, const std::function<void(const std::string&)>& trace = {});

struct SeatSeedsReport {
  uint64_t seeds = 0;
  std::vector<std::string> failures;  // each names its seed and the command that replays it
  std::array<int64_t, seat_occurrence_count> seeds_with{};
  int64_t events = 0;
};

// The worlds of seeds [first, first + count), up to the first that fails.
SeatSeedsReport run_seat_seeds(uint64_t first, uint64_t count,
                               const std::function<void(const std::string&)>& trace = {});

}  // namespace quire::sim
