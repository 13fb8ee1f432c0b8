// Block numbers of the KV cache: who uses which. Accounting only; the bytes live in the executor's KV store.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.h"

namespace quire {

enum class BlockState : uint8_t {
  free,      // holds nobody's rows
  held,      // at least one sequence has it in its table
  cached,    // no sequence has it, but its rows can still be found by their key
  withheld,  // nobody's, and not to be had: its memory was given back
};

// Every block is free, held, cached or withheld; held blocks are counted by reference, cached ones are kept in the
// order in which they were let go. Owned by the engine thread; not thread-safe. Invariants:
//  1. free_count() + held_count() + cached_count() + withheld_count() == count();
//  2. a held block has ref_count >= 1, the others 0;
//  3. the cached list is ordered by released_step(), oldest first;
//  4. shared_count() is the number of blocks with ref_count >= 2.
class BlockPool {
 public:
  // REQUIRES: count >= 0.
  explicit BlockPool(int32_t count);

  int32_t count() const { return static_cast<int32_t>(slots_.size()); }
  int32_t free_count() const { return static_cast<int32_t>(free_.size()); }
  int32_t cached_count() const { return cached_count_; }
  int32_t withheld_count() const { return static_cast<int32_t>(withheld_.size()); }
  // Held blocks with more than one reference.
  int32_t shared_count() const { return shared_count_; }
  int32_t held_count() const { return count() - free_count() - cached_count_ - withheld_count(); }

  BlockState state(BlockId block) const { return slot(block).state; }
  int32_t ref_count(BlockId block) const { return slot(block).ref_count; }
  // The step in which the last reference went. REQUIRES: the block is cached.
  int64_t released_step(BlockId block) const;

  // A free block, now held once. REQUIRES: free_count() > 0.
  BlockId take();
  // One more reference to a held block, or the first to a cached one.
  void retain(BlockId block);
  // One reference less. Without references the block becomes the youngest cached one if `keep`, else free.
  // Steps never go back. REQUIRES: the block is held.
  void release(BlockId block, bool keep, int64_t step);
  // The cached block that was let go first; invalid when there is none.
  BlockId oldest_cached() const { return oldest_; }
  // The cached block after `block` in the order of release; invalid at the end. REQUIRES: the block is cached.
  BlockId next_cached(BlockId block) const;
  // Makes a cached block free: its rows are nobody's from now on.
  void forget(BlockId block);
  // Takes a free block out of use, and gives the one that was taken out last back. REQUIRES: there is one.
  BlockId withhold();
  void give_back();

  // Stops the program when an invariant is broken. O(count).
  void check() const;

 private:
  struct Slot {
    BlockState state = BlockState::free;
    int32_t ref_count = 0;
    int64_t released_step = 0;
    BlockId older, younger;  // neighbours in the cached list
  };

  Slot& slot(BlockId block);
  const Slot& slot(BlockId block) const;
  void link_youngest(BlockId block);
  void unlink(BlockId block);

  std::vector<Slot> slots_;
  std::vector<BlockId> free_;      // a stack: the block that was freed last is still warm in the processor's cache
  std::vector<BlockId> withheld_;  // a stack, too
  BlockId oldest_, youngest_;
  int32_t cached_count_ = 0;
  int32_t shared_count_ = 0;
};

}  // namespace quire
