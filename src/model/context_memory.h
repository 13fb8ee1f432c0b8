// What the contexts of a model take of each class of memory, and how a memory is shared among the classes.
#pragma once

#include <cstdint>
#include <span>

#include "core/ids.h"
#include "core/limits.h"
#include "model/config.h"
#include "model/placement/stage.h"

namespace quire {

// A plain value; of blocks of `block_tokens` tokens.
struct ContextMemory {
  int64_t block_tokens = 0;
  int64_t block_bytes = 0;         // of a block of the layers that see all positions, MTP's too, or of whole texts
  int64_t window_block_bytes = 0;  // ... of the layers with windows
  int64_t window_tokens = 0;       // positions that the longest window sees; 0: there are none
  int64_t state_bytes = 0;         // of the recurrent layers' states together; 0: there are none
  bool whole_texts = false;

  // Whether layers with windows have blocks of their own: where contexts are no longer than the window they would save
  // nothing.
  bool windows_apart(int64_t context_tokens) const { return window_tokens > 0 && window_tokens < context_tokens; }
  // Blocks in which a row sees something through the longest window, wherever it stands.
  int64_t window_blocks() const;
  // Bytes of one number of a class, as an engine has them whose contexts are so long.
  int64_t bytes_of(MemoryClass of, int64_t context_tokens) const;
  // Bytes of one context of `tokens` tokens, by itself.
  int64_t context_bytes(int64_t tokens) const;
  // Between two snapshots of a prompt: as many tokens as make a snapshot no dearer than the keys and values it saves.
  int32_t snapshot_tokens() const;
};

ContextMemory context_memory(const ModelConfig& config, int32_t block_tokens);
// What of it lies where these layers are computed. Windows are as long as the model's. MTP's blocks are where the last
// layer is.
ContextMemory context_memory(const ModelConfig& config, int32_t block_tokens, LayerRange layers);

// Sets the numbers of all classes, so that as many contexts of limits.context_tokens as can be had of `bytes` have what
// they need at once: at most running_max, at least one.
void share_memory(const ContextMemory& memory, uint64_t bytes, Limits& limits);
// The same of a model whose contexts lie on several devices, each part in so many bytes: what all have room for.
struct ContextShare {
  ContextMemory memory;
  uint64_t bytes = 0;
};
void share_memory(const ContextMemory& memory, std::span<const ContextShare> shares, Limits& limits);

// For contexts that all run and share nothing, as programs beside the server have them: a state for each, and one
// behind it. Windows are in full blocks.
void add_states(const ModelConfig& config, Limits& limits);

}  // namespace quire
