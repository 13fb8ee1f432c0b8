// The specification of attention and of the KV cache's layout.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/isa_functions.h"
#include "kernels/scalar/half.h"
#include "kernels/scalar/quant.h"

namespace quire::scalar {
namespace {

using Scores = std::array<float, attention_chunk>;

int64_t value_dim(const KvLayer& layer) { return layer.latent_dim > 0 ? layer.latent_dim : layer.head_dim; }

int64_t group_count(int64_t head_dim) { return (head_dim + quant_group - 1) / quant_group; }

// Where the chunk of a position begins, in the keys as in the values.
int64_t chunk_offset(const KvLayer& layer, const int32_t* blocks, int64_t kv_head, int64_t position) {
  const int64_t block = blocks[position / layer.block_tokens];
  const int64_t chunk = position % layer.block_tokens / attention_chunk;
  return ((block * layer.kv_heads + kv_head) * (layer.block_tokens / attention_chunk) + chunk) *
         kv_chunk_size_bytes(layer.type, layer.head_dim);
}

// A chunk's keys (head_dim, 32) or values (32, head_dim) as numbers: element d of position i.
class ChunkHalf {
 public:
  ChunkHalf(const KvLayer& layer, std::byte* chunk, bool keys) : layer_(layer), chunk_(chunk), keys_(keys) {}

  // The f16 or the quant, widened.
  float value(int64_t i, int64_t d) const {
    if (layer_.type == ElementType::f16) return f32_of_f16(halves()[index(i, d)]);
    return static_cast<float>(quants()[index(i, d)]);
  }
  // Of q8_0: of the group of element d.
  float scale(int64_t i, int64_t d) const { return f32_of_f16(halves()[d / quant_group * attention_chunk + i]); }

  // Stores the elements [begin, end) of a position: x is (end - begin). begin is where a group begins.
  void write(int64_t i, int64_t begin, int64_t end, const float* x) {
    for (int64_t d = begin; d < end; d += quant_group) {
      const int64_t n = std::min(quant_group, end - d);
      if (layer_.type == ElementType::f16) {
        for (int64_t k = d; k < d + n; ++k) halves()[index(i, k)] = f16_of_f32(x[k - begin]);
      } else {
        write_group(i, d, n, x + (d - begin));
      }
    }
  }

 private:
  int64_t index(int64_t i, int64_t d) const { return keys_ ? d * attention_chunk + i : i * layer_.head_dim + d; }
  uint16_t* halves() const { return reinterpret_cast<uint16_t*>(chunk_); }
  int8_t* quants() const {
    return reinterpret_cast<int8_t*>(halves() + group_count(layer_.head_dim) * attention_chunk);
  }

  void write_group(int64_t i, int64_t d, int64_t n, const float* x) {
    constexpr uint16_t f16_infinity = 0x7C00;
    constexpr uint16_t f16_nan = 0x7E00;
    uint16_t scale = f16_of_f32(std::bit_cast<float>(max_magnitude(x, n)) / 127.0F);
    if (scale >= f16_infinity) scale = f16_nan;
    const bool counts = scale != 0 && scale != f16_nan;
    const float inverse = counts ? 1.0F / f32_of_f16(scale) : 0.0F;
    halves()[d / quant_group * attention_chunk + i] = scale;
    for (int64_t k = 0; k < n; ++k) {
      const int32_t quant = counts ? round_to_int(std::clamp(x[k] * inverse, -127.0F, 127.0F)) : 0;
      quants()[index(i, d + k)] = static_cast<int8_t>(quant);
    }
  }

  const KvLayer& layer_;
  std::byte* chunk_;
  bool keys_;
};

float tree_sum(const Scores& p) {
  float partial[16];
  for (size_t i = 0; i < 16; ++i) partial[i] = p[i] + p[i + 16];
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) partial[i] += partial[i + half];
  }
  return partial[0];
}

