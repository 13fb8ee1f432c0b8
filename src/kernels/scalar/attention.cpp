// The specification of attention and of the KV cache's layout.
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/isa_functions.h"
#include "kernels/scalar/functions.h"
#include "kernels/scalar/half.h"
#include "kernels/scalar/kv_chunk.h"
#include "kernels/scalar/quant.h"

namespace quire::scalar {
namespace {

using Scores = std::array<float, attention_chunk>;

// Stores the elements [begin, end) of a position: x is (end - begin). begin is where a group begins.
void write(const KvLayer& layer, const ChunkHalf& half, int64_t i, int64_t begin, int64_t end, const float* x) {
  for (int64_t d = begin; d < end; d += quant_group) {
    const int64_t n = std::min(quant_group, end - d);
    const float* const group = x + (d - begin);
    if (layer.type == ElementType::f16) {
      for (int64_t k = 0; k < n; ++k) *half.half_at(i, d + k) = f16_of_f32(group[k]);
      continue;
    }
    const KvScale scale = kv_scale(max_magnitude(group, n));
    *half.scale_at(i, d) = scale.scale;
    for (int64_t k = 0; k < n; ++k) {
      *half.quant_at(i, d + k) = static_cast<int8_t>(kv_quant(group[k], scale.inverse));
    }
  }
}

float tree_sum(const Scores& p) {
  float partial[16];
  for (size_t i = 0; i < 16; ++i) partial[i] = p[i] + p[i + 16];
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  return partial[0];
}

// out[d] = out[d] * carry + p v over the positions [first, count) of a chunk.
void add_values(const KvLayer& layer, const ChunkHalf& values, int64_t first, int64_t count, const Scores& p,
                float carry, float* out) {
  for (int64_t d = 0; d < value_dim(layer); ++d) {
    out[d] = add_value_products(layer, values, first, count, p.data(), d, out[d] * carry);
  }
}

// The query at `position` of the run's sequence against those that it sees.
void attend(const AttentionArgs& args, const RowRun& run, const float* q, int64_t position, const float* sink,
            float* out) {
  const KvLayer& layer = args.layer;
  float max = minus_infinity;
  float sum = 0.0F;
  std::fill_n(out, value_dim(layer), 0.0F);
  const Seen seen = seen_from(position, args.window, args.after, run.end);
  for (int64_t begin = seen.begin / attention_chunk * attention_chunk; begin < seen.end; begin += attention_chunk) {
    const int64_t offset = chunk_offset(layer, run.blocks, args.kv_head, begin);
    const ChunkHalf keys(layer, layer.keys + offset, true);
    const ChunkHalf values = layer.latent_dim > 0 ? keys : ChunkHalf(layer, layer.values + offset, false);
    const int64_t first = std::max<int64_t>(0, seen.begin - begin);
    const int64_t count = std::min(attention_chunk, seen.end - begin);
    Scores p{};  // positions that do not exist keep 0
    float next_max = max;
    for (int64_t i = first; i < count; ++i) {
      p[static_cast<size_t>(i)] = key_product(layer, keys, i, q) * args.scale;
      if (args.softcap > 0.0F) softcap(&p[static_cast<size_t>(i)], args.softcap, 1);
      next_max = std::max(next_max, p[static_cast<size_t>(i)]);
    }
    const float carry = exp_of(max - next_max);
    for (int64_t i = first; i < count; ++i) p[static_cast<size_t>(i)] = exp_of(p[static_cast<size_t>(i)] - next_max);
    max = next_max;
    sum = std::fma(sum, carry, tree_sum(p));
    add_values(layer, values, first, count, p, carry, out);
  }
  float carry = 1.0F;
  if (sink != nullptr) {
    const float top = std::max(max, *sink);
    carry = exp_of(max - top);
    sum = std::fma(sum, carry, exp_of(*sink - top));
  }
  for (int64_t d = 0; d < value_dim(layer); ++d) out[d] = out[d] * carry / sum;
}

}  // namespace

void attention(const AttentionArgs& args) {
  for (const RowRun* run = args.runs; run < args.runs + args.run_count; ++run) {
    for (int64_t row = 0; row < run->rows; ++row) {
      const float* q = args.q + (run->row_begin + row) * args.q_stride;
      float* out = args.out + (run->row_begin + row) * args.out_stride;
      for (int64_t head = 0; head < args.group; ++head) {
        const int64_t query_head = args.kv_head * args.group + head;
        const float* const sink = args.sinks == nullptr ? nullptr : args.sinks + query_head;
        attend(args, *run, q + query_head * args.layer.head_dim, run->position + row, sink,
               out + query_head * value_dim(args.layer));
      }
    }
  }
}

void kv_write(const KvWriteArgs& args) {
  const KvLayer& layer = args.layer;
  const int64_t i = args.position % attention_chunk;
  for (int64_t head = 0; head < layer.kv_heads; ++head) {
    const int64_t offset = chunk_offset(layer, args.blocks, head, args.position);
    const ChunkHalf keys(layer, layer.keys + offset, true);
    if (layer.latent_dim > 0) {
      const int64_t rest = layer.head_dim - layer.latent_dim;
      write(layer, keys, i, 0, layer.latent_dim, args.k + head * layer.latent_dim);
      write(layer, keys, i, layer.latent_dim, layer.head_dim, args.v + head * rest);
      continue;
    }
    const ChunkHalf values(layer, layer.values + offset, false);
    write(layer, keys, i, 0, layer.head_dim, args.k + head * layer.head_dim);
    write(layer, values, i, 0, layer.head_dim, args.v + head * layer.head_dim);
  }
}

}  // namespace quire::scalar
