// Matrices of which each head has its own, and attention to latents, against plain loops in double precision.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "backend/on_cpu.h"

namespace quire::test {
namespace {

constexpr int64_t heads = 4, inputs = 64, outputs = 40;
// Parts of wider heads, which begin somewhere in them.
constexpr int64_t x_stride = inputs + 24, x_first = 8, y_stride = outputs + 10, y_first = 10;

// What the stack gives each head of x, in rows that held `before`.
std::vector<float> multiplied(CpuBackend& backend, const Matrix& stack, const Rows& x, float before) {
  const Buffer y(x.count, heads * y_stride);
  std::fill_n(row_of(y.rows, 0), x.count * y.rows.width, before);
  std::unique_ptr<StepScratch> scratch = std::move(*backend.make_scratch({.rows_max = x.count,
                                                                          .input_max = heads * x_stride,
                                                                          .q_width = 1,
                                                                          .kv_width = 1,
                                                                          .heads_input = heads * inputs}));
  backend.begin({}, *scratch);
  backend.matmul_heads({.rows = x, .stride = x_stride, .first = x_first, .size = inputs}, stack,
                       {.rows = y.rows, .stride = y_stride, .first = y_first, .size = outputs});
  (void)backend.finish({}, {});
  return y.values;
}

void expect_products(ElementType type, double error_max) {
  Stored stored(type, heads * outputs, inputs, 1);
  stored.view.shape = {inputs, outputs, heads, 1};
  constexpr int64_t rows = 37;
  const Buffer x(rows, heads * x_stride, 2);
  std::vector<float> first;
  for_each_table([&](CpuBackend& backend) {
    DeviceArena memory(backend.device(), "weights");
    const Matrix stack = load(backend, stored.view, memory);
    const std::vector<float> y = multiplied(backend, stack, x.rows, 7.0F);
    double error = 0.0, size = 0.0;
    for (int64_t at = 0; at < rows * heads * y_stride; ++at) {
      const int64_t head = at / y_stride % heads, output = at % y_stride - y_first, row = at / (heads * y_stride);
      const float found = y[static_cast<size_t>(at)];
      if (output < 0) {
        ASSERT_EQ(found, 7.0F) << "what is beside the part stays";
        continue;
      }
      double expected = 0.0;
      const float* const own = row_of(x.rows, row) + head * x_stride + x_first;
      for (int64_t k = 0; k < inputs; ++k) {
        expected += double{own[k]} * double{stored.values[static_cast<size_t>((head * outputs + output) * inputs + k)]};
      }
      error += (found - expected) * (found - expected);
      size += expected * expected;
    }
    EXPECT_LE(std::sqrt(error / size), error_max);
    // Tables have the same bits but where BF16 weights meet rounded rows, and a row has them alone.
    if (type != ElementType::bf16) {
      if (first.empty()) first = y;
      EXPECT_EQ(0, std::memcmp(first.data(), y.data(), y.size() * sizeof(float)));
    }
    const Rows one{.values = device_address(row_of(x.rows, 20)), .count = 1, .width = x.rows.width};
    const std::vector<float> alone = multiplied(backend, stack, one, 7.0F);
    EXPECT_EQ(0, std::memcmp(y.data() + 20 * heads * y_stride, alone.data(), alone.size() * sizeof(float)));
  });
}

TEST(HeadMatrices, multiply_each_heads_part_by_its_own_matrix) {
  expect_products(ElementType::f32, 1e-6);
  expect_products(ElementType::f16, 1e-6);
  expect_products(ElementType::bf16, 0x1p-8);
  expect_products(ElementType::q4_0, 0.006);  // of int8 rows, as all others
  expect_products(ElementType::q8_0, 0.006);
}

TEST(HeadMatrices, parts_of_heads_are_copied) {
  for_each_table([](CpuBackend& backend) {
    const Buffer x(3, heads * x_stride, 1), y(3, heads * y_stride, 2), before(3, heads * y_stride, 2);
    const StepOf step(backend, {});
    backend.copy_heads({.rows = x.rows, .stride = x_stride, .first = x_first, .size = 5},
                       {.rows = y.rows, .stride = y_stride, .first = y_first, .size = 5});
    for (int64_t row = 0; row < 3; ++row) {
      for (int64_t i = 0; i < heads * y_stride; ++i) {
        const int64_t head = i / y_stride, d = i % y_stride - y_first;
        const float kept = row_of(before.rows, row)[i];
        EXPECT_EQ(row_of(y.rows, row)[i], d >= 0 && d < 5 ? row_of(x.rows, row)[head * x_stride + x_first + d] : kept);
      }
    }
  });
}

constexpr int64_t positions = 80, group = 20, latent_dim = 32, rest = 8, head_dim = latent_dim + rest;

// What each head of each row gives, (positions, group, latent_dim): k are the latents, v what follows them.
std::vector<double> attended(const Rows& q, const Rows& k, const Rows& v) {
  std::vector<double> result;
  for (int64_t at = 0; at < positions * group; ++at) {
    const int64_t row = at / group;
    const float* const own = row_of(q, row) + at % group * head_dim;
    std::vector<double> sums(latent_dim, 0.0);
    double total = 0.0;
    for (int64_t p = 0; p <= row; ++p) {
      double score = 0.0;
      for (int64_t d = 0; d < latent_dim; ++d) score += double{own[d]} * double{row_of(k, p)[d]};
      for (int64_t d = 0; d < rest; ++d) score += double{own[latent_dim + d]} * double{row_of(v, p)[d]};
      const double weight = std::exp(score / std::sqrt(double{head_dim}));
      total += weight;
      for (int64_t d = 0; d < latent_dim; ++d) sums[static_cast<size_t>(d)] += weight * double{row_of(k, p)[d]};
    }
    for (const double sum : sums) result.push_back(sum / total);
  }
  return result;
}

// A sequence in scattered blocks, written and then attended to; and its last row alone, whose heads are cut into parts
// where there are three workers.
void expect_latents(KvType type, double error_max) {
  const Buffer q(positions, group * head_dim, 1), k(positions, latent_dim, 2), v(positions, rest, 3);
  const std::vector<double> expected = attended(q.rows, k.rows, v.rows);
  const std::array<int32_t, 3> blocks = {4, 0, 2};
  const AttentionShape shape{.kv_heads = 1, .group = group};
  const StepShape room{.rows_max = positions,
                       .input_max = group * head_dim,
                       .kv_type = type,
                       .q_width = group * head_dim,
                       .kv_width = head_dim};
  std::vector<float> first;
  for_each_table([&](CpuBackend& backend) {
    const ElementType stored = type == KvType::q8_0 ? ElementType::q8_0 : ElementType::f16;
    const int64_t chunk_bytes = kv_chunk_size_bytes(stored, type == KvType::f32 ? 2 * head_dim : head_dim);
    std::vector<std::byte> keys(static_cast<size_t>(5 * chunk_bytes), std::byte{0xff});
    const KvView kv{.keys = device_address(keys.data()),
                    .values = {},
                    .type = type,
                    .block_tokens = 32,
                    .kv_heads = 1,
                    .head_dim = head_dim,
                    .latent_dim = latent_dim};
    const Buffer out(positions, group * latent_dim), last(1, group * latent_dim);
    std::unique_ptr<StepScratch> scratch = std::move(*backend.make_scratch(room));
    const auto attend = [&](const RowRun& run, const Rows& queries, const Rows& to) {
      backend.begin({.runs = {&run, 1}, .attention_shapes = {&shape, 1}, .block_tokens = 32}, *scratch);
      if (queries.count > 1) backend.kv_write(kv, k.rows, v.rows);
      backend.attention(kv, {.scale = 1.0F / std::sqrt(float{head_dim})}, queries, to);
      (void)backend.finish({}, {});
    };
    attend({.rows = positions, .blocks = blocks.data()}, q.rows, out.rows);
    const Expected value = [&](int64_t row, int64_t i) {
      return expected[static_cast<size_t>(row * group * latent_dim + i)];
    };
    EXPECT_LE(relative_rms_error(out.rows, value), error_max);
    if (first.empty()) first = out.values;
    EXPECT_EQ(0, std::memcmp(first.data(), out.values.data(), first.size() * sizeof(float)));
    const Rows one{.values = device_address(row_of(q.rows, positions - 1)), .count = 1, .width = q.rows.width};
    attend({.rows = 1, .position = positions - 1, .blocks = blocks.data()}, one, last.rows);
    EXPECT_EQ(0, std::memcmp(row_of(out.rows, positions - 1), last.values.data(), last.values.size() * sizeof(float)));
  });
}

TEST(Latents, are_attended_to_as_exactly_as_they_are_kept) {
  expect_latents(KvType::f16, 5e-4);
  expect_latents(KvType::f32, 2e-6);
  expect_latents(KvType::q8_0, 1e-2);
}

}  // namespace
}  // namespace quire::test
