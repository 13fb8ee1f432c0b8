// What each layer keeps of a context's tokens, and where it lies in a block of its class.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/ids.h"
#include "model/config.h"
#include "model/placement/stage.h"

namespace quire {

// A layer's part of a block.
struct KvPlace {
  MemoryClass of = MemoryClass::full;
  int64_t layer = 0;  // whose rows they are: its own number, or that of the layer whose keys and values it reads
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t latent_dim = 0;         // of a key, which are its value; 0: values are stored beside keys
  int64_t key_block_bytes = 0;    // of a block; 0: it has no rows of its own
  int64_t value_block_bytes = 0;  // the same; 0 beside keys: values are the leading elements of the keys
  bool owns() const { return key_block_bytes > 0; }
};

// Geometry alone: it knows no memory and no number of blocks. A layer without attention has a place of no bytes; one
// that reads another layer's rows has that layer's geometry and no bytes of its own.
class KvLayout {
 public:
  // windows_apart: layers with windows are a class of their own; else all blocks are full ones.
  KvLayout(const ModelConfig& config, int32_t block_tokens, bool windows_apart)
      : KvLayout(config, block_tokens, windows_apart, all_layers(config)) {}
  // Of these layers alone: the others have places of no bytes. REQUIRES: none of these reads the rows of one of those.
  KvLayout(const ModelConfig& config, int32_t block_tokens, bool windows_apart, LayerRange layers);

  const std::vector<KvPlace>& layers() const { return layers_; }
  // Bytes of one block of this class over all layers; of the largest layer where they share them (whole texts). For
  // `state`, which has no blocks, 0.
  int64_t block_size_bytes(MemoryClass of) const { return block_bytes_[static_cast<size_t>(of)]; }

 private:
  std::vector<KvPlace> layers_;
  std::array<int64_t, memory_class_count> block_bytes_{};
};

}  // namespace quire
