#include "backend/cpu/roof.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <vector>

#include "backend/cpu/page_memory.h"
#include "base/check.h"

namespace quire {
namespace {

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Twice what the workers' third-level caches can hold, if each had one of its own.
uint64_t uncached_size_bytes(int workers) {
  const auto cache_bytes = static_cast<uint64_t>(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
  return std::clamp(2 * cache_bytes * static_cast<uint64_t>(workers), uint64_t{256} << 20, uint64_t{4} << 30);
}

// Eight sums, so that additions do not wait for one another.
uint64_t sum_lines(const uint64_t* words, int64_t line_begin, int64_t line_end) {
  uint64_t sums[8] = {};
  for (int64_t line = line_begin; line < line_end; ++line) {
    for (int64_t i = 0; i < 8; ++i) sums[i] += words[line * 8 + i];
  }
  uint64_t total = 0;
  for (const uint64_t sum : sums) total += sum;
  return total;
}

}  // namespace

double best_seconds(FunctionRef<void()> body, int workers, double budget_seconds) {
  const clockid_t clock = workers == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  double best = 1e9;
  const double begin = seconds_of(clock);
  for (int round = 0; round < 3 || seconds_of(clock) - begin < budget_seconds; ++round) {
    const double start = seconds_of(clock);
    body();
    best = std::min(best, seconds_of(clock) - start);
  }
  return best;
}

Result<double> measure_read_rate(Team& team) {
  const uint64_t size_bytes = uncached_size_bytes(team.worker_count());
  QUIRE_TRY(const PageMemory memory, PageMemory::allocate(size_bytes, PageMemory::Pages::huge, "a buffer to read"));
  std::memset(memory.bytes(), 1, size_bytes);
  const auto* words = reinterpret_cast<const uint64_t*>(memory.bytes());
  const auto lines = static_cast<int64_t>(size_bytes / 64);
  const int64_t tiles = team.worker_count() * 8;
  std::vector<uint64_t> totals(static_cast<size_t>(tiles));  // kept, so that the reading is not left out
  const double seconds = best_seconds(
      [&] {
        team.parallel_for(tiles, [&](int64_t tile, int) {
          totals[static_cast<size_t>(tile)] = sum_lines(words, lines * tile / tiles, lines * (tile + 1) / tiles);
        });
      },
      team.worker_count(), 0.2);
  uint64_t total = 0;
  for (const uint64_t part : totals) total += part;
  QUIRE_CHECK(total == size_bytes / 8 * 0x0101010101010101U, "every byte was read");
  return static_cast<double>(size_bytes) / seconds;
}

double measure_peak_rate(Team& team, const PeakLoop& loop) {
  constexpr int64_t calls = 64;  // in a tile, which then takes about a millisecond: a fork costs some microseconds
  const int64_t tiles = team.worker_count() * 4;
  std::vector<int64_t> products(static_cast<size_t>(tiles));
  const double seconds = best_seconds(
      [&] {
        team.parallel_for(tiles, [&](int64_t tile, int) {
          int64_t made = 0;
          for (int64_t call = 0; call < calls; ++call) made += loop.multiply_add(peak_rounds_max);
          products[static_cast<size_t>(tile)] = made;
        });
      },
      team.worker_count(), 0.1);
  int64_t total = 0;
  for (const int64_t made : products) total += made;
  return static_cast<double>(total) / seconds;
}

}  // namespace quire
