// Keys and values: how rows are stored, and heads in f32 as two in f16.
#pragma once

#include "kernels/gpu/kernel.h"
#include "kernels/scalar/kv_chunk.h"
#include "kernels/scalar/quant.h"

namespace quire::gpu {

// A row of a step: where it stands in its sequence.
struct RowPlace {
  const int32_t* blocks;  // the sequence's block table
  int64_t position;       // below 0: a row of no sequence, which is left alone
  int64_t end;            // positions of the sequence, where rows see what follows them
};

// The layer with its type as a constant.
template <ElementType type>
inline KvLayer typed(const KvLayer& layer) {
  KvLayer result = layer;
  result.type = type;
  return result;
}

struct KvWriteArgs {
  KvLayer layer;
  const RowPlace* rows = nullptr;  // (row_count)
  int64_t row_count = 0;
  const float* k = nullptr;  // (row_count, kv_heads, head_dim), of latents latent_dim
  const float* v = nullptr;  // the same, of latents what is left of a key
};

// An element of a head of a row: of k, or behind k's elements of v.
struct KvElement {
  scalar::ChunkHalf half;
  int64_t position;  // in the chunk
  int64_t d;
  const float* x;
};

inline int64_t key_elements(const KvLayer& layer) { return scalar::value_dim(layer); }
inline int64_t value_elements(const KvLayer& layer) {
  return layer.latent_dim > 0 ? layer.head_dim - layer.latent_dim : layer.head_dim;
}

inline KvElement kv_element(const KvWriteArgs& args, const KvLayer& layer, int64_t row, int64_t head, int64_t index) {
  const RowPlace& place = args.rows[row];
  const int64_t offset = scalar::chunk_offset(layer, place.blocks, head, place.position);
  const int64_t k_dim = key_elements(layer), v_dim = value_elements(layer);
  const bool of_key = index<k_dim, latent = layer.latent_dim> 0;
  const float* const x = of_key ? args.k + (row * layer.kv_heads + head) * k_dim + index
                                : args.v + (row * layer.kv_heads + head) * v_dim + (index - k_dim);
  const bool in_keys = of_key || latent;
  return {.half = scalar::ChunkHalf(layer, (in_keys ? layer.keys : layer.values) + offset, in_keys),
          .position = place.position % attention_chunk,
          .d = of_key || latent ? index : index - k_dim,
          .x = x};
}

// A thread an element.
struct KvWriteF16 {
  using Args = KvWriteArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static int64_t head_elements(const KvLayer& layer) { return key_elements(layer) + value_elements(layer); }
  static Grid grid(const Args& args) {
    return element_grid(args.row_count, args.layer.kv_heads * head_elements(args.layer));
  }
  static void run(const Args& args, Shared&) {
    const KvLayer layer = typed<ElementType::f16>(args.layer);
    const auto elements = static_cast<uint32_t>(head_elements(layer));
    for_elements(layer.kv_heads * elements, [&](int64_t row, int64_t i) {
      if (args.rows[row].position < 0) return;
      const KvElement at =
          kv_element(args, layer, row, static_cast<uint32_t>(i) / elements, static_cast<uint32_t>(i) % elements);
      *at.half.half_at(at.position, at.d) = scalar::f16_of_f32(*at.x);
    });
  }
};

// A warp a group of a head, a lane an element.
struct KvWriteQ8_0 {
  using Args = KvWriteArgs;
  using Shared = NothingShared;
  static constexpr int threads = task_threads;
  static int64_t head_groups(const KvLayer& layer) {
    return scalar::kv_group_count(key_elements(layer)) + scalar::kv_group_count(value_elements(layer));
  }
  static int64_t tasks(const Args& args) { return args.row_count * args.layer.kv_heads * head_groups(args.layer); }
  static Grid grid(const Args& args) { return task_grid(tasks(args)); }
  static void run(const Args& args, Shared&) {
    const int64_t task = task_index();
    if (task >= tasks(args)) return;
    const KvLayer layer = typed<ElementType::q8_0>(args.layer);
    const int64_t groups = head_groups(layer), key_groups = scalar::kv_group_count(key_elements(layer));
    const int64_t row = task / groups / layer.kv_heads, head = task / groups % layer.kv_heads, group = task % groups;
    if (args.rows[row].position < 0) return;
    const bool of_key = group < key_groups;
    const int64_t begin = (of_key ? group : group - key_groups) * quant_group;
    const int64_t n = min_of(quant_group, (of_key ? key_elements(layer) : value_elements(layer)) - begin);
    const int64_t first = of_key ? begin : key_elements(layer) + begin;
    const bool has_element = lane_index() < n;
    const KvElement at = kv_element(args, layer, row, head, first + (has_element ? lane_index() : 0));
    const float x = *at.x;
    const scalar::KvScale scale = scalar::kv_scale(warp_max(scalar::magnitude_bits(x)));
    if (has_element) {
      *at.half.quant_at(at.position, at.d) = static_cast<int8_t>(scalar::kv_quant(x, scale.inverse));
    }
    if (lane_index() == 0) *at.half.scale_at(at.position, at.d) = scale.scale;
  }
};

// A part of each head of rows, its elements [first, first + size), as two in f16: of a head in f32 the rounded value
// and what it lacks, or of a query what is multiplied with these.
struct SplitArgs {
  const float* x = nullptr;  // (heads, head_dim): heads of all rows
  float* y = nullptr;        // (heads, 2 * head_dim)
  int64_t heads = 0;
  int64_t head_dim = 0;
  int64_t first = 0;
  int64_t size = 0;
};

template <typename Halves>
struct SplitHeads {
  using Args = SplitArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.heads, args.size); }
  static void run(const Args& args, Shared&) {
    for_elements(args.size, [&](int64_t head, int64_t d) {
      const float value = args.x[head * args.head_dim + args.first + d];
      float* const y = args.y + 2 * (head * args.head_dim + args.first) + d;
      y[0] = Halves::first(value);
      y[args.size] = Halves::second(value);
    });
  }
};

struct StoredHalves {
  static float first(float x) { return scalar::f32_of_f16(scalar::f16_of_f32(x)); }
  static float second(float x) { return (x - first(x)) * split_scale; }
};
struct QueryHalves {
  static float first(float x) { return x; }
  static float second(float x) { return x / split_scale; }
};

// The way back: y (heads, head_dim) of x (heads, 2 * head_dim).
struct MergeHeads {
  using Args = SplitArgs;
  using Shared = NothingShared;
  static constexpr int threads = element_threads;
  static Grid grid(const Args& args) { return element_grid(args.heads, args.head_dim); }
  static void run(const Args& args, Shared&) {
    for_elements(args.head_dim, [&](int64_t head, int64_t d) {
      const float* const x = args.x + 2 * head * args.head_dim + d;
      args.y[head * args.head_dim + d] = x[0] + x[args.head_dim] / split_scale;
    });
  }
};

}  // namespace quire::gpu
