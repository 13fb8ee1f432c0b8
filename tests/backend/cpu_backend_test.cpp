// The operations against plain loops in double precision, on each table, and the same bits on any number of workers.
#include "backend/cpu/cpu_backend.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "backend/on_cpu.h"
#include "tensor/float16.h"

namespace quire::test {
namespace {

TEST(CpuBackend, embeds_stored_rows_and_gives_zeros_for_a_token_that_has_none) {
  const Stored table(ElementType::q8_0, 10, 64, 1);
  const std::array<int32_t, 4> tokens = {9, -1, 0, 10};
  const std::vector<float> zeros(64, 0.0F);
  for_each_table([&](CpuBackend& backend) {
    const Buffer x(4, 64, 2);
    const StepOf step(backend, {});
    EXPECT_TRUE(backend.embed(table.view, tokens, x.rows));
    EXPECT_EQ(0, std::memcmp(row_of(x.rows, 0), table.values.data() + 9 * 64, 256));
    EXPECT_EQ(0, std::memcmp(row_of(x.rows, 1), zeros.data(), 256));
    EXPECT_EQ(0, std::memcmp(row_of(x.rows, 2), table.values.data(), 256));
    EXPECT_EQ(0, std::memcmp(row_of(x.rows, 3), zeros.data(), 256));
  });
}

// One input, matrices of two kinds: what each form of the input is worth, and whether a prompt's rows have their own.
TEST(CpuBackend, projects_one_input_by_matrices_of_different_types) {
  const Stored quantized(ElementType::q4_0, 100, 256, 1);
  const Stored floats(ElementType::f16, 33, 256, 2);
  const Stored pairs(ElementType::bf16, 50, 256, 4);
  const Buffer x(137, 256, 3);
  std::vector<int32_t> all_rows, some_rows;
  for (int32_t row = 0; row < 137; ++row) {
    all_rows.push_back(row);
    if (row % 3 == 1) some_rows.push_back(row);
  }
  const auto product_with = [&](const Stored& weights) -> Expected {
    return [&](int64_t row, int64_t output) {
      double sum = 0.0;
      for (int64_t k = 0; k < 256; ++k) {
        sum += double{weights.values[static_cast<size_t>(output * 256 + k)]} * double{row_of(x.rows, row)[k]};
      }
      return sum;
    };
  };
  std::vector<float> first_bits, first_bits_of_prompts;
  for_each_table([&](CpuBackend& backend) {
    DeviceArena weights(backend.device(), "weights");
    const Matrix a = load(backend, quantized.view, weights);
    const Matrix b = load(backend, floats.view, weights);
    const Matrix c = load(backend, pairs.view, weights);
    const Buffer one(137, 100), plain(137, 33), rounded(137, 50);
    const auto project = [&](std::span<const int32_t> prompt_rows, std::initializer_list<Projection> projections) {
      const StepOf step(backend, {.prompt_rows = prompt_rows});
      backend.matmul(x.rows, RowsOf::step, projections);
    };
    project({}, {{b, plain.rows}, {a, one.rows}, {c, rounded.rows}});
    // The step of 32 random values is about 2.4 / 127 of their size, and its error that over the root of 12.
    EXPECT_NEAR(relative_rms_error(one.rows, product_with(quantized)), 0.0055, 0.0005);
    EXPECT_LE(relative_rms_error(plain.rows, product_with(floats)), 1e-6);
    // BF16 weights: exact, or with inputs rounded as below.
    const bool rounds = backend.prompt_rows_differ() || backend.name().starts_with("avx512_bf16");
    EXPECT_LE(relative_rms_error(rounded.rows, product_with(pairs)), rounds ? 0x1p-9 : 1e-6);
    if (first_bits.empty()) first_bits = one.values;
    EXPECT_EQ(0, std::memcmp(first_bits.data(), one.values.data(), first_bits.size() * sizeof(float)));

    ASSERT_EQ(backend.prompt_rows_differ(), backend.name().starts_with("amx"));
    if (!backend.prompt_rows_differ()) return;
    const Buffer in_bf16(137, 100), mixed(137, 100);
    project(all_rows, {{b, plain.rows}, {a, in_bf16.rows}});
    // An input and a weight are each off by at most 2^-9 of themselves, evenly spread between powers of two: about
    // 2^-9 / 1.2.
    EXPECT_LE(relative_rms_error(in_bf16.rows, product_with(quantized)), 0x1p-9 * 1.2);
    if (first_bits_of_prompts.empty()) first_bits_of_prompts = in_bf16.values;
    EXPECT_EQ(0,
              std::memcmp(first_bits_of_prompts.data(), in_bf16.values.data(), in_bf16.values.size() * sizeof(float)));
    EXPECT_LE(relative_rms_error(plain.rows, product_with(floats)), 1e-6);
    project(some_rows, {{a, mixed.rows}});
    for (int64_t row = 0; row < 137; ++row) {
      EXPECT_EQ(0, std::memcmp(row_of(mixed.rows, row), row_of((row % 3 == 1 ? in_bf16 : one).rows, row), 400)) << row;
    }
  });
}

// Positions 0 ... 79 of a sequence in scattered blocks, written and then attended to.
void expect_attention(CpuBackend& backend, KvType type, double error_max) {
  constexpr int64_t positions = 80, heads = 4, kv_heads = 2, head_dim = 24, block_count = 5;
  const int64_t stored_dim = type == KvType::f32 ? 2 * head_dim : head_dim;
  const ElementType stored_type = type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16;
  const int64_t size = block_count * kv_heads * kv_chunk_size_bytes(stored_type, stored_dim);
  std::vector<std::byte> keys(static_cast<size_t>(size), std::byte{0xff});
  std::vector<std::byte> values = keys;
  const KvView kv{.keys = device_address(keys.data()),
                  .values = device_address(values.data()),
                  .type = type,
                  .block_tokens = 32,
                  .kv_heads = kv_heads,
                  .head_dim = head_dim};
  const std::array<int32_t, 3> blocks = {4, 0, 2};
  const Buffer q(positions, heads * head_dim, 1), k(positions, kv_heads * head_dim, 2);
  const Buffer v(positions, kv_heads * head_dim, 3), out(positions, heads * head_dim);
  const std::array<RowRun, 3> runs = {{{.row_begin = 0, .rows = 32, .position = 0, .blocks = blocks.data()},
                                       {.row_begin = 32, .rows = 32, .position = 32, .blocks = blocks.data()},
                                       {.row_begin = 64, .rows = 16, .position = 64, .blocks = blocks.data()}}};
  const AttentionShape shape{.kv_heads = kv_heads, .group = heads / kv_heads};
  const StepOf step(backend, {.runs = runs, .attention_shapes = {&shape, 1}, .block_tokens = 32}, type);
  backend.kv_write(kv, k.rows, v.rows);
  backend.attention(kv, {.scale = 1.0F / std::sqrt(float{head_dim})}, q.rows, out.rows);
  const auto expected = [&](int64_t row, int64_t i) {
    const int64_t kv_from = i / head_dim / (heads / kv_heads) * head_dim;
    double total = 0.0, sum = 0.0;
    for (int64_t p = 0; p <= row; ++p) {
      double score = 0.0;
      for (int64_t d = 0; d < head_dim; ++d) {
        score += double{row_of(q.rows, row)[i / head_dim * head_dim + d]} * double{row_of(k.rows, p)[kv_from + d]};
      }
      const double weight = std::exp(score / std::sqrt(double{head_dim}));
      total += weight;
      sum += weight * double{row_of(v.rows, p)[kv_from + i % head_dim]};
    }
    return sum / total;
  };
  EXPECT_LE(relative_rms_error(out.rows, expected), error_max);
}

TEST(CpuBackend, attends_to_keys_and_values_as_exactly_as_they_are_kept) {
  for_each_table([](CpuBackend& backend) {
    expect_attention(backend, KvType::f16, 5e-4);   // 2^-11 a value at most
    expect_attention(backend, KvType::f32, 2e-6);   // 2^-22, and the roundings of the sums
    expect_attention(backend, KvType::q8_0, 1e-2);  // a step of about 2 / 127 of a value's size, over the root of 12
  });
}

// Twelve sequences that begin with the same two blocks, and a prompt: planned for each number of workers.
TEST(CpuBackend, attends_with_the_same_bits_on_any_number_of_workers) {
  constexpr int64_t heads = 8, kv_heads = 2, head_dim = 64, sequences = 12, prompt_rows = 20;
  constexpr int64_t rows = sequences + prompt_rows;
  const Buffer stored(sequences + 4, 2 * kv_heads * kv_chunk_size_bytes(ElementType::f16, head_dim) / 4, 1);
  std::vector<uint16_t> halves(2 * stored.values.size());
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = f32_to_f16(stored.values[i % stored.values.size()]);
  const KvView kv{.keys = device_address(halves.data()),
                  .values = device_address(halves.data() + halves.size() / 2),
                  .block_tokens = 32,
                  .kv_heads = kv_heads,
                  .head_dim = head_dim};
  std::vector<std::array<int32_t, 3>> tables;
  std::vector<RowRun> runs;
  for (int32_t i = 0; i <= sequences; ++i) tables.push_back({0, 1, i + 2});
  for (int64_t i = 0; i <= sequences; ++i) {
    runs.push_back({.row_begin = i,
                    .rows = i == sequences ? prompt_rows : 1,
                    .position = i == sequences ? 70 : 64 + i,
                    .blocks = tables[static_cast<size_t>(i)].data()});
  }
  const Buffer q(rows, heads * head_dim, 2);
  std::vector<float> expected;
  for_each_table([&](CpuBackend& backend) {
    const Buffer out(rows, heads * head_dim);
    const AttentionShape shape{.kv_heads = kv_heads, .group = heads / kv_heads};
    const StepOf step(backend, {.runs = runs, .attention_shapes = {&shape, 1}, .block_tokens = 32});
    backend.attention(kv, {.scale = 0.125F}, q.rows, out.rows);
    if (expected.empty()) expected = out.values;
    EXPECT_EQ(0, std::memcmp(expected.data(), out.values.data(), expected.size() * sizeof(float)));
  });
}

// Rows wide and many enough to be forked.
TEST(CpuBackend, gives_the_same_bits_on_any_number_of_workers) {
  constexpr int64_t count = 50, width = 512;
  const Buffer weight(1, width, 1), other(count, width, 2), turns(count, 32, 3), heads(4, 128, 5), scales(count, 1, 6);
  const RopeRows rope{.cosines = turns.values, .sines = turns.values, .rotary = 64};
  const std::vector<int32_t> picked = {49, 0, 7};
  for (const KernelTable* kernels : every_arithmetic()) {
    SCOPED_TRACE(kernels->name);
    std::vector<float> expected;
    for (const int workers : {1, 2, 5}) {
      Team team(workers);
      CpuBackend backend(team, *kernels);
      const Buffer x(count, width, 4), y(3, width);
      DeviceArena weights(backend.device(), "weights");
      const DeviceVector vector = backend.load_vector(weight.values, weights).value();
      const DeviceVector own = backend.load_vector(heads.values, weights).value();
      const StepOf step(backend, {.turns = {&rope, 1}, .row_scales = scales.values, .gathered_rows = picked});
      backend.rms_norm(x.rows, vector, 1e-5F, x.rows);
      backend.add_bias(x.rows, vector);
      backend.add(x.rows, other.rows);
      backend.rope(x.rows, 128, 0, RopePairs::neighbours);
      backend.rope(x.rows, 64, 0, RopePairs::halves);
      backend.activate(x.rows, other.rows, Activation::silu);
      backend.layer_norm(x.rows, vector, vector, 1e-5F, x.rows);
      backend.activate(x.rows, other.rows, Activation::gelu);
      backend.scale_rows(x.rows);
      // Heads of 128 with weights of their own.
      const Rows x_heads{.values = x.rows.values, .count = count * 4, .width = 128};
      backend.layer_norm(x_heads, own, {}, 1e-5F, x_heads);
      backend.rms_norm(x_heads, own, 1e-5F, x_heads);
      backend.activate(x.rows, Activation::gelu);
      backend.activate(x.rows, other.rows, Activation::gelu_erf);
      backend.activate(x.rows, Activation::gelu_erf);
      backend.scale(x.rows, 3.0F);
      backend.softcap(x.rows, 2.0F);
      backend.gather(x.rows, y.rows);
      EXPECT_EQ(0, std::memcmp(row_of(y.rows, 0), row_of(x.rows, 49), width * sizeof(float)));
      EXPECT_EQ(0, std::memcmp(row_of(y.rows, 2), row_of(x.rows, 7), width * sizeof(float)));
      if (expected.empty()) expected = x.values;
      EXPECT_EQ(0, std::memcmp(expected.data(), x.values.data(), expected.size() * sizeof(float)));
    }
  }
}

TEST(CpuBackend, says_of_rows_where_their_largest_value_is) {
  constexpr int64_t count = 20, width = 40'000;  // forked
  for (const KernelTable* kernels : every_arithmetic()) {
    SCOPED_TRACE(kernels->name);
    for (const int workers : {1, 3}) {
      Team team(workers);
      CpuBackend backend(team, *kernels);
      Buffer x(count, width, 4);
      const std::vector<float> before = x.values;
      x.values[5 * width + 3] = std::nanf("");
      const StepOf step(backend, {});
      const std::vector<int32_t> asked = {0, 5, 6, 19};
      const StepResult result = backend.finish(x.rows, asked).value();
      ASSERT_EQ(result.largest.size(), static_cast<size_t>(count));
      for (const int32_t row : {0, 6, 19}) {
        const auto values = std::span(before).subspan(static_cast<size_t>(row * width), width);
        EXPECT_EQ(result.largest[static_cast<size_t>(row)], std::ranges::max_element(values) - values.begin());
      }
      EXPECT_EQ(result.largest[5], -1);
      EXPECT_EQ(0, std::memcmp(result.values.data() + width, before.data() + width, 4 * width * sizeof(float)));
    }
  }
}

TEST(CpuBackend, gates_neighbours_by_a_function_of_their_number) {
  const Buffer x(30, 512, 1), gates(30, 512, 2);
  for (const int64_t width : {1, 8, 512}) {
    std::vector<float> expected_bits;
    for_each_table([&](CpuBackend& backend) {
      for (const RowGate function : {RowGate::sigmoid, RowGate::softplus}) {
        const Buffer y(30, 512), gate(30, width);
        std::memcpy(row_of(y.rows, 0), row_of(x.rows, 0), x.values.size() * sizeof(float));
        std::memcpy(row_of(gate.rows, 0), row_of(gates.rows, 0), gate.values.size() * sizeof(float));
        const StepOf step(backend, {});
        backend.gate_rows(y.rows, gate.rows, function);
        const auto expected = [&](int64_t row, int64_t i) {
          const double value = gates.values[static_cast<size_t>(row * width + i / (512 / width))];
          const double factor =
              function == RowGate::sigmoid ? 1.0 / (1.0 + std::exp(-value)) : std::log1p(std::exp(value));
          return double{row_of(x.rows, row)[i]} * factor;
        };
        EXPECT_LE(relative_rms_error(y.rows, expected), 1e-6);
        if (function == RowGate::softplus) continue;
        if (expected_bits.empty()) expected_bits = y.values;
        EXPECT_EQ(0, std::memcmp(expected_bits.data(), y.values.data(), y.values.size() * sizeof(float)));
      }
    });
  }
}

TEST(CpuBackend, projects_nothing_by_an_empty_matrix) {
  const Stored stored(ElementType::q8_0, 48, 64, 1);
  const Buffer x(5, 64, 2);
  for_each_table([&](CpuBackend& backend) {
    DeviceArena weights(backend.device(), "weights");
    const Matrix a = load(backend, stored.view, weights);
    const Buffer alone(5, 48), among(5, 48);
    const StepOf step(backend, {});
    backend.matmul(x.rows, RowsOf::step, {{a, alone.rows}});
    backend.matmul(x.rows, RowsOf::step, {{Matrix{}, Rows{}}, {a, among.rows}, {Matrix{}, Rows{}}});
    EXPECT_EQ(alone.values, among.values);
  });
}

TEST(CpuBackend, takes_some_columns_of_rows) {
  const Buffer x(150, 512, 1);
  for_each_table([&](CpuBackend& backend) {
    const Buffer y(150, 200);
    const StepOf step(backend, {});
    backend.columns(x.rows, 300, y.rows);
    for (int64_t r = 0; r < 150; ++r) {
      ASSERT_EQ(0, std::memcmp(row_of(y.rows, r), row_of(x.rows, r) + 300, 200 * sizeof(float))) << r;
    }
  });
}

TEST(CpuBackend, norms_heads_by_weights_of_their_own) {
  const Buffer x(6, 16, 1), weight(3, 16, 2);
  for_each_table([&](CpuBackend& backend) {
    DeviceArena weights(backend.device(), "weights");
    const DeviceVector own = backend.load_vector(weight.values, weights).value();
    const Buffer y(6, 16);
    const StepOf step(backend, {});
    backend.rms_norm(x.rows, own, 1e-5F, y.rows);
    for (int64_t r = 0; r < 6; ++r) {
      double square = 1e-5;
      for (int64_t i = 0; i < 16; ++i) square += double{row_of(x.rows, r)[i]} * double{row_of(x.rows, r)[i]} / 16;
      for (int64_t i = 0; i < 16; ++i) {
        EXPECT_NEAR(row_of(y.rows, r)[i], row_of(x.rows, r)[i] / std::sqrt(square) * row_of(weight.rows, r % 3)[i],
                    1e-5);
      }
    }
  });
}

TEST(CpuBackend, loads_a_part_of_each_matrix_of_a_stack) {
  constexpr int64_t count = 3, outputs = 40, inputs = 64;
  Stored stored(ElementType::q8_0, count * outputs, inputs, 1);
  stored.view.shape = {inputs, outputs, count, 1};
  Team team(2);
  CpuBackend backend(team, *supported_kernel_tables().back());
  DeviceArena memory(backend.device(), "weights");
  uint64_t copied = 0;
  const auto count_bytes = [&](uint64_t bytes) { copied += bytes; };
  const Matrix part = backend.load_matrix(stored.view, 8, 24, memory, count_bytes).value();
  EXPECT_EQ(copied, static_cast<uint64_t>(count * 16 * row_size_bytes(ElementType::q8_0, inputs)));
  EXPECT_EQ(part.count, count);
  EXPECT_EQ(part.outputs, 16);
  const size_t matrix_bytes = packed_size_bytes(ElementType::q8_0, 16, inputs);
  for (int64_t index = 0; index < count; ++index) {
    TensorView one = stored.view;
    one.shape = {inputs, 16, 1, 1};
    one.offset += static_cast<uint64_t>((index * outputs + 8) * row_size_bytes(ElementType::q8_0, inputs));
    const Matrix alone = load(backend, one, memory);
    EXPECT_EQ(0, std::memcmp(host_bytes(alone.bytes),
                             host_bytes(part.bytes) + index * static_cast<int64_t>(matrix_bytes), matrix_bytes))
        << index;
  }
}

TEST(CpuBackend, loading_counts_every_byte_once) {
  // 49 MB of zeros: more than one piece, and a last panel that is not full.
  const std::vector<std::byte> zeros(size_t{1500} * 16384 * 2);
  const MemorySource source(zeros);
  const TensorView tensor{.name = "w", .type = ElementType::f16, .shape = {16384, 1500, 1, 1}, .source = &source};
  Team team(2);
  CpuBackend backend(team, *supported_kernel_tables().front());
  DeviceArena weights(backend.device(), "weights");
  size_t copied = 0, pieces = 0;
  const Matrix matrix = backend
                            .load_matrix(tensor, 0, 1500, weights,
                                         [&](uint64_t bytes) {
                                           copied += bytes;
                                           ++pieces;
                                         })
                            .value();
  EXPECT_EQ(copied, zeros.size());
  EXPECT_GT(pieces, 1U);
  EXPECT_EQ(matrix.outputs, 1500);
}

}  // namespace
}  // namespace quire::test
