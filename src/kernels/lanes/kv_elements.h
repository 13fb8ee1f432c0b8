// What attention and kv_write know of a KV type, and where its chunks lie.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/magnitude.h"

namespace quire {
namespace {

struct KvF16 {
  using Element = uint16_t;
  static constexpr bool scaled = false;  // whether scales (groups, 32) in f16 stand before a chunk's elements

  static QUIRE_LEAF_INLINE Floats load(const Element* at) { return load_f16(at); }
  static QUIRE_LEAF_INLINE Floats load_first(const Element* at, int64_t n) { return load_f16_first(at, n); }
  // Up to 32 values of a group become elements; returns their scale.
  static QUIRE_LEAF_INLINE uint16_t encode(const float* x, int64_t n, Element* elements) {
    store_f16_first(elements, quire::load_first(x, n), 16);
    store_f16_first(elements + 16, quire::load_first(x + 16, n - 16), 16);
    return 0;
  }
};

struct KvQ8_0 {
  using Element = int8_t;
  static constexpr bool scaled = true;

  static QUIRE_LEAF_INLINE Floats load(const Element* at) { return load_i8(at); }
  static QUIRE_LEAF_INLINE Floats load_first(const Element* at, int64_t n) { return load_i8_first(at, n); }
  static QUIRE_LEAF_INLINE uint16_t encode(const float* x, int64_t n, Element* elements) {
    constexpr uint16_t f16_infinity = 0x7C00;
    constexpr uint16_t f16_nan = 0x7E00;
    const Floats halves[2] = {quire::load_first(x, n), quire::load_first(x + 16, n - 16)};
    uint16_t scale[16];  // the same in every lane
    store_f16_first(scale, broadcast(float_of_bits(max_magnitude(halves[0], halves[1])) / 127.0F), 16);
    const bool finite = scale[0] < f16_infinity;
    for (int half = 0; half < 2; ++half) {
      Words rounded = zero_words();
      if (finite && scale[0] != 0) {
        const Floats inverse = divide(broadcast(1.0F), load_f16(scale));
        rounded = round_to_words(max(min(multiply(halves[half], inverse), broadcast(127.0F)), broadcast(-127.0F)));
      }
      store_i8(elements + 16 * half, rounded);
    }
    return finite ? scale[0] : f16_nan;
  }
};

// Bytes of the scales of a chunk's keys, or of its values.
template <typename Kv>
QUIRE_LEAF_INLINE int64_t scales_size_bytes(int64_t head_dim) {
  constexpr int64_t group_bytes = attention_chunk * static_cast<int64_t>(sizeof(uint16_t));
  return Kv::scaled ? (head_dim + quant_group - 1) / quant_group * group_bytes : 0;
}

// The chunk of a position, one KV head.
template <typename Kv>
struct KvChunk {
  uint16_t* key_scales;          // (groups, 32)
  typename Kv::Element* keys;    // (head_dim, 32)
  uint16_t* value_scales;        // (groups, 32)
  typename Kv::Element* values;  // (32, head_dim); of latents null
};

QUIRE_LEAF_INLINE int64_t value_dim(const KvLayer& layer) {
  return layer.latent_dim > 0 ? layer.latent_dim : layer.head_dim;
}

template <typename Kv>
QUIRE_LEAF_INLINE KvChunk<Kv> find_chunk(const KvLayer& layer, const int32_t* blocks, int64_t kv_head,
                                         int64_t position) {
  using Element = typename Kv::Element;
  const int64_t scale_bytes = scales_size_bytes<Kv>(layer.head_dim);
  const int64_t chunk_bytes = scale_bytes + attention_chunk * layer.head_dim * static_cast<int64_t>(sizeof(Element));
  const int64_t block = blocks[position / layer.block_tokens];
  const int64_t offset = ((block * layer.kv_heads + kv_head) * (layer.block_tokens / attention_chunk) +
                          position % layer.block_tokens / attention_chunk) *
                         chunk_bytes;
  std::byte* const keys = layer.keys + offset;
  if (layer.latent_dim > 0) {
    auto* const scales = reinterpret_cast<uint16_t*>(keys);
    return {scales, reinterpret_cast<Element*>(keys + scale_bytes), scales, nullptr};
  }
  std::byte* const values = layer.values + offset;
  return {reinterpret_cast<uint16_t*>(keys), reinterpret_cast<Element*>(keys + scale_bytes),
          reinterpret_cast<uint16_t*>(values), reinterpret_cast<Element*>(values + scale_bytes)};
}

}  // namespace
}  // namespace quire
