#include "kv/block_pool.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace quire {
namespace {

TEST(BlockPool, a_taken_block_is_not_free) {
  BlockPool pool(2);
  const BlockId a = pool.take();
  EXPECT_EQ(pool.state(a), BlockState::held);
  EXPECT_EQ(pool.ref_count(a), 1);
  const BlockId b = pool.take();
  EXPECT_NE(a, b);
  EXPECT_EQ(pool.free_count(), 0);
  EXPECT_EQ(pool.held_count(), 2);
  EXPECT_DEATH(pool.take(), "a block is taken only when one is free");
}

TEST(BlockPool, a_block_is_let_go_with_its_last_reference) {
  BlockPool pool(1);
  const BlockId block = pool.take();
  pool.retain(block);
  pool.release(block, false, 1);
  EXPECT_EQ(pool.state(block), BlockState::held);
  pool.release(block, false, 2);
  EXPECT_EQ(pool.state(block), BlockState::free);
  EXPECT_DEATH(pool.release(block, false, 3), "only a held block");
  EXPECT_DEATH(pool.retain(block), "a free block has no rows");
}

TEST(BlockPool, cached_blocks_are_ordered_by_the_step_they_were_let_go_in) {
  BlockPool pool(3);
  const BlockId a = pool.take(), b = pool.take(), c = pool.take();
  pool.release(b, true, 1);
  pool.release(c, true, 2);
  pool.release(a, true, 2);
  EXPECT_EQ(pool.oldest_cached(), b);
  EXPECT_EQ(pool.next_cached(b), c);
  EXPECT_EQ(pool.next_cached(c), a);
  EXPECT_FALSE(pool.next_cached(a).valid());
  EXPECT_EQ(pool.released_step(b), 1);
  pool.retain(c);  // from the middle of the list
  EXPECT_EQ(pool.next_cached(b), a);
  pool.release(c, true, 3);
  EXPECT_EQ(pool.next_cached(a), c);
  pool.forget(b);
  EXPECT_EQ(pool.oldest_cached(), a);
  EXPECT_EQ(pool.free_count(), 1);
  EXPECT_DEATH(pool.forget(b), "only a cached block");
  pool.check();
}

// Property: whatever is done, every block is free, held or cached, and the pool agrees with a plain list of facts.
TEST(BlockPool, blocks_are_conserved_under_any_operations) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    const int32_t count = static_cast<int32_t>(1 + random() % 8);
    BlockPool pool(count);
    std::vector<int32_t> references(static_cast<size_t>(count), 0);
    for (int64_t step = 0; step < 200; ++step) {
      const BlockId block{static_cast<int32_t>(random() % static_cast<uint64_t>(count))};
      int32_t& reference = references[static_cast<size_t>(block.value)];
      switch (random() % 4) {
        case 0:
          if (pool.free_count() > 0) references[static_cast<size_t>(pool.take().value)] = 1;
          break;
        case 1:
          if (pool.state(block) != BlockState::free) {
            pool.retain(block);
            ++reference;
          }
          break;
        case 2:
          if (reference > 0) {
            pool.release(block, random() % 2 == 0, step);
            --reference;
          }
          break;
        default:
          if (pool.oldest_cached().valid()) pool.forget(pool.oldest_cached());
      }
      pool.check();
      for (int32_t index = 0; index < count; ++index) {
        ASSERT_EQ(pool.ref_count(BlockId{index}), references[static_cast<size_t>(index)]);
      }
    }
  }
}

}  // namespace
}  // namespace quire
