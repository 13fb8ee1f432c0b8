// KV writes in lanes.
// Included by leaf files after their lanes.h: everything has internal linkage.
#pragma once

#include "kernels/kernels.h"
#include "kernels/lanes/kv_elements.h"

namespace quire {
namespace {

// The elements [begin, end) of a latent: x is (end - begin). begin is where a group begins.
template <typename Kv>
QUIRE_LEAF_INLINE void write_latent(const KvChunk<Kv>& chunk, int64_t lane, int64_t begin, int64_t end,
                                    const float* x) {
  for (int64_t d = begin; d < end; d += quant_group) {
    const int64_t n = end - d < quant_group ? end - d : quant_group;
    typename Kv::Element encoded[quant_group];
    const uint16_t scale = Kv::encode(x + (d - begin), n, encoded);
    for (int64_t i = 0; i < n; ++i) chunk.keys[(d + i) * attention_chunk + lane] = encoded[i];
    if constexpr (Kv::scaled) chunk.key_scales[d / quant_group * attention_chunk + lane] = scale;
  }
}

template <typename Kv>
void write_latents(const KvWriteArgs& args) {
  const KvLayer& layer = args.layer;
  const int64_t rest = layer.head_dim - layer.latent_dim;
  const int64_t lane = args.position % attention_chunk;
  for (int64_t head = 0; head < layer.kv_heads; ++head) {
    const KvChunk<Kv> chunk = find_chunk<Kv>(layer, args.blocks, head, args.position);
    write_latent(chunk, lane, 0, layer.latent_dim, args.k + head * layer.latent_dim);
    write_latent(chunk, lane, layer.latent_dim, layer.head_dim, args.v + head * rest);
  }
}

template <typename Kv>
void kv_write_type(const KvWriteArgs& args) {
  const KvLayer& layer = args.layer;
  if (layer.latent_dim > 0) return write_latents<Kv>(args);
  const int64_t lane = args.position % attention_chunk;
  for (int64_t head = 0; head < layer.kv_heads; ++head) {
    const KvChunk<Kv> chunk = find_chunk<Kv>(layer, args.blocks, head, args.position);
    for (int64_t d = 0; d < layer.head_dim; d += quant_group) {
      const int64_t from = head * layer.head_dim + d;
      const int64_t n = layer.head_dim - d < quant_group ? layer.head_dim - d : quant_group;
      typename Kv::Element encoded[quant_group];
      const uint16_t key_scale = Kv::encode(args.k + from, n, encoded);
      for (int64_t i = 0; i < n; ++i) chunk.keys[(d + i) * attention_chunk + lane] = encoded[i];
      const uint16_t value_scale = Kv::encode(args.v + from, n, encoded);
      for (int64_t i = 0; i < n; ++i) chunk.values[lane * layer.head_dim + d + i] = encoded[i];
      if constexpr (Kv::scaled) {
        chunk.key_scales[d / quant_group * attention_chunk + lane] = key_scale;
        chunk.value_scales[d / quant_group * attention_chunk + lane] = value_scale;
      }
    }
  }
}

void kv_write_lanes(const KvWriteArgs& args) {
  if (args.layer.type == ElementType::q8_0) return kv_write_type<KvQ8_0>(args);
  kv_write_type<KvF16>(args);
}

}  // namespace
}  // namespace quire
