// The bytes behind the KV cache's block numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "core/ids.h"
#include "core/limits.h"
#include "model/config.h"

namespace quire {

// Keys and values of all layers, for limits.block_count blocks. Who uses which block is the scheduler's
// business. Of a model that computes whole texts: of one layer after the other at the same place, for the blocks of a
// step's texts. Owned by one executor; one thread, besides the backend's workers within a step.
// A block that was never written costs no memory.
class KvStore {
 public:
  // An error says what the block size must be or that there is no room.
  static Result<KvStore> create(const ModelConfig& config, const Limits& limits, Device& device);

  KvView layer(int64_t index) const;
  int64_t block_count() const { return block_count_; }
  // These blocks hold nobody's rows any more: builds with QUIRE_POISON_KV fill them with NaN.
  void forget(std::span<const BlockId> blocks);
  // Writes this into every byte of these blocks.
  void fill(std::span<const BlockId> blocks, std::byte value);

  // Gives the memory of these blocks back to the system, as far as it is whole pages.
  void discard(std::span<const BlockId> blocks);

  // Bytes of one block over all layers; of the largest where layers share them.
  static int64_t block_size_bytes(const ModelConfig& config, int32_t block_tokens);

 private:
  // One layer's keys, and as many values behind them.
  struct LayerPlace {
    KvView view;
    int64_t block_bytes = 0;  // of the keys, or of the values, of a block
  };

  // visit(offset, size_bytes) for each piece of the memory that belongs to one of these blocks.
  template <typename Visit>
  void for_parts(std::span<const BlockId> blocks, const Visit& visit);
  KvStore(DeviceMemory memory, const ModelConfig& config, const Limits& limits);

  DeviceMemory memory_;  // (layer, keys | values, block, block_bytes of the layer); one layer where they share it
  int64_t block_count_;
  std::vector<LayerPlace> layers_;
};

}  // namespace quire
