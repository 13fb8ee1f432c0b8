#include "model/kv_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

namespace {

// Of the keys, or of the values, of one layer.
int64_t layer_block_bytes(KvType type, const AttentionConfig& attention, int32_t block_tokens) {
  const ElementType element = type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16;
  // A head in f32 is kept as two in f16.
  const int64_t stored_head_dim = type == KvType::f32 ? 2 * attention.head_dim : attention.head_dim;
  return attention.kv_heads * (block_tokens / attention_chunk) * kv_chunk_size_bytes(element, stored_head_dim);
}

}  // namespace

int64_t KvStore::block_size_bytes(const ModelConfig& config, int32_t block_tokens) {
  int64_t bytes = 0;
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    const int64_t layer_bytes = 2 * layer_block_bytes(config.kv_type, config.attention(layer), block_tokens);
    bytes = config.whole_texts ? std::max(bytes, layer_bytes) : bytes + layer_bytes;
  }
  return bytes;
}

Result<KvStore> KvStore::create(const ModelConfig& config, const Limits& limits, Device& device) {
  if (limits.block_tokens <= 0 || limits.block_tokens % attention_chunk != 0) {
    return fail(ErrorKind::invalid, fmt::format("block_tokens: found {}, expected a positive multiple of {}",
                                                limits.block_tokens, attention_chunk));
  }
  if (limits.block_count <= 0) {
    return fail(ErrorKind::invalid, fmt::format("block_count: found {}, expected at least 1", limits.block_count));
  }
  const auto size_bytes = checked_mul(static_cast<uint64_t>(block_size_bytes(config, limits.block_tokens)),
                                      static_cast<uint64_t>(limits.block_count));
  if (!size_bytes) return fail(ErrorKind::too_large, fmt::format("{} KV blocks: too many", limits.block_count));
  QUIRE_TRY(DeviceMemory memory, device.allocate(*size_bytes, MemoryUse::sparse, "KV cache"));
  return KvStore(std::move(memory), config, limits);
}

KvStore::KvStore(DeviceMemory memory, const ModelConfig& config, const Limits& limits)
    : memory_(std::move(memory)), block_count_(limits.block_count) {
  DeviceAddress at = memory_.address();
  for (int64_t layer = 0; layer < config.layer_count(); ++layer) {
    const AttentionConfig& attention = config.attention(layer);
    const int64_t block_bytes = layer_block_bytes(config.kv_type, attention, limits.block_tokens);
    layers_.push_back({.view = {.keys = at,
                                .values = at + block_count_ * block_bytes,
                                .type = config.kv_type,
                                .block_tokens = limits.block_tokens,
                                .kv_heads = attention.kv_heads,
                                .head_dim = attention.head_dim},
                       .block_bytes = block_bytes});
    if (!config.whole_texts) at = at + 2 * block_count_ * block_bytes;
  }
}

KvView KvStore::layer(int64_t index) const {
  QUIRE_CHECK(index >= 0 && index < std::ssize(layers_), "a layer of this model");
  return layers_[static_cast<size_t>(index)].view;
}

void KvStore::forget([[maybe_unused]] std::span<const BlockId> blocks) {
#ifdef QUIRE_POISON_KV
  fill(blocks, std::byte{0xff});  // 0xffff is a NaN in f16, and so is a scale of q8_0
#endif
}

template <typename Visit>
void KvStore::for_parts(std::span<const BlockId> blocks, const Visit& visit) {
  for (const BlockId block : blocks) {
    QUIRE_CHECK(block.value >= 0 && block.value < block_count_, "a block of this store");
    for (const LayerPlace& layer : layers_) {
      for (const DeviceAddress part : {layer.view.keys, layer.view.values}) {
        visit(part.value - memory_.address().value + static_cast<uint64_t>(block.value * layer.block_bytes),
              static_cast<uint64_t>(layer.block_bytes));
      }
    }
  }
}

void KvStore::fill(std::span<const BlockId> blocks, std::byte value) {
  for_parts(blocks, [&](uint64_t offset, uint64_t size_bytes) { memory_.fill(offset, value, size_bytes); });
}

void KvStore::discard(std::span<const BlockId> blocks) {
  for_parts(blocks, [&](uint64_t offset, uint64_t size_bytes) { memory_.give_back(offset, size_bytes); });
}

}  // namespace quire
