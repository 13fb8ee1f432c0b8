#include "model/kv_store.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

namespace {

KvLayout layout_of(const ModelConfig& config, const Limits& limits) {
  return {config, limits.block_tokens, limits.window_block_count > 0};
}

}  // namespace

Result<KvStore> KvStore::create(const ModelConfig& config, const Limits& limits, Device& device) {
  if (limits.block_tokens <= 0 || limits.block_tokens % attention_chunk != 0) {
    return fail(ErrorKind::invalid, fmt::format("block_tokens: found {}, expected a positive multiple of {}",
                                                limits.block_tokens, attention_chunk));
  }
  if (limits.block_count <= 0) {
    return fail(ErrorKind::invalid, fmt::format("block_count: found {}, expected at least 1", limits.block_count));
  }
  const KvLayout layout = layout_of(config, limits);
  uint64_t size_bytes = 0;
  for (const MemoryClass of : {MemoryClass::full, MemoryClass::window}) {
    const int32_t count = of == MemoryClass::full ? limits.block_count : limits.window_block_count;
    const auto bytes = checked_mul(static_cast<uint64_t>(layout.block_size_bytes(of)), static_cast<uint64_t>(count));
    const auto sum = bytes ? checked_add(size_bytes, *bytes) : std::nullopt;
    if (!sum) return fail(ErrorKind::too_large, fmt::format("{} KV blocks: too many", count));
    size_bytes = *sum;
  }
  QUIRE_TRY(DeviceMemory memory, device.allocate(size_bytes, MemoryUse::sparse, "KV cache"));
  return KvStore(std::move(memory), config, limits);
}

KvStore::KvStore(DeviceMemory memory, const ModelConfig& config, const Limits& limits)
    : memory_(std::move(memory)), block_counts_{limits.block_count, limits.window_block_count} {
  DeviceAddress at = memory_.address();
  const KvLayout layout = layout_of(config, limits);
  for (const KvPlace& place : layout.layers()) {
    const int64_t count = block_count(place.of);
    KvView view{.keys = at,
                .values = at + count * place.key_block_bytes,
                .type = config.kv_type,
                .window_blocks = place.of == MemoryClass::window,
                .block_tokens = limits.block_tokens,
                .kv_heads = place.kv_heads,
                .head_dim = place.head_dim,
                .latent_dim = place.latent_dim};
    if (!place.owns() && place.kv_heads > 0) view = layers_[static_cast<size_t>(place.layer)].view;
    layers_.push_back({.place = place, .view = view});
    if (!config.whole_texts) at = at + count * (place.key_block_bytes + place.value_block_bytes);
  }
}

KvView KvStore::layer(int64_t index) const {
  QUIRE_CHECK(index >= 0 && index < std::ssize(layers_), "a layer of this model");
  return layers_[static_cast<size_t>(index)].view;
}

void KvStore::forget([[maybe_unused]] MemoryClass of, [[maybe_unused]] std::span<const BlockId> blocks) {
#ifdef QUIRE_POISON_KV
  fill(of, blocks, std::byte{0xff});  // 0xffff is a NaN in f16, and so is a scale of q8_0
#endif
}

template <typename Visit>
void KvStore::for_parts(MemoryClass of, std::span<const BlockId> blocks, const Visit& visit) {
  for (const BlockId block : blocks) {
    QUIRE_CHECK(block.value >= 0 && block.value < block_count(of), "a block of this store");
    for (const auto& [place, view] : layers_) {
      if (place.of != of || !place.owns()) continue;
      const auto visit_part = [&](DeviceAddress part, int64_t bytes) {
        visit(part.value - memory_.address().value + static_cast<uint64_t>(block.value * bytes),
              static_cast<uint64_t>(bytes));
      };
      visit_part(view.keys, place.key_block_bytes);
      if (place.value_block_bytes > 0) visit_part(view.values, place.value_block_bytes);
    }
  }
}

void KvStore::fill(MemoryClass of, std::span<const BlockId> blocks, std::byte value) {
  for_parts(of, blocks, [&](uint64_t offset, uint64_t size_bytes) { memory_.fill(offset, value, size_bytes); });
}

void KvStore::discard(MemoryClass of, std::span<const BlockId> blocks) {
  for_parts(of, blocks, [&](uint64_t offset, uint64_t size_bytes) { memory_.give_back(offset, size_bytes); });
}

}  // namespace quire
