// GB/s and GMAC/s of each kernel and table: kernel_bench [TABLE | TYPE | rows | attention | OUTPUTSxINPUTS | tN] ...
// Without a word of a kind, all of that kind (tables, weight types and kernels) are measured; 8192x2048 and t1 are the
// defaults. The best of many rounds counts. One thread is timed by its processor time, which other programs hardly
// change; more (tN) by the clock on the wall.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "backend/cpu/page_memory.h"
#include "backend/cpu/roof.h"
#include "base/team.h"
#include "kernels/kernels.h"
#include "kernels/quantized_rows.h"

namespace {

using namespace quire;

struct Options {
  std::vector<const KernelTable*> tables;
  std::vector<std::string_view> types;  // and "rows", "attention"; empty: all
  int64_t outputs = 8192;
  int64_t inputs = 2048;
  int threads = 1;

  bool has(std::string_view name) const {
    return types.empty() || std::find(types.begin(), types.end(), name) != types.end();
  }
};

std::vector<float> random_floats(int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

// Quants are random bits; every number that could be a scale is from 2^-7 to 2 as f16, from 2^-63 on as bf16 or f32:
// subnormal ones take some processors many times as long.
void fill(std::byte* bytes, size_t size) {
  uint32_t state = 1;
  for (size_t i = 0; i + 2 <= size; i += 2) {
    state = state * 1664525U + 1013904223U;
    const auto word = static_cast<uint16_t>(((state >> 16) & 0x1FFF) | 0x2000);
    std::memcpy(bytes + i, &word, 2);
  }
}

// Runs body(begin, end) over tiles of [0, count) on the team.
void split(Team& team, int64_t count, const std::function<void(int64_t, int64_t)>& body) {
  if (team.worker_count() == 1) return body(0, count);
  const int64_t tiles = team.worker_count() * 8;
  team.parallel_for(tiles, [&](int64_t index, int) { body(count * index / tiles, count * (index + 1) / tiles); });
}

// multiply(begin, end): panels of all rows.
void measure_matmul(Team& team, const KernelTable& table, const char* name, const PackedMatrix& weights, int64_t rows,
                    const std::function<void(int64_t, int64_t)>& multiply) {
  const double seconds = best_seconds([&] { split(team, weights.outputs / panel_outputs, multiply); },
                                      team.worker_count(), table.name == "scalar" ? 0.0 : 0.4);
  const size_t size = packed_size_bytes(weights.type, weights.outputs, weights.inputs);
  fmt::print("{:<12} {} {:<5} {}x{} rows {:>3}: {:8.2f} GB/s {:8.2f} GMAC/s\n", table.name, name,
             element_traits(weights.type).name, weights.outputs, weights.inputs, rows,
             static_cast<double>(size) / seconds * 1e-9,
             static_cast<double>(rows * weights.outputs * weights.inputs) / seconds * 1e-9);
}

// Whole panels of the asked shape, in memory of their own.
struct Weights {
  Weights(ElementType type, const Options& options) {
    matrix = {.type = type, .outputs = options.outputs / panel_outputs * panel_outputs, .inputs = options.inputs};
    const size_t size = packed_size_bytes(type, matrix.outputs, matrix.inputs);
    memory = PageMemory::allocate(size, PageMemory::Pages::huge, "weights").value();
    fill(memory.bytes(), size);
    matrix.bytes = memory.bytes();
  }
  PageMemory memory;
  PackedMatrix matrix;
};

void bench_matmul(Team& team, const KernelTable& table, ElementType type, const Options& options) {
  const Weights weights(type, options);
  const int64_t outputs = weights.matrix.outputs;
  const int64_t inputs = weights.matrix.inputs;
  const int64_t rows_max = 512;
  const auto values = random_floats(rows_max * inputs);
  std::vector<std::byte> form(values.size() / 32 * quantized_group_bytes);
  std::vector<uint16_t> rounded(values.size());
  if (table.round_activations != nullptr) table.round_activations(values.data(), rows_max, inputs, rounded.data());
  std::vector<float> y(static_cast<size_t>(rows_max * outputs));
  for (const int64_t rows : {1, 2, 4, 8, 16, 32, 64, 512}) {
    for (int64_t i = 0; inputs % 32 == 0 && i < row_tile_count(rows, table.tile_rows); ++i) {
      const RowTile tile = row_tile(rows, table.tile_rows, i);
      table.quantize_activations({.x = values.data() + tile.begin * inputs,
                                  .rows = tile.height(),
                                  .inputs = inputs,
                                  .tile = form.data() + tile.begin * inputs / 32 * quantized_group_bytes});
    }
    MatmulArgs args = {.weights = weights.matrix,
                       .x = {.rows = rows,
                             .inputs = inputs,
                             .values = values.data(),
                             .rounded = rounded.data(),
                             .quantized = form.data(),
                             .tile_rows = table.tile_rows},
                       .y = y.data(),
                       .y_stride = outputs};
    measure_matmul(team, table, "matmul", args.weights, rows, [&](int64_t begin, int64_t end) {
      MatmulArgs part = args;
      part.panel_begin = begin;
      part.panel_end = end;
      table.matmul(part);
    });
    if (table.name == "scalar" && rows >= 8) break;
  }
}

// Prompt rows, where the table has an arithmetic for them.
void bench_matmul_bf16(Team& team, const KernelTable& table, ElementType type, const Options& options) {
  if (table.matmul_bf16 == nullptr || !reads_quantized_activations(type)) return;
  const Weights weights(type, options);
  const int64_t outputs = weights.matrix.outputs;
  const int64_t inputs = weights.matrix.inputs;
  const int64_t rows_max = 512;
  const auto values = random_floats(rows_max * inputs);
  std::vector<int32_t> row_numbers(static_cast<size_t>(rows_max));
  std::iota(row_numbers.begin(), row_numbers.end(), 0);
  std::vector<uint16_t> bf16(values.size());
  uint16_t* const x = bf16.data();
  table.round_to_bf16(
      {.x = values.data(), .rows = row_numbers.data(), .row_count = rows_max, .inputs = inputs, .bf16 = x});
  std::vector<float> y(static_cast<size_t>(rows_max * outputs));
  for (const int64_t rows : {1, 16, 32, 128, 512}) {
    measure_matmul(team, table, "matmul_bf16", weights.matrix, rows, [&](int64_t begin, int64_t end) {
      table.matmul_bf16({.weights = weights.matrix,
                         .x = x,
                         .rows = row_numbers.data(),
                         .row_count = rows,
                         .y = y.data(),
                         .y_stride = outputs,
                         .panel_begin = begin,
                         .panel_end = end});
    });
  }
}

// Sequences whose KV begins alike: each has the last `rows` rows of `context` positions.
struct AttentionShape {
  int64_t head_dim = 64;
  int64_t latent_dim = 0;
  int64_t group = 4;
  int64_t context = 0;
  int64_t rows = 1;
  int64_t sequences = 1;
  int64_t shared = 0;  // positions; a multiple of 32
  int64_t window = 0;  // positions that a row sees; 0: all
};

int64_t kv_blocks(const AttentionShape& shape) {
  return shape.shared / 32 + shape.sequences * ((shape.context - shape.shared + 31) / 32);
}

// Of one KV head, on one thread; sequences that share positions together, else one after another.
double attention_seconds(const KernelTable& table, ElementType type, const AttentionShape& shape) {
  const int64_t own_blocks = (shape.context - shape.shared + 31) / 32;
  const int64_t shared_blocks = shape.shared / 32;
  const auto size = static_cast<size_t>(kv_blocks(shape) * kv_chunk_size_bytes(type, shape.head_dim));
  const auto keys = PageMemory::allocate(size, PageMemory::Pages::huge, "keys").value();
  const auto values = PageMemory::allocate(size, PageMemory::Pages::huge, "values").value();
  fill(keys.bytes(), size);
  fill(values.bytes(), size);
  const auto q = random_floats(shape.sequences * shape.rows * shape.group * shape.head_dim);
  std::vector<float> out(q.size());
  std::vector<std::vector<int32_t>> tables;
  std::vector<RowRun> runs;
  for (int64_t i = 0; i < shape.sequences; ++i) {
    std::vector<int32_t>& own = tables.emplace_back();
    for (int64_t b = 0; b < shared_blocks; ++b) own.push_back(static_cast<int32_t>(b));
    for (int64_t b = 0; b < own_blocks; ++b) own.push_back(static_cast<int32_t>(shared_blocks + i * own_blocks + b));
    runs.push_back({.row_begin = i * shape.rows,
                    .rows = shape.rows,
                    .position = shape.context - shape.rows,
                    .blocks = own.data()});
  }
  AttentionArgs args = {.layer = {.keys = keys.bytes(),
                                  .values = values.bytes(),
                                  .type = type,
                                  .block_tokens = 32,
                                  .kv_heads = 1,
                                  .head_dim = shape.head_dim,
                                  .latent_dim = shape.latent_dim},
                        .group = shape.group,
                        .runs = runs.data(),
                        .run_count = shape.shared > 0 ? shape.sequences : 1,
                        .shared_tokens = shape.shared,
                        .q = q.data(),
                        .q_stride = shape.group * shape.head_dim,
                        .out = out.data(),
                        .out_stride = shape.group * shape.head_dim,
                        .scale = 0.125F,
                        .window = shape.window};
  return best_seconds(
      [&] {
        for (args.runs = runs.data(); args.runs < runs.data() + runs.size(); args.runs += args.run_count) {
          table.attention(args);
        }
      },
      1, 0.1);
}

void bench_attention(const KernelTable& table, ElementType type, const AttentionShape& shape) {
  const double seconds = attention_seconds(table, type, shape);
  const int64_t value_dim = shape.latent_dim > 0 ? shape.latent_dim : shape.head_dim;
  const double macs = static_cast<double>(shape.sequences * shape.rows * shape.group *
                                          (2 * shape.context - shape.rows + 1) * (shape.head_dim + value_dim)) /
                      2;
  const double copies = shape.latent_dim > 0 ? 1.0 : 2.0;
  const auto size = static_cast<double>(kv_blocks(shape) * kv_chunk_size_bytes(type, shape.head_dim));
  fmt::print(
      "{:<12} attention {:<4} head_dim {} latents {} group {} context {} rows {} sequences {} shared {}: {:8.2f} GB/s "
      "{:8.2f} "
      "GMAC/s\n",
      table.name, element_traits(type).name, shape.head_dim, shape.latent_dim, shape.group, shape.context, shape.rows,
      shape.sequences, shape.shared, copies * size / seconds * 1e-9, macs / seconds * 1e-9);
}

// A row that sees 512 positions, where they are all there are and where 8,192 lie before it.
void bench_window(const KernelTable& table, ElementType type) {
  constexpr AttentionShape near{.head_dim = 256, .context = 512, .window = 512};
  AttentionShape far = near;
  far.context = 8192;
  const double near_seconds = attention_seconds(table, type, near);
  const double far_seconds = attention_seconds(table, type, far);
  fmt::print("{:<12} attention {:<4} window {}: {:.2f} us at {} positions, {:.2f} us at {}: {:.3f}\n", table.name,
             element_traits(type).name, near.window, near_seconds * 1e6, near.context, far_seconds * 1e6, far.context,
             far_seconds / near_seconds);
}

// Rows of n values, from the first-level cache, on one thread.
void bench_rows(const KernelTable& table, int64_t n) {
  const auto x = random_floats(n);
  const auto weight = random_floats(n);
  std::vector<float> y(x.size());
  const auto report = [&](const char* name, int64_t bytes, const std::function<void()>& body) {
    const int repeats = 100;
    const double seconds = best_seconds(
        [&] {
          for (int i = 0; i < repeats; ++i) body();
        },
        1, 0.02);
    fmt::print("{:<12} {} {}: {:8.2f} GB/s\n", table.name, name, n,
               static_cast<double>(bytes * repeats) / seconds * 1e-9);
  };
  report("rms_norm", 12 * n, [&] { table.rms_norm(x.data(), weight.data(), 1e-5F, n, y.data()); });
  report("add", 12 * n, [&] { table.add(y.data(), x.data(), n); });
  // Of its own results again and again would be of subnormals soon, which some processors take in by microcode.
  report("silu_mul and a copy", 20 * n, [&] {
    std::copy(x.begin(), x.end(), y.begin());
    table.silu_mul(y.data(), weight.data(), n);
  });
  std::vector<std::byte> form(x.size() / 32 * quantized_group_bytes);
  report("quantize_activations", 5 * n,
         [&] { table.quantize_activations({.x = x.data(), .rows = 1, .inputs = n, .tile = form.data()}); });
  const std::vector<float> cosines(64, 0.8F);
  const std::vector<float> sines(64, 0.6F);
  y = x;
  report("rope (halves)", 8 * n, [&] { table.rope(y.data(), n / 128, 128, 128, true, cosines.data(), sines.data()); });
  report("rope (pairs)", 8 * n, [&] { table.rope(y.data(), n / 128, 128, 128, false, cosines.data(), sines.data()); });
}

bool parse_number(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0;
}

bool parse(std::string_view word, Options& options) {
  if (const KernelTable* table = find_kernel_table(word)) {
    options.tables.push_back(table);
    return true;
  }
  int64_t number = 0;
  if (word.starts_with('t') && parse_number(word.substr(1), number)) {
    options.threads = static_cast<int>(number);
    return true;
  }
  const size_t by = word.find('x');
  if (by != std::string_view::npos) {
    return parse_number(word.substr(0, by), options.outputs) && parse_number(word.substr(by + 1), options.inputs) &&
           options.outputs >= panel_outputs && options.inputs % 256 == 0;
  }
  const bool is_type = std::any_of(element_traits_table.begin(), element_traits_table.end(),
                                   [&](const ElementTraits& traits) { return traits.name == word; });
  if (is_type || word == "rows" || word == "attention") options.types.push_back(word);
  return is_type || word == "rows" || word == "attention";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (!parse(argv[i], options)) {
      fmt::print(stderr, "not a table, type, kernel, OUTPUTSxINPUTS (16 and more, multiple of 256) or tN: {}\n",
                 argv[i]);
      return 1;
    }
  }
  if (options.tables.empty()) options.tables.assign(supported_kernel_tables().begin(), supported_kernel_tables().end());
  Team team(options.threads);
  fmt::print("plain read, {} threads: {:.2f} GB/s\n", options.threads, measure_read_rate(team).value() * 1e-9);
  for (const KernelTable* table : options.tables) {
    for (const ElementTraits& traits : element_traits_table) {
      if (!options.has(traits.name)) continue;
      bench_matmul(team, *table, traits.type, options);
      bench_matmul_bf16(team, *table, traits.type, options);
    }
    if (options.has("rows")) bench_rows(*table, 4096);
    if (!options.has("attention")) continue;
    for (const ElementType type : {ElementType::f16, ElementType::q8_0}) {
      for (const int64_t head_dim : {64, 128}) {
        const int64_t rows = table->name == "scalar" ? 8 : 512;
        bench_attention(*table, type, {.head_dim = head_dim, .context = 4096});
        bench_attention(*table, type, {.head_dim = head_dim, .group = 1, .context = 4096});
        bench_attention(*table, type, {.head_dim = head_dim, .context = 1024, .rows = rows});
        bench_attention(*table, type, {.head_dim = head_dim, .context = 2048, .sequences = 8});
        bench_attention(*table, type, {.head_dim = head_dim, .context = 1056, .sequences = 32});
        bench_attention(*table, type, {.head_dim = head_dim, .context = 1056, .sequences = 32, .shared = 1024});
      }
      bench_window(*table, type);
      for (const int64_t group : {16, 128}) {  // as DeepSeek V2 Lite and V3
        const int64_t rows = table->name == "scalar" ? 1 : 32;
        const AttentionShape latents{.head_dim = 576, .latent_dim = 512, .group = group, .context = 4096};
        bench_attention(*table, type, latents);
        bench_attention(*table, type,
                        {.head_dim = 576, .latent_dim = 512, .group = group, .context = 1024, .rows = rows});
      }
    }
  }
  return 0;
}