// q k for one position of a chunk.
float product(const KvLayer& layer, const ChunkHalf& keys, int64_t i, const float* q) {
  float s = 0.0F;
  if (layer.type == ElementType::f16) {
    for (int64_t d = 0; d < layer.head_dim; ++d) s = std::fma(q[d], keys.value(i, d), s);
    return s;
  }
  for (int64_t d = 0; d < layer.head_dim; d += quant_group) {
    float sum = 0.0F;
    for (int64_t k = d; k < std::min(d + quant_group, layer.head_dim); ++k) sum = std::fma(q[k], keys.value(i, k), sum);
    s = std::fma(keys.scale(i, d), sum, s);
  }
  return s;
}

// out[d] = out[d] * carry + p v over the positions [first, count) of a chunk.
void add_values(const KvLayer& layer, const ChunkHalf& values, int64_t first, int64_t count, const Scores& p,
                float carry, float* out) {
  for (int64_t d = 0; d < value_dim(layer); ++d) {
    float acc = out[d] * carry;
    for (int64_t i = first; i < count; ++i) {
      const float weight = p[static_cast<size_t>(i)];
      acc = std::fma(layer.type == ElementType::f16 ? weight : weight * values.scale(i, d), values.value(i, d), acc);
    }
    out[d] = acc;
  }
}

// The query at `position` of the run's sequence against those that it sees.
void attend(const AttentionArgs& args, const RowRun& run, const float* q, int64_t position, const float* sink,
            float* out) {
  const KvLayer& layer = args.layer;
  float max = -std::numeric_limits<float>::infinity();
  float sum = 0.0F;
  std::fill_n(out, value_dim(layer), 0.0F);
  const int64_t end = position + 1 + args.after;
  const int64_t seen_begin = args.window > 0 ? std::max<int64_t>(0, end - args.window) : 0;
  const int64_t seen_end = std::min(run.end, end);
  for (int64_t begin = seen_begin / attention_chunk * attention_chunk; begin < seen_end; begin += attention_chunk) {
    const int64_t offset = chunk_offset(layer, run.blocks, args.kv_head, begin);
    const ChunkHalf keys(layer, layer.keys + offset, true);
    const ChunkHalf values = layer.latent_dim > 0 ? keys : ChunkHalf(layer, layer.values + offset, false);
    const int64_t first = std::max<int64_t>(0, seen_begin - begin);
    const int64_t count = std::min(attention_chunk, seen_end - begin);
    Scores p{};  // positions that do not exist keep 0
    float next_max = max;
    for (int64_t i = first; i < count; ++i) {
      p[static_cast<size_t>(i)] = product(layer, keys, i, q) * args.scale;
      if (args.softcap > 0.0F) softcap(&p[static_cast<size_t>(i)], args.softcap, 1);
      next_max = std::max(next_max, p[static_cast<size_t>(i)]);
    }
    const float carry = exp_approx(max - next_max);
    for (int64_t i = first; i < count; ++i)
      p[static_cast<size_t>(i)] = exp_approx(p[static_cast<size_t>(i)] - next_max);
    max = next_max;
    sum = std::fma(sum, carry, tree_sum(p));
    add_values(layer, values, first, count, p, carry, out);
  }
  float carry = 1.0F;
  if (sink != nullptr) {
    const float top = std::max(max, *sink);
    carry = exp_approx(max - top);
    sum = std::fma(sum, carry, exp_approx(*sink - top));
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
    ChunkHalf keys(layer, layer.keys + offset, true);
    if (layer.latent_dim > 0) {
      const int64_t rest = layer.head_dim - layer.latent_dim;
      keys.write(i, 0, layer.latent_dim, args.k + head * layer.latent_dim);
      keys.write(i, layer.latent_dim, layer.head_dim, args.v + head * rest);
      continue;
    }
    keys.write(i, 0, layer.head_dim, args.k + head * layer.head_dim);
    ChunkHalf(layer, layer.values + offset, false).write(i, 0, layer.head_dim, args.v + head * layer.head_dim);
  }
}

}  // namespace quire::scalar
