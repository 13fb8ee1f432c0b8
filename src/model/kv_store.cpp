#include "model/kv_store.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

namespace {

ElementType element_type(const ModelConfig& config) {
  return config.kv_type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16;
}

// A head in f32 is kept as two in f16.
int64_t stored_head_dim(const ModelConfig& config) {
  return config.kv_type == KvType::f32 ? 2 * config.head_dim : config.head_dim;
}

// Of the keys, or of the values, of one layer.
int64_t layer_block_bytes(const ModelConfig& config, int32_t block_tokens) {
  return config.kv_heads * (block_tokens / attention_chunk) *
         kv_chunk_size_bytes(element_type(config), stored_head_dim(config));
}

}  // namespace

int64_t KvStore::block_size_bytes(const ModelConfig& config, int32_t block_tokens) {
  return 2 * config.layers * layer_block_bytes(config, block_tokens);
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
    : memory_(std::move(memory)),
      layers_(config.layers),
      block_count_(limits.block_count),
      block_bytes_(layer_block_bytes(config, limits.block_tokens)),
      first_layer_{.keys = memory_.address(),
                   .values = memory_.address() + block_count_ * block_bytes_,
                   .type = config.kv_type,
                   .block_tokens = limits.block_tokens,
                   .kv_heads = config.kv_heads,
                   .head_dim = config.head_dim} {}

KvView KvStore::layer(int64_t index) const {
  QUIRE_CHECK(index >= 0 && index < layers_, "a layer of this model");
  KvView view = first_layer_;
  view.keys = view.keys + index * 2 * block_count_ * block_bytes_;
  view.values = view.values + index * 2 * block_count_ * block_bytes_;
  return view;
}

void KvStore::forget([[maybe_unused]] std::span<const BlockId> blocks) {
#ifdef QUIRE_POISON_KV
  fill(blocks, std::byte{0xff});  // 0xffff is a NaN in f16, and so is a scale of q8_0
#endif
}

template <typename Visit>
void KvStore::for_parts(std::span<const BlockId> blocks, const Visit& visit) {
  const auto block_bytes = static_cast<uint64_t>(block_bytes_);
  for (const BlockId block : blocks) {
    QUIRE_CHECK(block.value >= 0 && block.value < block_count_, "a block of this store");
    for (int64_t part = 0; part < 2 * layers_; ++part) {  // keys and values of each layer
      visit(static_cast<uint64_t>(part * block_count_ + block.value) * block_bytes, block_bytes);
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
