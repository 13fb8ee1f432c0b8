// Window blocks and snapshots beside the nodes of the tree.
#include "kv/node_memory.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kv/block_cache.h"

namespace quire {
namespace {

using Tokens = std::vector<TokenId>;

BlockKey key_behind(BlockId parent, const Tokens& tokens) { return {.parent = parent, .tokens = tokens}; }

// A published block with a window block, both of them let go.
struct Node {
  BlockId block, window;
};

Node publish_and_release(BlockCache& cache, BlockId parent, TokenId token, int64_t step) {
  const Tokens tokens = {token};
  const BlockId block = cache.publish(cache.take(), key_behind(parent, tokens), step);
  const BlockId window = cache.windows().attach(cache.windows().take(), block, step);
  cache.windows().release(window, step);
  if (parent.valid()) cache.retain(parent);
  cache.release(parent.valid() ? std::vector{parent, block} : std::vector{block}, step);
  return {block, window};
}

TEST(NodeMemory, what_a_node_has_survives_its_holders_until_it_is_needed) {
  BlockCache cache({.full = 4, .window = 2}, 1);
  const Node first = publish_and_release(cache, {}, 1, 1);
  const Node second = publish_and_release(cache, {}, 2, 2);
  EXPECT_EQ(cache.windows().of(first.block), first.window);
  EXPECT_EQ(cache.windows().available(), 2);
  EXPECT_EQ(cache.windows().take(), first.window) << "the one that was let go first, whatever its node is";
  EXPECT_EQ(cache.windows().evictions(), 1);
  EXPECT_FALSE(cache.windows().of(first.block).valid());
  EXPECT_TRUE(cache.tree().contains(first.block)) << "its node stays";
  EXPECT_EQ(cache.windows().of(second.block), second.window);
  cache.check();
}

TEST(NodeMemory, a_node_that_is_evicted_takes_along_what_it_has) {
  BlockCache cache({.full = 1, .window = 2, .state = 1}, 1);
  const Node node = publish_and_release(cache, {}, 1, 1);
  const BlockId state = cache.states().attach(cache.states().take(), node.block, 1);
  cache.states().release(state, 1);
  EXPECT_EQ(cache.take(), node.block);
  EXPECT_EQ(cache.windows().pool().free_count(), 2);
  EXPECT_EQ(cache.states().pool().free_count(), 1);
  cache.check();
}

TEST(NodeMemory, of_two_equal_ones_the_node_keeps_the_first) {
  BlockCache cache({.full = 2, .state = 2}, 1);
  const BlockId node = cache.publish(cache.take(), key_behind({}, {1}), 1);
  const BlockId first = cache.states().attach(cache.states().take(), node, 1);
  const BlockId second = cache.states().attach(cache.states().take(), node, 1);
  EXPECT_EQ(first, second);
  EXPECT_EQ(cache.states().pool().ref_count(first), 2);
  EXPECT_EQ(cache.states().pool().free_count(), 1);
  cache.check();
}

TEST(NodeMemory, what_is_detached_is_its_holders_alone) {
  BlockCache cache({.full = 1, .state = 1}, 1);
  const BlockId node = cache.publish(cache.take(), key_behind({}, {1}), 1);
  const BlockId state = cache.states().attach(cache.states().take(), node, 1);
  cache.states().detach(state);
  EXPECT_FALSE(cache.states().of(node).valid());
  cache.check();
  cache.states().release(state, 2);
  EXPECT_EQ(cache.states().pool().free_count(), 1);
}

TEST(NodeMemory, what_is_held_is_not_dropped) {
  BlockCache cache({.full = 1, .state = 1}, 1);
  const BlockId node = cache.publish(cache.take(), key_behind({}, {1}), 1);
  cache.states().attach(cache.states().take(), node, 1);
  EXPECT_DEATH(cache.states().drop(node), "only a cached block");
}

// Property: sequences over two tokens come, grow with window blocks and snapshots, share and go.
TEST(NodeMemory, invariants_hold_under_any_traffic) {
  struct Table {
    std::vector<BlockId> blocks, windows;
  };
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BlockCache cache({.full = static_cast<int32_t>(2 + random() % 8), .window = 4, .state = 2}, 1);
    std::vector<Table> tables(3);
    for (int64_t step = 0; step < 200; ++step) {
      Table& table = tables[random() % tables.size()];
      const Tokens tokens = {static_cast<TokenId>(random() % 2)};
      if (random() % 6 == 0) {
        for (const BlockId window : table.windows) cache.windows().release(window, step);
        cache.release(table.blocks, step);
        table = {};
      } else if (cache.available() > 0 && cache.windows().available() > 0) {
        const BlockId parent = table.blocks.empty() ? BlockId{} : table.blocks.back();
        table.blocks.push_back(cache.publish(cache.take(), key_behind(parent, tokens), step));
        table.windows.push_back(cache.windows().attach(cache.windows().take(), table.blocks.back(), step));
        if (random() % 2 == 0) {
          cache.windows().release(table.windows.front(), step);
          table.windows.erase(table.windows.begin());
        }
        if (random() % 3 == 0) {
          const BlockId state = cache.states().attach(cache.states().take(), table.blocks.back(), step);
          cache.states().release(state, step);
        }
      }
      cache.check();
    }
  }
}

}  // namespace
}  // namespace quire
