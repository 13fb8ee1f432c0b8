// Keys and values: how they are kept, and attention over them.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "base/bytes.h"
#include "kernels/constants.h"
#include "tensor/float16.h"

namespace quire {
namespace {

// Below this many products of a score and a head element the caller computes attention alone (about a microsecond).
constexpr int64_t fork_products_min = 128 * 1024;

// As the kernels see it: a head in f32 is two in f16.
KvLayer layer_of(const KvView& kv) {
  return {.keys = host_bytes(kv.keys),
          .values = host_bytes(kv.values),
          .type = kv.type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16,
          .block_tokens = kv.block_tokens,
          .kv_heads = kv.kv_heads,
          .head_dim = kv.type == KvType::f32 ? 2 * kv.head_dim : kv.head_dim,
          .latent_dim = kv.type == KvType::f32 ? 2 * kv.latent_dim : kv.latent_dim};
}

// Of the rows that are stored as k and v.
int64_t key_dim(const KvView& kv) { return kv.latent_dim > 0 ? kv.latent_dim : kv.head_dim; }
int64_t value_dim(const KvView& kv) { return kv.latent_dim > 0 ? kv.head_dim - kv.latent_dim : kv.head_dim; }

}  // namespace

void CpuBackend::kv_write(const KvView& kv, Rows k, Rows v) {
  if (kv.type == KvType::f32) {
    write_runs(kv, split(HostRows(k), key_dim(kv), scratch_->split_k),
               split(HostRows(v), value_dim(kv), scratch_->split_v));
  } else {
    write_runs(kv, HostRows(k), HostRows(v));
  }
}

void CpuBackend::attention(const KvView& kv, const AttentionRule& rule, Rows q, Rows out) {
  if (kv.type != KvType::f32) {
    attend(layer_of(kv), rule, HostRows(q), HostRows(out));
    return;
  }
  const HostRows split_out(scratch_->split_out, out.count, 2 * out.width);
  attend(layer_of(kv), rule, split_query(HostRows(q), kv, scratch_->split_q), split_out);
  merge(split_out, key_dim(kv), HostRows(out));
}

void CpuBackend::write_runs(const KvView& kv, HostRows k, HostRows v) {
  const KvLayer layer = layer_of(kv);
  const std::span<const RowRun> runs = kv.window_blocks ? inputs_.window_runs : inputs_.runs;
  // A run, not a row, is what a worker takes: keys of neighbouring positions lie in the same cache lines.
  const auto run_count = static_cast<int64_t>(runs.size());
  for_rows(run_count, k.count * k.width / std::max<int64_t>(1, run_count), [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      const RowRun& run = runs[static_cast<size_t>(index)];
      for (int64_t r = 0; r < run.rows; ++r) {
        kernels_.kv_write({.layer = layer,
                           .blocks = run.blocks,
                           .position = run.position + r,
                           .k = k.row(run.row_begin + r),
                           .v = v.row(run.row_begin + r)});
      }
    }
  });
}

int64_t CpuBackend::group_parts(int64_t tasks, int64_t group) const {
  constexpr int64_t queries_min = 8;  // fewer leave a kernel's registers idle
  return std::clamp<int64_t>(ceil_div<int64_t>(team_.worker_count(), std::max<int64_t>(1, tasks)), 1,
                             std::max<int64_t>(1, group / queries_min));
}

void CpuBackend::attend(const KvLayer& layer, const AttentionRule& rule, HostRows q, HostRows out) {
  const AttentionPlan& plan = scratch_->attention_plans[static_cast<size_t>(rule.shape)];
  const AttentionShape& shape = inputs_.attention_shapes[static_cast<size_t>(rule.shape)];
  const std::span<const AttentionTask> tasks = plan.tasks();
  const int64_t group = q.width / (layer.kv_heads * layer.head_dim);
  // Where heads share one, a row is a task, and a stream alone has one row: its group is cut then.
  const int64_t parts = group_parts(static_cast<int64_t>(tasks.size()) * layer.kv_heads, group);
  const int64_t value_dim = out.width / (layer.kv_heads * group);
  const auto compute = [&](int64_t index, int) {
    const AttentionTask& task = tasks[static_cast<size_t>(index / (layer.kv_heads * parts))];
    const std::span<const RowRun> runs = plan.runs_of(task);
    const int64_t kv_head = index / parts % layer.kv_heads;
    const int64_t first = group * (index % parts) / parts, end = group * (index % parts + 1) / parts;
    // The kernel counts kv_head * (end - first) heads that come before these.
    const int64_t skipped = kv_head * group + first - kv_head * (end - first);
    kernels_.attention({.layer = layer,
                        .kv_head = kv_head,
                        .group = end - first,
                        .runs = runs.data(),
                        .run_count = static_cast<int64_t>(runs.size()),
                        .shared_tokens = task.shared_tokens,
                        .q = q.values + skipped * layer.head_dim,
                        .q_stride = q.width,
                        .out = out.values + skipped * value_dim,
                        .out_stride = out.width,
                        .scale = rule.scale,
                        .window = shape.window,
                        .after = shape.after,
                        .softcap = rule.softcap,
                        .sinks = rule.sinks.value == 0 ? nullptr : host_floats(rule.sinks) + skipped});
  };
  const int64_t count = static_cast<int64_t>(tasks.size()) * layer.kv_heads * parts;
  int64_t scores = 0;
  for (const AttentionTask& task : tasks) scores += task.scores;
  if (scores * q.width < fork_products_min) {
    for (int64_t index = 0; index < count; ++index) compute(index, 0);
  } else {
    team_.parallel_for(count, compute);
  }
}

template <typename Body>
void CpuBackend::for_heads(HostRows rows, int64_t head_dim, const Body& body) {
  const int64_t heads = rows.width / head_dim;
  for_rows(rows.count, rows.width, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin * heads; head < end * heads; ++head) body(head * head_dim);
  });
}

HostRows CpuBackend::split(HostRows from, int64_t head_dim, float* to) {
  for_heads(from, head_dim, [&](int64_t at) {
    for (int64_t d = 0; d < head_dim; ++d) {
      const float value = from.values[at + d];
      const float rounded = f16_to_f32(f32_to_f16(value));
      to[2 * at + d] = rounded;
      to[2 * at + head_dim + d] = (value - rounded) * split_scale;  // both operations are exact
    }
  });
  return {to, from.count, 2 * from.width};
}

// Of a head with two parts, a latent and what turns, each part is split by itself: values are the first one's halves.
HostRows CpuBackend::split_query(HostRows from, const KvView& kv, float* to) {
  const auto split_part = [&](int64_t at, int64_t first, int64_t dim) {
    for (int64_t d = 0; d < dim; ++d) {
      const float value = from.values[at + first + d];
      to[2 * (at + first) + d] = value;
      to[2 * (at + first) + dim + d] = value / split_scale;
    }
  };
  for_heads(from, kv.head_dim, [&](int64_t at) {
    split_part(at, 0, key_dim(kv));
    if (key_dim(kv) < kv.head_dim) split_part(at, key_dim(kv), value_dim(kv));
  });
  return {to, from.count, 2 * from.width};
}

void CpuBackend::merge(HostRows from, int64_t head_dim, HostRows to) {
  for_heads(to, head_dim, [&](int64_t at) {
    const float* const halves = from.values + 2 * at;
    for (int64_t d = 0; d < head_dim; ++d) to.values[at + d] = halves[d] + halves[head_dim + d] / split_scale;
  });
}

}  // namespace quire
