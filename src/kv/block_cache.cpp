#include "kv/block_cache.h"

#include "base/check.h"

namespace quire {

BlockCache::BlockCache(const MemoryCounts& counts, int32_t block_tokens)
    : pool_(counts.full),
      tree_(counts.full, block_tokens),
      windows_(counts.window, counts.full),
      states_(counts.state, counts.full) {}

const BlockPool& BlockCache::pool(MemoryClass of) const {
  return of == MemoryClass::full ? pool_ : of == MemoryClass::window ? windows_.pool() : states_.pool();
}

// Sees to it that a block is free.
void BlockCache::free_one() {
  if (pool_.free_count() > 0) return;
  const BlockId oldest = pool_.oldest_cached();
  QUIRE_CHECK(oldest.valid(), "a block is taken only when one is available");
  windows_.drop(oldest);
  states_.drop(oldest);
  tree_.remove(oldest);
  pool_.forget(oldest);
  ++evictions_;
}

BlockId BlockCache::take() {
  free_one();
  return pool_.take();
}

BlockId BlockCache::withhold(MemoryClass of) {
  if (of != MemoryClass::full) return beside(of).withhold();
  free_one();
  return pool_.withhold();
}

void BlockCache::give_back(MemoryClass of) {
  if (of != MemoryClass::full) return beside(of).give_back();
  pool_.give_back();
}

BlockId BlockCache::publish(BlockId block, const BlockKey& key, int64_t step) {
  const BlockId known = tree_.find(key);
  if (!known.valid()) {
    tree_.insert(block, key);
    return block;
  }
  pool_.retain(known);
  pool_.release(block, false, step);
  return known;
}

void BlockCache::release(std::span<const BlockId> table, int64_t step) {
  for (size_t index = table.size(); index-- > 0;) {
    pool_.release(table[index], tree_.contains(table[index]), step);
  }
}

void BlockCache::check() const {
  pool_.check();
  tree_.check();
  windows_.check(tree_, pool_);
  states_.check(tree_, pool_);
  for (int32_t index = 0; index < pool_.count(); ++index) {
    const BlockId block{index};
    const BlockState state = pool_.state(block);
    if (!tree_.contains(block)) {
      QUIRE_CHECK(state != BlockState::cached, "a cached block is published");
      continue;
    }
    QUIRE_CHECK(state == BlockState::held || state == BlockState::cached, "a published block is held or cached");
    const BlockId parent = tree_.key_of(block).parent;
    if (state == BlockState::held && parent.valid()) {
      QUIRE_CHECK(pool_.state(parent) == BlockState::held, "whoever holds a block holds the one before it");
    }
  }
  const BlockId oldest = pool_.oldest_cached();
  QUIRE_CHECK(!oldest.valid() || tree_.is_leaf(oldest), "the oldest cached block is a leaf");
}

}  // namespace quire
