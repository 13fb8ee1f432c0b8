// The specification of attention and of the KV cache's layout.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/scalar/half.h"

namespace quire::scalar {
namespace {

using Scores = std::array<float, attention_chunk>;

// The chunk's keys (head_dim, 32) and values (32, head_dim).
struct Chunk {
  const uint16_t* keys;
  const uint16_t* values;
};

int64_t block_elements(const KvLayer& layer) { return layer.kv_heads * layer.block_tokens * layer.head_dim; }

Chunk find_chunk(const AttentionArgs& args, int64_t chunk) {
  const int64_t position = chunk * attention_chunk;
  const int64_t offset =
      args.blocks[position / args.layer.block_tokens] * block_elements(args.layer) +
      (args.kv_head * args.layer.block_tokens + position % args.layer.block_tokens) * args.layer.head_dim;
  return {args.layer.keys + offset, args.layer.values + offset};
}

float tree_sum(const Scores& p) {
  float partial[16];
  for (size_t i = 0; i < 16; ++i) partial[i] = p[i] + p[i + 16];
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  return partial[0];
}

// One query against positions 0 ... last.
void attend(const AttentionArgs& args, const float* q, int64_t last, float* out) {
  const int64_t head_dim = args.layer.head_dim;
  float max = -std::numeric_limits<float>::infinity();
  float sum = 0.0F;
  std::fill_n(out, head_dim, 0.0F);
  for (int64_t chunk = 0; chunk * attention_chunk <= last; ++chunk) {
    const Chunk kv = find_chunk(args, chunk);
    const int64_t count = std::min(attention_chunk, last + 1 - chunk * attention_chunk);
    Scores p{};  // positions that do not exist keep 0
    float next_max = max;
    for (int64_t i = 0; i < count; ++i) {
      float s = 0.0F;
      for (int64_t d = 0; d < head_dim; ++d) s = std::fma(q[d], f32_of_f16(kv.keys[d * attention_chunk + i]), s);
      p[static_cast<size_t>(i)] = s * args.scale;
      next_max = std::max(next_max, p[static_cast<size_t>(i)]);
    }
    const float carry = exp_approx(max - next_max);
    for (int64_t i = 0; i < count; ++i) p[static_cast<size_t>(i)] = exp_approx(p[static_cast<size_t>(i)] - next_max);
    max = next_max;
    sum = std::fma(sum, carry, tree_sum(p));
    for (int64_t d = 0; d < head_dim; ++d) {
      float acc = out[d] * carry;
      for (int64_t i = 0; i < count; ++i) {
        acc = std::fma(p[static_cast<size_t>(i)], f32_of_f16(kv.values[i * head_dim + d]), acc);
      }
      out[d] = acc;
    }
  }
  for (int64_t d = 0; d < head_dim; ++d) out[d] = out[d] / sum;
}

}  // namespace

void attention(const AttentionArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    for (int64_t head = 0; head < args.group; ++head) {
      const int64_t element = (args.kv_head * args.group + head) * args.layer.head_dim;
      attend(args, args.q + row * args.q_stride + element, args.position + row,
             args.out + row * args.out_stride + element);
    }
  }
}

void kv_write(const KvWriteArgs& args) {
  const KvLayer& layer = args.layer;
  const int64_t in_block = args.position % layer.block_tokens;
  const int64_t block = args.blocks[args.position / layer.block_tokens] * block_elements(layer);
  for (int64_t head = 0; head < layer.kv_heads; ++head) {
    const float* k = args.k + head * layer.head_dim;
    const float* v = args.v + head * layer.head_dim;
    const int64_t head_offset = block + head * layer.block_tokens * layer.head_dim;
    const int64_t chunk_offset = in_block / attention_chunk * attention_chunk * layer.head_dim;
    uint16_t* keys = layer.keys + head_offset + chunk_offset + in_block % attention_chunk;
    uint16_t* values = layer.values + head_offset + in_block * layer.head_dim;
    for (int64_t d = 0; d < layer.head_dim; ++d) {
      keys[d * attention_chunk] = f16_of_f32(k[d]);
      values[d] = f16_of_f32(v[d]);
    }
  }
}

}  // namespace quire::scalar
