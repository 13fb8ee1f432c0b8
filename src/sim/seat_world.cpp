#include "sim/seat_world.h"

#include <algorithm>

#include "base/random.h"

namespace quire::sim {
namespace {

constexpr int64_t us = 1'000;

SeatWorldModel make_model(Random& random, int64_t load_max_ns) {
  SeatWorldModel model{.size_bytes = static_cast<uint64_t>(random.between(1, 16)) << 20};
  model.held_bytes = model.size_bytes + (static_cast<uint64_t>(random.between(0, 8)) << 20);
  model.load_ns = random.below(load_max_ns + 1);
  model.unload_ns = random.percent(30) ? 0 : random.below(load_max_ns / 4 + 1);
  for (int32_t load = 0; load < 6; ++load) {
    if (random.percent(15)) model.failing_loads.push_back(load);
  }
  return model;
}

SeatWorldRequest make_request(Random& random, const SeatWorld& world, int64_t arrivals_ns, int64_t use_max_ns,
                              bool same_band) {
  const auto models = static_cast<int64_t>(world.models.size());
  SeatWorldRequest one{.arrival_ns = random.below(arrivals_ns)};
  // Most ask for the first model: the stream that must not starve the others.
  one.model = static_cast<uint32_t>(random.percent(50) ? 0 : random.below(models));
  one.band = same_band ? 3 : static_cast<uint8_t>(random.below(band_count));
  one.use_ns = random.below(use_max_ns + 1);
  one.tokens = random.between(1, 50);
  if (random.percent(15)) one.deadline_ns = random.below(40 * world.limits.ageing_ns / 10);
  if (random.percent(15)) one.queue_timeout_ns = random.below(40 * world.limits.ageing_ns / 10);
  if (random.percent(10)) one.cancel_ns = random.below(20 * world.limits.ageing_ns / 10);
  one.sets_keep_alive = random.percent(20);
  one.keep_alive_ns = random.percent(30) ? -1 : random.percent(40) ? 0 : random.below(arrivals_ns);
  return one;
}

}  // namespace

SeatWorld make_seat_world(uint64_t seed) {
  Random random(seed);
  SeatWorld world;
  const int64_t load_max_ns = random.between(1, 100) * us;
  world.limits = {.models_max = random.between(1, 3),
                  .queue_max = random.percent(25) ? random.between(1, 4) : random.between(8, 64),
                  .queue_tokens_max = random.percent(30) ? random.between(20, 200) : 0,
                  .ageing_ns = random.between(5, 100) * us,
                  .turn_min_ns = random.between(0, 30) * us};
  world.keep_alive_ns = random.percent(30) ? -1 : random.percent(20) ? 0 : random.between(1, 400) * us;
  for (int32_t count = random.between(2, 5); count > 0; --count) {
    world.models.push_back(make_model(random, load_max_ns));
  }
  const int64_t arrivals_ns = random.between(20, 1000) * us;
  if (random.percent(40)) {
    world.total_bytes = static_cast<uint64_t>(random.between(8, 60)) << 20;
    world.reserve_bytes = static_cast<uint64_t>(random.between(0, 6)) << 20;
    for (int32_t count = random.between(0, 3); count > 0; --count) {
      world.memory.push_back(
          {.at_ns = random.below(arrivals_ns), .others_bytes = static_cast<uint64_t>(random.between(0, 30)) << 20});
    }
  }
  const int64_t use_max_ns = random.between(1, 80) * us;
  const bool same_band = random.percent(30);
  for (int32_t count = random.between(1, 30); count > 0; --count) {
    world.requests.push_back(make_request(random, world, arrivals_ns, use_max_ns, same_band));
  }
  std::ranges::stable_sort(world.requests, {}, &SeatWorldRequest::arrival_ns);
  if (random.percent(15)) {
    world.breaks.push_back({.at_ns = random.below(arrivals_ns),
                            .model = static_cast<uint32_t>(random.below(static_cast<int64_t>(world.models.size())))});
  }
  if (random.percent(10)) world.stop_ns = random.below(arrivals_ns);
  return world;
}

}  // namespace quire::sim
