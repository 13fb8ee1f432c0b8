#include "store/registry/surroundings.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>

#include "base/random.h"

namespace quire::store::registry {
namespace {

constexpr int64_t second_ns = 1'000'000'000;

}  // namespace

Result<Surroundings> machine_surroundings(const SteadyClock& clock) {
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    return fail(ErrorKind::invalid, "HOME is not set: there is no place for ~/.quire");
  }
  std::random_device entropy;
  return Surroundings{.clock = clock,
                      .sleep = [](int64_t ns) { std::this_thread::sleep_for(std::chrono::nanoseconds(ns)); },
                      .unix_time_s = [] { return static_cast<int64_t>(std::time(nullptr)); },
                      .seed = (uint64_t{entropy()} << 32) | entropy(),
                      .key_path = std::filesystem::path(home) / ".quire" / "id_ed25519"};
}

Result<void> pause(const Surroundings& surroundings, const Hooks& hooks, int64_t ns) {
  constexpr int64_t slice_ns = second_ns / 10;
  const int64_t end_ns = surroundings.clock.now_ns() + ns;
  for (;;) {
    if (!hooks.keep_going()) return fail(ErrorKind::cancelled, "cancelled");
    const int64_t left_ns = end_ns - surroundings.clock.now_ns();
    if (left_ns <= 0) return {};
    surroundings.sleep(std::min(left_ns, slice_ns));
  }
}

int64_t Backoff::next_ns(int64_t asked_s) {
  constexpr int64_t longest_ns = 30 * second_ns;
  const int64_t plain_ns = std::min(longest_ns, (second_ns / 2) << std::min(tries_, 10));
  ++tries_;
  const double factor = 0.5 + static_cast<double>(Random(state_).next() >> 11) * 0x1p-53;
  state_ = mix(state_);
  const auto jittered_ns = static_cast<int64_t>(static_cast<double>(plain_ns) * factor);
  return std::max(jittered_ns, std::min<int64_t>(asked_s, 60) * second_ns);
}

}  // namespace quire::store::registry
