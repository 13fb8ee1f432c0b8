#include "model/kv_layout.h"

#include <algorithm>

#include "base/check.h"

namespace quire {
namespace {

KvPlace place_of(const AttentionConfig& attention, KvType type, int32_t block_tokens, bool windows_apart) {
  const ElementType element = type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16;
  const int64_t stored = type == KvType::f32 ? 2 : 1;  // a head in f32 is kept as two in f16
  const auto bytes = [&](int64_t head_dim) {
    return attention.kv_heads * (block_tokens / attention_chunk) * kv_chunk_size_bytes(element, stored * head_dim);
  };
  return {.of = windows_apart && attention.window > 0 ? MemoryClass::window : MemoryClass::full,
          .kv_heads = attention.kv_heads,
          .head_dim = attention.head_dim,
          .key_block_bytes = bytes(attention.head_dim),
          .value_block_bytes = bytes(attention.head_dim)};
}

// One head, whose keys are all that is stored.
KvPlace place_of(const LatentAttentionConfig& attention, KvType type, int32_t block_tokens) {
  KvPlace place = place_of(AttentionConfig{.kv_heads = 1, .head_dim = attention.row_dim()}, type, block_tokens, false);
  place.latent_dim = attention.latent_dim;
  place.value_block_bytes = 0;
  return place;
}

}  // namespace

KvLayout::KvLayout(const ModelConfig& config, int32_t block_tokens, bool windows_apart, LayerRange layers) {
  QUIRE_CHECK(block_tokens > 0 && block_tokens % attention_chunk == 0, "a block is whole chunks");
  for (int64_t index = 0; index < config.layer_count(); ++index) {
    const AttentionConfig* const attention = config.find_attention(index);
    const LatentAttentionConfig* const latent = config.find_latent_attention(index);
    if (!layers.has(index) || (attention == nullptr && latent == nullptr)) {
      layers_.push_back({.layer = index});
      continue;
    }
    KvPlace place = latent != nullptr
                        ? place_of(*latent, config.kv_type, block_tokens)
                        : place_of(*attention, config.kv_type, block_tokens, windows_apart && !config.whole_texts);
    place.layer = index;
    if (attention != nullptr && attention->kv_of != own_kv) {
      const KvPlace& of = layers_.at(static_cast<size_t>(attention->kv_of));
      QUIRE_CHECK(of.owns() && of.kv_heads == place.kv_heads && of.head_dim == place.head_dim && of.of == place.of,
                  "a layer reads rows of its own shape, of one before it");
      place.layer = attention->kv_of;
      place.key_block_bytes = place.value_block_bytes = 0;
    }
    int64_t& sum = block_bytes_[static_cast<size_t>(place.of)];
    const int64_t bytes = place.key_block_bytes + place.value_block_bytes;
    sum = config.whole_texts ? std::max(sum, bytes) : sum + bytes;
    layers_.push_back(place);
  }
}

}  // namespace quire
