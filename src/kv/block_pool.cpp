#include "kv/block_pool.h"

#include "base/check.h"

namespace quire {

BlockPool::BlockPool(int32_t count) {
  QUIRE_CHECK(count >= 0, "a pool has a number of blocks");
  slots_.resize(static_cast<size_t>(count));
  free_.reserve(static_cast<size_t>(count));
  withheld_.reserve(static_cast<size_t>(count));
  for (int32_t index = count; index-- > 0;) free_.push_back(BlockId{index});
}

BlockPool::Slot& BlockPool::slot(BlockId block) {
  QUIRE_CHECK(block.value >= 0 && block.value < count(), "the block is of this pool");
  return slots_[static_cast<size_t>(block.value)];
}

const BlockPool::Slot& BlockPool::slot(BlockId block) const {
  QUIRE_CHECK(block.value >= 0 && block.value < count(), "the block is of this pool");
  return slots_[static_cast<size_t>(block.value)];
}

int64_t BlockPool::released_step(BlockId block) const {
  QUIRE_CHECK(slot(block).state == BlockState::cached, "only a cached block was let go");
  return slot(block).released_step;
}

BlockId BlockPool::take() {
  QUIRE_CHECK(!free_.empty(), "a block is taken only when one is free");
  const BlockId block = free_.back();
  free_.pop_back();
  slot(block).state = BlockState::held;
  slot(block).ref_count = 1;
  return block;
}

void BlockPool::retain(BlockId block) {
  Slot& s = slot(block);
  QUIRE_CHECK(s.state == BlockState::held || s.state == BlockState::cached, "a free block has no rows to share");
  if (s.state == BlockState::cached) {
    unlink(block);
    s.state = BlockState::held;
  }
  if (++s.ref_count == 2) ++shared_count_;
}

void BlockPool::release(BlockId block, bool keep, int64_t step) {
  Slot& s = slot(block);
  QUIRE_CHECK(s.state == BlockState::held && s.ref_count > 0, "only a held block can be let go");
  if (--s.ref_count == 1) --shared_count_;
  if (s.ref_count > 0) return;
  if (!keep) {
    s.state = BlockState::free;
    free_.push_back(block);
    return;
  }
  QUIRE_CHECK(!youngest_.valid() || slot(youngest_).released_step <= step, "steps do not go back");
  s.state = BlockState::cached;
  s.released_step = step;
  link_youngest(block);
}

BlockId BlockPool::next_cached(BlockId block) const {
  QUIRE_CHECK(slot(block).state == BlockState::cached, "only cached blocks are in the list");
  return slot(block).younger;
}

void BlockPool::forget(BlockId block) {
  QUIRE_CHECK(slot(block).state == BlockState::cached, "only a cached block can be forgotten");
  unlink(block);
  slot(block).state = BlockState::free;
  free_.push_back(block);
}

BlockId BlockPool::withhold() {
  QUIRE_CHECK(!free_.empty(), "only a free block is taken out of use");
  const BlockId block = free_.back();
  free_.pop_back();
  slot(block).state = BlockState::withheld;
  withheld_.push_back(block);
  return block;
}

void BlockPool::give_back() {
  QUIRE_CHECK(!withheld_.empty(), "a block comes back that was taken out of use");
  slot(withheld_.back()).state = BlockState::free;
  free_.push_back(withheld_.back());
  withheld_.pop_back();
}

void BlockPool::link_youngest(BlockId block) {
  Slot& s = slot(block);
  s.older = youngest_;
  s.younger = BlockId{};
  if (youngest_.valid()) slot(youngest_).younger = block;
  youngest_ = block;
  if (!oldest_.valid()) oldest_ = block;
  ++cached_count_;
}

void BlockPool::unlink(BlockId block) {
  Slot& s = slot(block);
  (s.older.valid() ? slot(s.older).younger : oldest_) = s.younger;
  (s.younger.valid() ? slot(s.younger).older : youngest_) = s.older;
  s.older = s.younger = BlockId{};
  --cached_count_;
}

void BlockPool::check() const {
  int32_t free = 0, held = 0, cached = 0, shared = 0;
  for (const Slot& s : slots_) {
    free += s.state == BlockState::free ? 1 : 0;
    held += s.state == BlockState::held ? 1 : 0;
    cached += s.state == BlockState::cached ? 1 : 0;
    shared += s.ref_count > 1 ? 1 : 0;
    QUIRE_CHECK((s.state == BlockState::held) == (s.ref_count > 0), "exactly the held blocks have references");
  }
  QUIRE_CHECK(free == free_count() && held == held_count() && cached == cached_count_, "each block is counted once");
  QUIRE_CHECK(shared == shared_count_, "blocks with several references are counted");
  for (const BlockId block : withheld_) {
    QUIRE_CHECK(state(block) == BlockState::withheld, "the withheld blocks are out of use");
  }
  for (const BlockId block : free_) QUIRE_CHECK(state(block) == BlockState::free, "the free list holds free blocks");
  int32_t listed = 0;
  BlockId before;
  for (BlockId block = oldest_; block.valid(); block = slot(block).younger) {
    QUIRE_CHECK(state(block) == BlockState::cached, "the cached list holds cached blocks");
    QUIRE_CHECK(slot(block).older == before, "the cached list is linked both ways");
    QUIRE_CHECK(!before.valid() || slot(before).released_step <= slot(block).released_step,
                "the cached list is ordered by step");
    before = block;
    QUIRE_CHECK(++listed <= cached_count_, "the cached list has an end");
  }
  QUIRE_CHECK(listed == cached_count_ && before == youngest_, "the cached list holds every cached block");
}

}  // namespace quire
