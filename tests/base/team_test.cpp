#include "base/team.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <stdexcept>
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

// Each caller is pinned to a CPU, so that it is known where workers must not be.
TEST(Team, workers_keep_off_the_callers_cpu_wherever_it_moves) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one CPU";
  Team team(2);
  int visited = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && visited < 4; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    ++visited;
    std::thread([&] {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      ASSERT_EQ(::sched_setaffinity(0, sizeof(one), &one), 0);
      for (int round = 0; round < 20; ++round) {
        int of_worker = -1;
        std::atomic<int> here{0};
        team.parallel_for(2, [&](int64_t, int worker) {
          if (worker == 1) of_worker = ::sched_getcpu();
          ++here;
          while (here.load() < 2) std::this_thread::yield();  // both have to come
        });
        EXPECT_NE(of_worker, cpu);
        EXPECT_GE(of_worker, 0);
      }
    }).join();
  }
}

TEST(Team, more_threads_than_cpus_are_left_to_the_system) {
  Team team(CPU_SETSIZE > 64 ? 64 : 8);
  std::atomic<int64_t> sum{0};
  team.parallel_for(1000, [&](int64_t index, int) { sum += index; });
  EXPECT_EQ(sum.load(), 499'500);
}

TEST(Team, what_a_call_throws_is_thrown_to_the_caller_once_all_calls_are_done) {
  for (const int workers : {1, 3}) {
    Team team(workers);
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> calls{0};
      const auto job = [&] {
        team.parallel_for(64, [&](int64_t index, int) {
          ++calls;
          if (index == round % 64) throw std::runtime_error("no memory");
        });
      };
      EXPECT_THROW(job(), std::runtime_error);
      if (workers > 1) {
        EXPECT_EQ(calls, 64);
      }
      std::atomic<int> after{0};
      team.parallel_for(8, [&](int64_t, int) { ++after; });
      EXPECT_EQ(after, 8);
    }
  }
}

}  // namespace
}  // namespace quire
