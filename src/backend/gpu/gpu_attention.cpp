// Keys and values: how they are kept, and attention over them.
#include "backend/gpu/gpu_backend.h"
#include "backend/gpu/gpu_launch.h"
#include "base/check.h"

namespace quire {
namespace {

// As the kernels see it: a head in f32 is two in f16.
KvLayer layer_of(const KvView& kv) {
  const int64_t halves = kv.type == KvType::f32 ? 2 : 1;
  return {.keys = device_pointer<std::byte>(kv.keys),
          .values = device_pointer<std::byte>(kv.values),
          .type = kv.type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16,
          .block_tokens = kv.block_tokens,
          .kv_heads = kv.kv_heads,
          .head_dim = halves * kv.head_dim,
          .latent_dim = halves * kv.latent_dim};
}

// Of the rows that are stored as k and v.
int64_t key_dim(const KvView& kv) { return kv.latent_dim > 0 ? kv.latent_dim : kv.head_dim; }
int64_t value_dim(const KvView& kv) { return kv.latent_dim > 0 ? kv.head_dim - kv.latent_dim : kv.head_dim; }

// Whether few queries of long sequences are split over positions, so that the whole GPU has work. A walk takes some
// chunks together by itself.
template <typename Walk>
bool splits(const GpuFacts& facts, const gpu::AttentionArgs& args) {
  const int64_t chunks = args.scratch.chunks_max;
  return Walk::grid(args).blocks < facts.multiprocessors && chunks > Walk::warps &&
         args.row_count * args.heads * chunks <= split_chunks_max;
}

template <ElementType type, int heads_max>
void launch_attention_of(GpuQueue& queue, const gpu::AttentionArgs& args) {
  using Walk = gpu::AttentionWalk<type, heads_max>;
  if (!splits<Walk>(queue.facts(), args)) return launch<Walk>(queue, args);
  launch<gpu::AttentionScores<type, heads_max>>(queue, args);
  launch<gpu::AttentionWeights>(queue, args);
  launch<gpu::AttentionValues<type, heads_max>>(queue, args);
}

// As many query heads together as read the same keys and values, up to eight.
template <ElementType type>
void launch_attention(GpuQueue& queue, const gpu::AttentionArgs& args) {
  const int64_t group = gpu::group_of(args);
  if (group == 1) return launch_attention_of<type, 1>(queue, args);
  if (group == 2) return launch_attention_of<type, 2>(queue, args);
  if (group <= 4) return launch_attention_of<type, 4>(queue, args);
  launch_attention_of<type, 8>(queue, args);
}

}  // namespace

template <typename Halves>
void GpuBackend::split(Rows from, int64_t head_dim, int64_t first, int64_t size, DeviceAddress to) {
  launch<gpu::SplitHeads<Halves>>(*queue_, {.x = device_floats(from.values),
                                            .y = device_floats(to),
                                            .heads = from.count * (from.width / head_dim),
                                            .head_dim = head_dim,
                                            .first = first,
                                            .size = size});
}

void GpuBackend::kv_write(const KvView& kv, Rows k, Rows v) {
  if (kv.type != KvType::f32) return write(kv, k.values, v.values, k.count);
  const GpuArrays& arrays = scratch_->arrays;
  split<gpu::StoredHalves>(k, key_dim(kv), 0, key_dim(kv), arrays.split_k);
  if (value_dim(kv) > 0) split<gpu::StoredHalves>(v, value_dim(kv), 0, value_dim(kv), arrays.split_v);
  write(kv, arrays.split_k, arrays.split_v, k.count);
}

void GpuBackend::write(const KvView& kv, DeviceAddress k, DeviceAddress v, int64_t rows) {
  const GpuStep& step = scratch_->step();
  QUIRE_CHECK(rows == step.row_count, "a place for each row");
  const gpu::KvWriteArgs args = {.layer = layer_of(kv),
                                 .rows = kv.window_blocks ? step.window_rows : step.rows,
                                 .row_count = rows,
                                 .k = device_floats(k),
                                 .v = device_floats(v)};
  if (args.layer.type == ElementType::q8_0) {
    launch<gpu::KvWriteQ8_0>(*queue_, args);
  } else {
    launch<gpu::KvWriteF16>(*queue_, args);
  }
}

// Of a head with two parts, a latent and what turns, each part is split by itself: values are the first one's halves.
void GpuBackend::attention(const KvView& kv, const AttentionRule& rule, Rows q, Rows out) {
  if (kv.type != KvType::f32) return attend(kv, rule, q, out.values);
  const GpuArrays& arrays = scratch_->arrays;
  const int64_t first_dim = key_dim(kv);
  split<gpu::QueryHalves>(q, kv.head_dim, 0, first_dim, arrays.split_q);
  if (first_dim < kv.head_dim) {
    split<gpu::QueryHalves>(q, kv.head_dim, first_dim, kv.head_dim - first_dim, arrays.split_q);
  }
  attend(kv, rule, {.values = arrays.split_q, .count = q.count, .width = 2 * q.width}, arrays.split_out);
  launch<gpu::MergeHeads>(*queue_, {.x = device_floats(arrays.split_out),
                                    .y = device_floats(out.values),
                                    .heads = out.count * (out.width / first_dim),
                                    .head_dim = first_dim});
}

void GpuBackend::attend(const KvView& kv, const AttentionRule& rule, Rows q, DeviceAddress out) {
  const GpuStep& step = scratch_->step();
  const GpuStep::Shape& shape = step.shapes[static_cast<size_t>(rule.shape)];
  const GpuArrays& arrays = scratch_->arrays;
  QUIRE_CHECK(q.count == step.row_count, "a place for each row");
  const KvLayer layer = layer_of(kv);
  const gpu::AttentionArgs args = {.layer = layer,
                                   .rows = shape.windowed ? step.window_rows : step.rows,
                                   .row_count = q.count,
                                   .heads = q.width / layer.head_dim,
                                   .q = device_floats(q.values),
                                   .out = device_floats(out),
                                   .scale = rule.scale,
                                   .window = shape.shape.window,
                                   .after = shape.shape.after,
                                   .softcap = rule.softcap,
                                   .sinks = device_floats(rule.sinks),
                                   .scratch = {.p = device_floats(arrays.chunk_weights),
                                               .maxima = device_floats(arrays.chunk_maxima),
                                               .carries = device_floats(arrays.chunk_carries),
                                               .sums = device_floats(arrays.chunk_sums),
                                               .chunks_max = shape.chunks_max}};
  if (layer.type == ElementType::q8_0) {
    launch_attention<ElementType::q8_0>(*queue_, args);
  } else {
    launch_attention<ElementType::f16>(*queue_, args);
  }
}

}  // namespace quire
