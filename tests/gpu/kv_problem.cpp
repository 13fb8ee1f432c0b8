#include "gpu/kv_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "gpu/cases.h"

namespace quire::test {

std::string KvShape::name() const {
  return fmt::format("{} heads of {}{}, blocks of {}", kv_heads, head_dim,
                     latent_dim > 0 ? fmt::format(" with latents of {}", latent_dim) : "", block_tokens);
}

KvProblem::KvProblem(ElementType type, const KvShape& shape, std::vector<KvRun> runs)
    : type_(type), shape_(shape), runs_(std::move(runs)) {
  Random random(71);
  std::vector<int32_t> blocks;
  for (const KvRun& run : runs_) {
    const int64_t count = (run.position + run.rows + shape.block_tokens - 1) / shape.block_tokens;
    tables_.emplace_back(static_cast<size_t>(count));
    blocks.resize(blocks.size() + static_cast<size_t>(count));
  }
  std::iota(blocks.begin(), blocks.end(), 0);
  std::ranges::shuffle(blocks, random);
  auto next = blocks.begin();
  for (std::vector<int32_t>& table : tables_)
    next = std::copy_n(next, table.size(), table.begin()) - table.begin() + next;
  const int64_t chunks = std::ssize(blocks) * shape.kv_heads * (shape.block_tokens / attention_chunk);
  bytes_.assign(static_cast<size_t>(2 * chunks * kv_chunk_size_bytes(type, shape.head_dim)), std::byte{0xFF});
}

KvLayer KvProblem::layer() const {
  auto* const bytes = const_cast<std::byte*>(bytes_.data());
  return {.keys = bytes,
          .values = shape_.latent_dim > 0 ? nullptr : bytes + bytes_.size() / 2,
          .type = type_,
          .block_tokens = shape_.block_tokens,
          .kv_heads = shape_.kv_heads,
          .head_dim = shape_.head_dim,
          .latent_dim = shape_.latent_dim};
}

int64_t KvProblem::row_count() const {
  return std::accumulate(runs_.begin(), runs_.end(), int64_t{1},
                         [](int64_t sum, const KvRun& run) { return sum + run.rows; });
}

std::vector<gpu::RowPlace> KvProblem::places() const {
  std::vector<gpu::RowPlace> places = {{.blocks = nullptr, .position = -1, .end = 0}};
  for (size_t i = 0; i < runs_.size(); ++i) {
    const KvRun& run = runs_[i];
    for (int64_t r = 0; r < run.rows; ++r) {
      places.push_back({.blocks = tables_[i].data(), .position = run.position + r, .end = run.position + run.rows});
    }
  }
  return places;
}

std::vector<float> KvProblem::random_row_values(int64_t width, uint64_t seed) const {
  Random random(seed);
  return random_floats(row_count() * width, random);
}

namespace {

int64_t key_width(const KvShape& s) { return s.kv_heads * (s.latent_dim > 0 ? s.latent_dim : s.head_dim); }
int64_t value_width(const KvShape& s) { return s.kv_heads * (s.head_dim - s.latent_dim); }

// Groups that hold nothing, no number, and what no f16 scale is large enough for.
void add_special(std::vector<float>& x, int64_t width) {
  std::fill_n(x.begin(), std::min<int64_t>(width, 32), 0.0F);
  x[static_cast<size_t>(width + width / 2)] = std::numeric_limits<float>::infinity();
  x[static_cast<size_t>(3 * width)] = 2e7F;
  x[static_cast<size_t>(4 * width)] = 9.1e-7F;  // a subnormal f16, rounded down
}

}  // namespace

void KvProblem::write(Machine& machine) {
  std::vector<float> k = random_row_values(key_width(shape_), 1), v = random_row_values(value_width(shape_), 2);
  add_special(k, key_width(shape_));
  const std::vector<gpu::RowPlace> rows = places();
  const gpu::KvWriteArgs args = {
      .layer = layer(), .rows = rows.data(), .row_count = std::ssize(rows), .k = k.data(), .v = v.data()};
  if (type_ == ElementType::f16) {
    machine.launch<gpu::KvWriteF16>(args);
  } else {
    machine.launch<gpu::KvWriteQ8_0>(args);
  }
}

void KvProblem::write_by_scalar() {
  std::vector<float> k = random_row_values(key_width(shape_), 1), v = random_row_values(value_width(shape_), 2);
  add_special(k, key_width(shape_));
  const std::vector<gpu::RowPlace> rows = places();
  for (int64_t r = 1; r < std::ssize(rows); ++r) {
    const gpu::RowPlace& place = rows[static_cast<size_t>(r)];
    scalar_table().kv_write({.layer = layer(),
                             .blocks = place.blocks,
                             .position = place.position,
                             .k = k.data() + r * key_width(shape_),
                             .v = v.data() + r * value_width(shape_)});
  }
}

void KvProblem::write_all_by_scalar() {
  Random random(5);
  for (size_t i = 0; i < runs_.size(); ++i) {
    for (int64_t position = 0; position < runs_[i].position + runs_[i].rows; ++position) {
      const std::vector<float> k = random_floats(key_width(shape_), random);
      const std::vector<float> v = random_floats(value_width(shape_), random);
      scalar_table().kv_write(
          {.layer = layer(), .blocks = tables_[i].data(), .position = position, .k = k.data(), .v = v.data()});
    }
  }
}

std::vector<float> KvProblem::queries(const AttentionShape& attention) const {
  Random random(6);
  return random_floats(row_count() * shape_.kv_heads * attention.group * shape_.head_dim, random, 2.0F);
}

// Above all scores, among them, below.
std::vector<float> KvProblem::sinks(const AttentionShape& attention) const {
  constexpr float kinds[] = {30.0F, 0.5F, -30.0F};
  std::vector<float> sinks;
  for (int64_t head = 0; attention.sinks && head < shape_.kv_heads * attention.group; ++head) {
    sinks.push_back(kinds[head % 3]);
  }
  return sinks;
}

namespace {

template <ElementType type, int heads_max>
void launch_attention(Machine& machine, bool splits, const gpu::AttentionArgs& args) {
  if (!splits) return machine.launch<gpu::AttentionWalk<type, heads_max>>(args);
  machine.launch<gpu::AttentionScores<type, heads_max>>(args);
  machine.launch<gpu::AttentionWeights>(args);
  machine.launch<gpu::AttentionValues<type, heads_max>>(args);
}

template <ElementType type>
void launch_attention(Machine& machine, const AttentionShape& attention, const gpu::AttentionArgs& args) {
  if (attention.heads_max == 1) launch_attention<type, 1>(machine, attention.splits, args);
  if (attention.heads_max == 2) launch_attention<type, 2>(machine, attention.splits, args);
  if (attention.heads_max == 4) launch_attention<type, 4>(machine, attention.splits, args);
  if (attention.heads_max == 8) launch_attention<type, 8>(machine, attention.splits, args);
}

}  // namespace

std::vector<float> KvProblem::attend(Machine& machine, const AttentionShape& attention) const {
  const int64_t heads = shape_.kv_heads * attention.group, value_dim = scalar::value_dim(layer());
  const std::vector<float> q = queries(attention), sink = sinks(attention);
  const std::vector<gpu::RowPlace> rows = places();
  std::vector<float> out(static_cast<size_t>(row_count() * heads * value_dim), 7.0F);
  int64_t chunks_max = 0;
  for (const gpu::RowPlace& place : rows) {
    const int64_t seen_end = std::min(place.end, place.position + 1 + attention.after);
    chunks_max = std::max(chunks_max, gpu::ceil_div(seen_end, attention_chunk));
  }
  const auto chunks = static_cast<size_t>(row_count() * heads * chunks_max);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> p(chunks * attention_chunk, nan), maxima(chunks, nan), carries(chunks, nan), sums(chunks, nan);
  const gpu::AttentionArgs args = {.layer = layer(),
                                   .rows = rows.data(),
                                   .row_count = std::ssize(rows),
                                   .heads = heads,
                                   .q = q.data(),
                                   .out = out.data(),
                                   .scale = 0.125F,
                                   .window = attention.window,
                                   .after = attention.after,
                                   .softcap = attention.softcap,
                                   .sinks = sink.empty() ? nullptr : sink.data(),
                                   .scratch = {.p = p.data(),
                                               .maxima = maxima.data(),
                                               .carries = carries.data(),
                                               .sums = sums.data(),
                                               .chunks_max = chunks_max}};
  if (type_ == ElementType::f16) {
    launch_attention<ElementType::f16>(machine, attention, args);
  } else {
    launch_attention<ElementType::q8_0>(machine, attention, args);
  }
  return out;
}

std::vector<float> KvProblem::attend_by_scalar(const AttentionShape& attention) const {
  const int64_t heads = shape_.kv_heads * attention.group, value_dim = scalar::value_dim(layer());
  const std::vector<float> q = queries(attention), sink = sinks(attention);
  std::vector<float> out(static_cast<size_t>(row_count() * heads * value_dim), 7.0F);
  std::vector<RowRun> runs;
  int64_t row = 1;
  for (size_t i = 0; i < runs_.size(); ++i) {
    runs.push_back({.row_begin = row,
                    .rows = runs_[i].rows,
                    .position = runs_[i].position,
                    .blocks = tables_[i].data(),
                    .end = runs_[i].position + runs_[i].rows});
    row += runs_[i].rows;
  }
  for (int64_t head = 0; head < shape_.kv_heads; ++head) {
    scalar_table().attention({.layer = layer(),
                              .kv_head = head,
                              .group = attention.group,
                              .runs = runs.data(),
                              .run_count = std::ssize(runs),
                              .q = q.data(),
                              .q_stride = heads * shape_.head_dim,
                              .out = out.data(),
                              .out_stride = heads * value_dim,
                              .scale = 0.125F,
                              .window = attention.window,
                              .after = attention.after,
                              .softcap = attention.softcap,
                              .sinks = sink.empty() ? nullptr : sink.data()});
  }
  return out;
}

}  // namespace quire::test
