// The bytes behind the KV cache's block numbers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/ids.h"
#include "core/limits.h"
#include "model/config.h"
#include "model/kv_layout.h"
#include "model/placement/stage.h"

namespace quire {

// Keys and values of all layers, each on the device of its stage, for limits.block_count full blocks and
// limits.window_block_count window blocks; where that is 0, layers with windows have theirs in full blocks. Who uses
// which block is the scheduler's business. Of a model that computes whole texts: of one layer of a stage after the
// other at the same place, for the blocks of a step's texts.
// Owned by one executor; one thread, besides the backend's workers within a step.
// A block that was never written costs no memory.
class KvStore {
 public:
  // An error says what the block size must be or that there is no room.
  static Result<KvStore> create(const ModelConfig& config, const Limits& limits, std::span<const Stage> stages);

  // Where a layer's rows are, and with which numbers they are found.
  KvView layer(int64_t index) const;
  int64_t block_count(MemoryClass of = MemoryClass::full) const { return block_counts_[static_cast<size_t>(of)]; }
  // These blocks hold nobody's rows any more: builds with QUIRE_POISON_KV fill them with NaN.
  void forget(MemoryClass of, std::span<const BlockId> blocks);
  // Writes this into every byte of these blocks.
  void fill(MemoryClass of, std::span<const BlockId> blocks, std::byte value);

  // Gives the memory of these blocks back to the system, as far as it is whole pages.
  void discard(MemoryClass of, std::span<const BlockId> blocks);

 private:
  // A layer's view, and its own bytes of a block: none where it reads another layer's rows.
  struct LayerPlace {
    KvPlace place;
    KvView view;
    size_t stage = 0;
  };

  // visit(memory, offset, size_bytes) for each piece of a stage's memory that belongs to one of these blocks.
  template <typename Visit>
  void for_parts(MemoryClass of, std::span<const BlockId> blocks, const Visit& visit);
  explicit KvStore(const Limits& limits) : block_counts_{limits.block_count, limits.window_block_count} {}
  void add(DeviceMemory memory, const KvLayout& layout, const Stage& stage, const ModelConfig& config,
           const Limits& limits);

  // Of each stage: (layer, keys | values, block, block bytes of the layer); one layer where they share it.
  std::vector<DeviceMemory> memories_;
  std::array<int64_t, memory_class_count> block_counts_{};
  std::vector<LayerPlace> layers_;
};

}  // namespace quire
