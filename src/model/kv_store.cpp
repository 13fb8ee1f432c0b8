#include "model/kv_store.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace quire {

Result<KvStore> KvStore::create(const ModelConfig& config, const Limits& limits, std::span<const Stage> stages) {
  if (limits.block_tokens <= 0 || limits.block_tokens % attention_chunk != 0) {
    return fail(ErrorKind::invalid, fmt::format("block_tokens: found {}, expected a positive multiple of {}",
                                                limits.block_tokens, attention_chunk));
  }
  if (limits.block_count <= 0) {
    return fail(ErrorKind::invalid, fmt::format("block_count: found {}, expected at least 1", limits.block_count));
  }
  KvStore store(limits);
  for (const Stage& stage : stages) {
    const KvLayout layout(config, limits.block_tokens, limits.window_block_count > 0, stage.layers);
    uint64_t size_bytes = 0;
    for (const MemoryClass of : {MemoryClass::full, MemoryClass::window}) {
      const int32_t count = of == MemoryClass::full ? limits.block_count : limits.window_block_count;
      const auto bytes = checked_mul(static_cast<uint64_t>(layout.block_size_bytes(of)), static_cast<uint64_t>(count));
      const auto sum = bytes ? checked_add(size_bytes, *bytes) : std::nullopt;
      if (!sum) return fail(ErrorKind::too_large, fmt::format("{} KV blocks: too many", count));
      size_bytes = *sum;
    }
    QUIRE_TRY(DeviceMemory memory, stage.on->device().allocate(size_bytes, MemoryUse::sparse, "KV cache"));
    store.add(std::move(memory), layout, stage, config, limits);
  }
  return store;
}

void KvStore::add(DeviceMemory memory, const KvLayout& layout, const Stage& stage, const ModelConfig& config,
                  const Limits& limits) {
  DeviceAddress at = memory.address();
  for (int64_t index = stage.layers.begin; index < stage.layers.end; ++index) {
    const KvPlace& place = layout.layers()[static_cast<size_t>(index)];
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
    layers_.push_back({.place = place, .view = view, .stage = memories_.size()});
    if (!config.whole_texts) at = at + count * (place.key_block_bytes + place.value_block_bytes);
  }
  memories_.push_back(std::move(memory));
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
    for (const auto& [place, view, stage] : layers_) {
      if (place.of != of || !place.owns()) continue;
      DeviceMemory& memory = memories_[stage];
      const auto visit_part = [&](DeviceAddress part, int64_t bytes) {
        visit(memory, part.value - memory.address().value + static_cast<uint64_t>(block.value * bytes),
              static_cast<uint64_t>(bytes));
      };
      visit_part(view.keys, place.key_block_bytes);
      if (place.value_block_bytes > 0) visit_part(view.values, place.value_block_bytes);
    }
  }
}

void KvStore::fill(MemoryClass of, std::span<const BlockId> blocks, std::byte value) {
  for_parts(of, blocks, [&](DeviceMemory& memory, uint64_t offset, uint64_t size_bytes) {
    memory.fill(offset, value, size_bytes);
  });
}

void KvStore::discard(MemoryClass of, std::span<const BlockId> blocks) {
  for_parts(of, blocks,
            [](DeviceMemory& memory, uint64_t offset, uint64_t size_bytes) { memory.give_back(offset, size_bytes); });
}

}  // namespace quire
