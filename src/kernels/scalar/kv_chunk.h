// A chunk of keys or values as numbers, and the products that attention makes of it (kernels.h: KvLayer,
// AttentionArgs).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {

inline int64_t value_dim(const KvLayer& layer) { return layer.latent_dim > 0 ? layer.latent_dim : layer.head_dim; }

inline int64_t kv_group_count(int64_t head_dim) { return (head_dim + quant_group - 1) / quant_group; }

// Bytes of the keys, or of the values, of a chunk of one KV head.
inline int64_t chunk_size_bytes(ElementType type, int64_t head_dim) {
  constexpr int64_t half_bytes = sizeof(uint16_t);
  if (type == ElementType::f16) return attention_chunk * head_dim * half_bytes;
  return attention_chunk * (kv_group_count(head_dim) * half_bytes + head_dim);
}

// Where the chunk of a position begins, in the keys as in the values.
inline int64_t chunk_offset(const KvLayer& layer, const int32_t* blocks, int64_t kv_head, int64_t position) {
  const int64_t block = blocks[position / layer.block_tokens];
  const int64_t chunk = position % layer.block_tokens / attention_chunk;
  return ((block * layer.kv_heads + kv_head) * (layer.block_tokens / attention_chunk) + chunk) *
         chunk_size_bytes(layer.type, layer.head_dim);
}

// A chunk's keys (head_dim, 32) or values (32, head_dim): element d of position i.
class ChunkHalf {
 public:
  ChunkHalf(const KvLayer& layer, std::byte* chunk, bool keys) : layer_(layer), chunk_(chunk), keys_(keys) {}

  // The f16 or the quant, widened.
  float value(int64_t i, int64_t d) const {
    if (layer_.type == ElementType::f16) return f32_of_f16(halves()[index(i, d)]);
    return static_cast<float>(quants()[index(i, d)]);
  }
  // Of q8_0: of the group of element d.
  float scale(int64_t i, int64_t d) const { return f32_of_f16(*scale_at(i, d)); }

  uint16_t* half_at(int64_t i, int64_t d) const { return halves() + index(i, d); }
  int8_t* quant_at(int64_t i, int64_t d) const { return quants() + index(i, d); }
  uint16_t* scale_at(int64_t i, int64_t d) const { return halves() + d / quant_group * attention_chunk + i; }

 private:
  int64_t index(int64_t i, int64_t d) const { return keys_ ? d * attention_chunk + i : i * layer_.head_dim + d; }
  uint16_t* halves() const { return reinterpret_cast<uint16_t*>(chunk_); }
  int8_t* quants() const {
    return reinterpret_cast<int8_t*>(halves() + kv_group_count(layer_.head_dim) * attention_chunk);
  }

  const KvLayer& layer_;
  std::byte* chunk_;
  bool keys_;
};

// q k for one position of a chunk.
inline float key_product(const KvLayer& layer, const ChunkHalf& keys, int64_t i, const float* q) {
  float s = 0.0F;
  if (layer.type == ElementType::f16) {
    for (int64_t d = 0; d < layer.head_dim; ++d) s = std::fma(q[d], keys.value(i, d), s);
    return s;
  }
  for (int64_t d = 0; d < layer.head_dim; d += quant_group) {
    const int64_t end = std::min(d + quant_group, layer.head_dim);
    float sum = 0.0F;
    for (int64_t k = d; k < end; ++k) sum = std::fma(q[k], keys.value(i, k), sum);
    s = std::fma(keys.scale(i, d), sum, s);
  }
  return s;
}

// acc + p v of element d, over the positions [first, count) of a chunk.
inline float add_value_products(const KvLayer& layer, const ChunkHalf& values, int64_t first, int64_t count,
                                const float* p, int64_t d, float acc) {
  for (int64_t i = first; i < count; ++i) {
    const float weight = layer.type == ElementType::f16 ? p[i] : p[i] * values.scale(i, d);
    acc = std::fma(weight, values.value(i, d), acc);
  }
  return acc;
}

// Positions that a query at `position` sees.
struct Seen {
  int64_t begin;
  int64_t end;
};
inline Seen seen_from(int64_t position, int64_t window, int64_t after, int64_t sequence_end) {
  const int64_t end = position + 1 + after;
  return {.begin = window > 0 ? std::max<int64_t>(0, end - window) : 0, .end = std::min(sequence_end, end)};
}

}  // namespace quire::scalar
