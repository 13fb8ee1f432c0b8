#include "base/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace quire {
namespace {

TEST(Team, every_index_is_called_once_whatever_the_workers) {
  for (int workers : {1, 2, 3, 8}) {
    Team team(workers);
    for (int64_t count : {0, 1, 2, 7, 1000}) {
      std::vector<int> calls(static_cast<size_t>(count), 0);
      team.parallel_for(count, [&](int64_t index, int worker) {
        ASSERT_TRUE(worker >= 0 && worker < workers);
        ++calls[static_cast<size_t>(index)];
      });
      EXPECT_EQ(calls, std::vector<int>(static_cast<size_t>(count), 1));
    }
  }
}

TEST(Team, results_are_visible_to_the_caller_and_to_the_next_job) {
  Team team(4);
  std::vector<int64_t> values(64, 0);
  for (int64_t round = 1; round <= 2000; ++round) {
    team.parallel_for(64, [&](int64_t index, int) {
      const auto own = static_cast<size_t>(index);
      values[own] += 1;
    });
    ASSERT_EQ(values[static_cast<size_t>(round % 64)], round);
  }
}

TEST(Team, a_worker_runs_through_its_share_and_the_idle_take_the_rest_of_a_slow_ones) {
  Team team(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::vector<int64_t>> taken(3);
    std::atomic<int64_t> done{0};
    team.parallel_for(30, [&](int64_t index, int worker) {
      taken[static_cast<size_t>(worker)].push_back(index);
      // Who has the first tile is as slow as all others together: they must do the rest of its share.
      while (index == 0 && done.load() < 29) std::this_thread::yield();
      ++done;
    });
    for (int64_t worker = 0; worker < 3; ++worker) {
      int64_t next = worker * 10;
      int64_t stolen_before[3] = {10, 20, 30};
      for (const int64_t index : taken[static_cast<size_t>(worker)]) {
        const int64_t share = index / 10;
        if (share == worker) {
          EXPECT_EQ(index, next++) << "its own share from the beginning";
        } else {
          EXPECT_LT(index, stolen_before[share]) << "others' from the end";
          stolen_before[share] = index;
        }
      }
    }
  }
}

TEST(Team, callers_of_several_threads_take_turns) {
  Team team(2);
  int64_t sum = 0;  // not atomic: calls of one caller are complete before another's begin
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::vector<int64_t> parts(16, 0);
        team.parallel_for(16, [&](int64_t index, int) { parts[static_cast<size_t>(index)] = index; });
        team.parallel_for(1, [&](int64_t, int) {
          for (int64_t part : parts) sum += part;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 3 * 200 * 120);
}

TEST(Team, busy_time_is_that_of_the_worker_that_computed) {
  Team team(2);
  EXPECT_EQ(team.busy_ns(), (std::vector<int64_t>{0, 0}));
  const SteadyClock clock;
  const int64_t begin_ns = clock.now_ns();
  std::atomic<int> here{0};
  team.parallel_for(2, [&](int64_t, int) {
    // Both have to come, so that each has one.
    ++here;
    while (here.load() < 2 || clock.now_ns() - begin_ns < 1'000'000) std::this_thread::yield();
  });
  const std::vector<int64_t> busy_ns = team.busy_ns();
  const int64_t took_ns = clock.now_ns() - begin_ns;
  EXPECT_GT(busy_ns[0], 0);
  EXPECT_GT(busy_ns[1], 0);
  EXPECT_LE(busy_ns[0], took_ns);
  EXPECT_LE(busy_ns[1], took_ns);
  team.parallel_for(1, [](int64_t, int) {});
  EXPECT_GT(team.busy_ns()[0], busy_ns[0]);
  EXPECT_EQ(team.busy_ns()[1], busy_ns[1]);
}

}  // namespace
}  // namespace quire
