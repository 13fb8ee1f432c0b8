// GB/s and GMAC/s of each kernel and table, on one thread: kernel_bench [table ...].
// A case is timed in rounds over a matrix larger than the caches; the best round counts.
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace {

using namespace quire;

struct Aligned {
  explicit Aligned(size_t size) : bytes(static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64))) {}
  ~Aligned() { std::free(bytes); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  std::byte* bytes;
};

// Processor time of this thread: what other programs take does not count.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double best_seconds(const std::function<void()>& body, double budget_seconds = 0.4) {
  double best = 1e9;
  const double begin = thread_seconds();
  for (int round = 0; round < 3 || thread_seconds() - begin < budget_seconds; ++round) {
    const double start = thread_seconds();
    body();
    best = std::min(best, thread_seconds() - start);
  }
  return best;
}

std::vector<float> random_floats(int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

// Quants are random bytes; every 16-bit number that could be a scale is a small f16.
void fill(Aligned& packed, size_t size, ElementType type) {
  std::mt19937 random(2);
  auto* words = reinterpret_cast<uint16_t*>(packed.bytes);
  const bool quants = reads_quantized_activations(type);
  for (size_t i = 0; i < size / 2; ++i) words[i] = static_cast<uint16_t>(quants ? random() & 0x1FFF : 0x3C00 >> (i & 1));
}

void bench_matmul(const KernelTable& table, ElementType type, int64_t outputs, int64_t inputs) {
  const size_t size = packed_size_bytes(type, outputs, inputs);
  Aligned packed(size);
  fill(packed, size, type);
  const int64_t rows_max = 64;
  const auto values = random_floats(rows_max * inputs);
  std::vector<int8_t> quants(values.size());
  std::vector<float> scales(values.size() / 32);
  std::vector<int16_t> half_sums(values.size() / 16);
  std::vector<float> group_sums(values.size() / 32);
  table.quantize_activations(values.data(), rows_max, inputs, quants.data(), scales.data(), half_sums.data(),
                             group_sums.data());
  std::vector<float> y(static_cast<size_t>(rows_max * outputs));
  for (const int64_t rows : {1, 2, 4, 8, 16, 64}) {
    const MatmulArgs args = {
        .weights = {.type = type, .outputs = outputs, .inputs = inputs, .bytes = packed.bytes},
        .x = {.rows = rows, .inputs = inputs, .values = values.data(), .quants = quants.data(),
              .scales = scales.data(), .half_sums = half_sums.data(), .group_sums = group_sums.data()},
        .y = y.data(),
        .y_stride = outputs,
        .panel_begin = 0,
        .panel_end = outputs / panel_outputs};
    if (table.name == "scalar" && rows > 8) break;
    const double seconds = best_seconds([&] { table.matmul(args); }, table.name == "scalar" ? 0.0 : 0.4);
    fmt::print("{:<12} matmul {:<5} {}x{} rows {:>3}: {:8.2f} GB/s {:8.2f} GMAC/s\n", table.name,
               element_traits(type).name, outputs, inputs, rows, static_cast<double>(size) / seconds * 1e-9,
               static_cast<double>(rows * outputs * inputs) / seconds * 1e-9);
  }
}

void bench_read(size_t size) {
  Aligned memory(size);
  std::memset(memory.bytes, 1, size);
  const auto* words = reinterpret_cast<const uint64_t*>(memory.bytes);
  uint64_t total = 0;
  const double seconds = best_seconds([&] {
    uint64_t sums[8] = {};
    for (size_t i = 0; i < size / 8; i += 8) {
      for (size_t j = 0; j < 8; ++j) sums[j] += words[i + j];
    }
    for (const uint64_t sum : sums) total += sum;
  });
  fmt::print("plain read of {} MB: {:.2f} GB/s (sum {})\n", size >> 20, static_cast<double>(size) / seconds * 1e-9, total);
}

void bench_attention(const KernelTable& table, int64_t head_dim, int64_t group, int64_t context, int64_t rows) {
  const int64_t blocks = (context + 31) / 32;
  std::vector<uint16_t> keys(static_cast<size_t>(blocks * 32 * head_dim), 0x2E66);
  std::vector<uint16_t> values(keys.size(), 0x2E66);
  std::vector<int32_t> table_of_blocks(static_cast<size_t>(blocks));
  for (size_t b = 0; b < table_of_blocks.size(); ++b) table_of_blocks[b] = static_cast<int32_t>(b);
  const auto q = random_floats(rows * group * head_dim);
  std::vector<float> out(q.size());
  const AttentionArgs args = {
      .layer = {.keys = keys.data(), .values = values.data(), .block_tokens = 32, .kv_heads = 1, .head_dim = head_dim},
      .blocks = table_of_blocks.data(),
      .kv_head = 0,
      .group = group,
      .position = context - rows,
      .rows = rows,
      .q = q.data(),
      .q_stride = group * head_dim,
      .out = out.data(),
      .out_stride = group * head_dim,
      .scale = 0.125F};
  const double seconds = best_seconds([&] { table.attention(args); }, 0.1);
  const double bytes = static_cast<double>(context * head_dim * 4);
  const double macs = static_cast<double>(rows * group * (2 * context - rows + 1) * head_dim);
  fmt::print("{:<12} attention head_dim {} group {} context {} rows {}: {:8.2f} GB/s {:8.2f} GMAC/s\n", table.name,
             head_dim, group, context, rows, bytes / seconds * 1e-9, macs / seconds * 1e-9);
}

void bench_rows(const KernelTable& table, int64_t n) {
  auto x = random_floats(n);
  const auto weight = random_floats(n);
  std::vector<float> y(x.size());
  const auto report = [&](const char* name, int64_t bytes, const std::function<void()>& body) {
    const double seconds = best_seconds([&] {
      for (int i = 0; i < 100; ++i) body();
    }, 0.02) / 100;
    fmt::print("{:<12} {} {}: {:8.2f} GB/s\n", table.name, name, n, static_cast<double>(bytes) / seconds * 1e-9);
  };
  report("rms_norm", 12 * n, [&] { table.rms_norm(x.data(), weight.data(), 1e-5F, n, y.data()); });
  report("silu_mul", 12 * n, [&] { table.silu_mul(y.data(), x.data(), n); });
  report("add", 12 * n, [&] { table.add(y.data(), x.data(), n); });
  std::vector<int8_t> quants(x.size());
  std::vector<float> scales(x.size() / 32);
  std::vector<int16_t> half_sums(x.size() / 16);
  std::vector<float> group_sums(x.size() / 32);
  report("quantize", 5 * n, [&] {
    table.quantize_activations(x.data(), 1, n, quants.data(), scales.data(), half_sums.data(), group_sums.data());
  });
  const std::vector<float> cosines(64, 0.8F);
  const std::vector<float> sines(64, 0.6F);
  report("rope neox", 8 * n, [&] { table.rope(y.data(), n / 128, 128, 128, true, cosines.data(), sines.data()); });
  report("rope pairs", 8 * n, [&] { table.rope(y.data(), n / 128, 128, 128, false, cosines.data(), sines.data()); });
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<const KernelTable*> tables;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    if (const KernelTable* table = find_kernel_table(argv[i])) {
      tables.push_back(table);
    } else {
      only = argv[i];
    }
  }
  if (tables.empty()) tables.assign(supported_kernel_tables().begin(), supported_kernel_tables().end());
  bench_read(size_t{256} << 20);
  for (const KernelTable* table : tables) {
    for (const ElementTraits& traits : element_traits_table) {
      if (only.empty() || only == traits.name) bench_matmul(*table, traits.type, 8192, table->name == "scalar" ? 256 : 2048);
    }
    if (!only.empty() && only != "rows") continue;
    bench_rows(*table, 4096);
    for (const int64_t head_dim : {64, 128}) {
      bench_attention(*table, head_dim, 4, 4096, 1);
      bench_attention(*table, head_dim, 1, 4096, 1);
      bench_attention(*table, head_dim, 4, 1024, 512);
    }
  }
  return 0;
}
