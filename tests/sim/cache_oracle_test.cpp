#include "sim/cache_oracle.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include "sim/trace_worlds.h"

namespace quire::sim {
namespace {

std::vector<int32_t> full(const Workload& workload, const WorkloadRequest& request) {
  return {request.blocks.begin(), request.blocks.begin() + request.prompt_tokens / workload.block_tokens};
}

// The same rule on a plain list, oldest first.
int64_t plain_lru(const Workload& workload, int64_t capacity) {
  std::vector<int32_t> list;
  int64_t hits = 0;
  for (const WorkloadRequest& request : workload.requests) {
    const std::vector<int32_t> blocks = full(workload, request);
    for (const int32_t block : blocks) {
      if (std::ranges::find(list, block) == list.end()) break;
      ++hits;
    }
    for (size_t index = blocks.size(); index-- > 0;) {
      std::erase(list, blocks[index]);
      list.push_back(blocks[index]);
    }
    while (std::ssize(list) > capacity) list.erase(list.begin());
  }
  return hits;
}

// The best that any cache could do: after each request it keeps any `capacity` of the blocks that it had or saw.
int64_t best_of_all(const Workload& workload, int capacity) {
  std::map<uint32_t, int64_t> best = {{0, 0}};  // kept blocks, one bit each -> hits so far
  for (const WorkloadRequest& request : workload.requests) {
    std::map<uint32_t, int64_t> next;
    for (const auto& [kept, hits_before] : best) {
      int64_t hits = hits_before;
      bool served = true;
      uint32_t seen = kept;
      for (const int32_t block : full(workload, request)) {
        const uint32_t bit = uint32_t{1} << block;
        served = served && (kept & bit) != 0;
        hits += served ? 1 : 0;
        seen |= bit;
      }
      for (uint32_t subset = seen;; subset = (subset - 1) & seen) {
        if (std::popcount(subset) <= capacity) {
          const auto [at, fresh] = next.try_emplace(subset, hits);
          if (!fresh) at->second = std::max(at->second, hits);
        }
        if (subset == 0) break;
      }
    }
    best = std::move(next);
  }
  int64_t most = 0;
  for (const auto& [kept, hits] : best) most = std::max(most, hits);
  return most;
}

TEST(CacheOracle, lru_is_what_a_plain_list_does) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Workload workload = test::random_workload(seed, 12, 25);
    for (int64_t capacity = 0; capacity <= 13; ++capacity) {
      ASSERT_EQ(lru_hits(workload, capacity), plain_lru(workload, capacity)) << "seed " << seed << ", " << capacity;
    }
  }
}

TEST(CacheOracle, no_choice_of_blocks_serves_more_than_belady) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Workload workload = test::random_workload(seed, 6, 9);
    for (int capacity = 0; capacity <= 6; ++capacity) {
      ASSERT_EQ(belady_hits(workload, capacity), best_of_all(workload, capacity)) << "seed " << seed << ", " << capacity;
    }
  }
}

TEST(CacheOracle, with_room_for_all_each_serves_what_is_not_the_first_of_its_kind) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const Workload workload = test::random_workload(seed, 12, 25);
    EXPECT_EQ(lru_hits(workload, 12), ideal_hits(workload));
    EXPECT_EQ(belady_hits(workload, 12), ideal_hits(workload));
    EXPECT_LE(lru_hits(workload, 5), belady_hits(workload, 5));
  }
}

}  // namespace
}  // namespace quire::sim
