#include "sim/cache_oracle.h"

#include <limits>
#include <set>
#include <span>
#include <tuple>
#include <vector>

namespace quire::sim {

namespace {

std::span<const int32_t> full_blocks(const Workload& workload, const WorkloadRequest& request) {
  return std::span(request.blocks).first(static_cast<size_t>(request.prompt_tokens / workload.block_tokens));
}

size_t block_count(const Workload& workload) {
  int32_t count = 0;
  for (const WorkloadRequest& request : workload.requests) {
    for (const int32_t block : request.blocks) count = std::max(count, block + 1);
  }
  return static_cast<size_t>(count);
}

// For each place in the sequence of all full blocks: the next place with the same block.
std::vector<int64_t> next_uses(const Workload& workload) {
  constexpr int64_t never = std::numeric_limits<int64_t>::max();
  std::vector<int32_t> sequence;
  for (const WorkloadRequest& request : workload.requests) {
    const auto blocks = full_blocks(workload, request);
    sequence.insert(sequence.end(), blocks.begin(), blocks.end());
  }
  std::vector<int64_t> next(sequence.size());
  std::vector<int64_t> next_of_block(block_count(workload), never);
  for (size_t place = sequence.size(); place-- > 0;) {
    int64_t& use = next_of_block[static_cast<size_t>(sequence[place])];
    next[place] = use;
    use = static_cast<int64_t>(place);
  }
  return next;
}

}  // namespace

int64_t ideal_hits(const Workload& workload) {
  std::vector<bool> known(block_count(workload));
  int64_t hits = 0;
  for (const WorkloadRequest& request : workload.requests) {
    for (const int32_t block : full_blocks(workload, request)) {
      hits += known[static_cast<size_t>(block)] ? 1 : 0;
      known[static_cast<size_t>(block)] = true;
    }
  }
  return hits;
}

int64_t lru_hits(const Workload& workload, int64_t capacity) {
  constexpr int64_t absent = -1;
  std::vector<int64_t> stamps(block_count(workload), absent);
  std::set<std::tuple<int64_t, int32_t>> oldest;
  int64_t now = 0, hits = 0;
  for (const WorkloadRequest& request : workload.requests) {
    const auto blocks = full_blocks(workload, request);
    const auto stamp_of = [&](int32_t block) -> int64_t& { return stamps[static_cast<size_t>(block)]; };
    for (size_t index = 0; index < blocks.size() && stamp_of(blocks[index]) != absent; ++index) ++hits;
    for (size_t index = blocks.size(); index-- > 0;) {
      int64_t& stamp = stamp_of(blocks[index]);
      if (stamp != absent) oldest.erase({stamp, blocks[index]});
      stamp = now++;
      oldest.insert({stamp, blocks[index]});
    }
    while (std::ssize(oldest) > capacity) {
      stamp_of(std::get<1>(*oldest.begin())) = absent;
      oldest.erase(oldest.begin());
    }
  }
  return hits;
}

int64_t belady_hits(const Workload& workload, int64_t capacity) {
  constexpr int64_t absent = -1;
  const std::vector<int64_t> next = next_uses(workload);
  std::vector<int64_t> kept_until(block_count(workload), absent);
  // Of those that are never needed again, the one that lies deepest goes first.
  std::set<std::tuple<int64_t, int64_t, int32_t>> latest;
  size_t place = 0;
  int64_t hits = 0;
  for (const WorkloadRequest& request : workload.requests) {
    bool served = true;
    int64_t depth = 0;
    for (const int32_t block : full_blocks(workload, request)) {
      int64_t& until = kept_until[static_cast<size_t>(block)];
      served = served && until != absent;
      hits += served ? 1 : 0;
      if (until != absent) latest.erase({until, depth, block});
      until = next[place++];
      latest.insert({until, depth++, block});
      if (std::ssize(latest) <= capacity) continue;
      const auto goes = std::prev(latest.end());
      kept_until[static_cast<size_t>(std::get<2>(*goes))] = absent;
      latest.erase(goes);
    }
  }
  return hits;
}

}  // namespace quire::sim
