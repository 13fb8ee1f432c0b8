#include "kv/block_cache.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace quire {
namespace {

using Tokens = std::vector<TokenId>;

BlockKey key(BlockId parent, const Tokens& tokens) {
  return {.parent = parent, .salt = 0, .tokens = tokens, .prompt_rows = 1};
}

TEST(BlockCache, a_published_block_survives_its_owner_until_the_room_is_needed) {
  BlockCache cache({.full = 2}, 1);
  const Tokens a = {1}, b = {2};
  std::vector<BlockId> table = {cache.take(), cache.take()};
  table[0] = cache.publish(table[0], key({}, a), 1);
  table[1] = cache.publish(table[1], key(table[0], b), 1);
  cache.release(table, 2);
  EXPECT_EQ(cache.available(), 2);
  EXPECT_EQ(cache.find(key({}, a)), table[0]);
  EXPECT_EQ(cache.take(), table[1]) << "the leaf goes first";
  EXPECT_EQ(cache.evictions(), 1);
  EXPECT_FALSE(cache.find(key(table[0], b)).valid());
  EXPECT_EQ(cache.find(key({}, a)), table[0]);
  cache.check();
}

TEST(BlockCache, an_unpublished_block_is_free_at_once) {
  BlockCache cache({.full = 2}, 1);
  const BlockId block = cache.take();
  cache.release(std::vector{block}, 1);
  EXPECT_EQ(cache.pool().free_count(), 2);
}

TEST(BlockCache, equal_blocks_become_one) {
  BlockCache cache({.full = 2}, 1);
  const Tokens tokens = {1};
  const BlockId first = cache.publish(cache.take(), key({}, tokens), 1);
  const BlockId second = cache.publish(cache.take(), key({}, tokens), 1);
  EXPECT_EQ(first, second);
  EXPECT_EQ(cache.pool().ref_count(first), 2);
  EXPECT_EQ(cache.pool().free_count(), 1);
  cache.check();
}

TEST(BlockCache, the_least_recently_used_branch_goes_first_and_a_held_one_never) {
  BlockCache cache({.full = 4}, 1);
  const Tokens root = {0}, x = {1}, y = {2}, z = {3};
  const BlockId top = cache.publish(cache.take(), key({}, root), 1);
  const BlockId left = cache.publish(cache.take(), key(top, x), 1);
  cache.retain(top);
  const BlockId right = cache.publish(cache.take(), key(top, y), 1);
  cache.release(std::vector{top, right}, 5);  // the right branch is idle since step 5
  cache.retain(top);
  const BlockId third = cache.publish(cache.take(), key(top, z), 6);
  cache.release(std::vector{top, third}, 7);
  EXPECT_EQ(cache.available(), 2);
  EXPECT_EQ(cache.take(), right);
  EXPECT_EQ(cache.take(), third);
  EXPECT_EQ(cache.available(), 0);
  EXPECT_EQ(cache.find(key(top, x)), left);
  EXPECT_DEATH(cache.take(), "a block is taken only when one is available");
  cache.check();
}

// Property: sequences over two tokens come, grow, share and go; the invariants hold after each of it.
TEST(BlockCache, invariants_hold_under_any_traffic) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BlockCache cache({.full = static_cast<int32_t>(2 + random() % 8)}, 1);
    std::vector<std::vector<BlockId>> tables(3);
    for (int64_t step = 0; step < 200; ++step) {
      std::vector<BlockId>& table = tables[random() % tables.size()];
      const Tokens tokens = {static_cast<TokenId>(random() % 2)};
      const BlockKey wanted = key(table.empty() ? BlockId{} : table.back(), tokens);
      if (random() % 6 == 0) {
        cache.release(table, step);
        table.clear();
      } else if (const BlockId known = cache.find(wanted); known.valid() && random() % 2 == 0) {
        cache.retain(known);
        table.push_back(known);
      } else if (cache.available() > 0) {
        // Taking may evict anything that is not held; the parent is.
        const BlockId block = cache.take();
        table.push_back(cache.publish(block, wanted, step));
      }
      cache.check();
    }
  }
}

}  // namespace
}  // namespace quire
