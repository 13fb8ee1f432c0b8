#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "kernels/weights.h"

namespace quire::test {
namespace {

struct Geometry {
  int64_t head_dim;
  int64_t kv_heads;
  int64_t group;
  int64_t block_tokens;
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// A sequence of `context` positions whose KV lies in scattered blocks; what was never written is NaN.
class Cache {
 public:
  Cache(const Geometry& geometry, int64_t context, uint64_t seed) : geometry_(geometry), context_(context) {
    Random random(seed);
    const int64_t block_count = (context + geometry.block_tokens - 1) / geometry.block_tokens;
    blocks_.resize(static_cast<size_t>(block_count));
    std::iota(blocks_.begin(), blocks_.end(), 1);
    std::shuffle(blocks_.begin(), blocks_.end(), random);
    const auto elements =
        static_cast<size_t>((block_count + 2) * geometry.kv_heads * geometry.block_tokens * geometry.head_dim);
    keys_.assign(elements, 0x7E00);
    values_.assign(elements, 0x7E00);
    k_ = random_floats(context * row_elements(), random);
    v_ = random_floats(context * row_elements(), random);
    q_ = random_floats(context * row_elements() * geometry.group, random, 2.0F);
  }

  void write(const KernelTable& table, int64_t end) {
    for (int64_t position = 0; position < end; ++position) {
      table.kv_write({.layer = layer(),
                      .blocks = blocks_.data(),
                      .position = position,
                      .k = k_.data() + position * row_elements(),
                      .v = v_.data() + position * row_elements()});
    }
  }

  // Rows [begin, end) for all heads, each KV head by a call of its own.
  std::vector<float> attend(const KernelTable& table, int64_t begin, int64_t end) {
    const int64_t stride = row_elements() * geometry_.group;
    std::vector<float> out(static_cast<size_t>((end - begin) * stride), NAN);
    for (int64_t head = 0; head < geometry_.kv_heads; ++head) {
      table.attention({.layer = layer(),
                       .blocks = blocks_.data(),
                       .kv_head = head,
                       .group = geometry_.group,
                       .position = begin,
                       .rows = end - begin,
                       .q = q_.data() + begin * stride,
                       .q_stride = stride,
                       .out = out.data(),
                       .out_stride = stride,
                       .scale = scale()});
    }
    return out;
  }

  float scale() const { return 1.0F / std::sqrt(static_cast<float>(geometry_.head_dim)); }
  int64_t row_elements() const { return geometry_.kv_heads * geometry_.head_dim; }
  const std::vector<float>& q() const { return q_; }
  const std::vector<float>& k() const { return k_; }
  const std::vector<float>& v() const { return v_; }
  const std::vector<uint16_t>& keys() const { return keys_; }
  const std::vector<uint16_t>& values() const { return values_; }
  int32_t block_of(int64_t position) const { return blocks_[static_cast<size_t>(position / geometry_.block_tokens)]; }

 private:
  KvLayer layer() {
    return {.keys = keys_.data(),
            .values = values_.data(),
            .block_tokens = geometry_.block_tokens,
            .kv_heads = geometry_.kv_heads,
            .head_dim = geometry_.head_dim};
  }

  Geometry geometry_;
  int64_t context_;
  std::vector<int32_t> blocks_;
  std::vector<uint16_t> keys_;
  std::vector<uint16_t> values_;
  std::vector<float> k_;
  std::vector<float> v_;
  std::vector<float> q_;
};

const Geometry geometries[] = {
    {8, 4, 2, 32},  {64, 2, 4, 32},  {64, 1, 1, 64}, {80, 2, 3, 32},
    {96, 1, 8, 32}, {128, 2, 2, 64}, {20, 3, 5, 64}, {6, 1, 9, 96},
};

// The nearest f16, found by trying.
double nearest_f16(float value) {
  const double magnitude = std::abs(static_cast<double>(value));
  uint16_t below = 0;
  for (uint16_t step = 0x4000; step > 0; step /= 2) {
    const auto candidate = static_cast<uint16_t>(below + step);
    if (candidate < 0x7C00 && f16_value(candidate) <= magnitude) below = candidate;
  }
  const double low = f16_value(below);
  const double high = f16_value(static_cast<uint16_t>(below + 1));
  const bool up = magnitude - low > high - magnitude || (magnitude - low == high - magnitude && (below & 1) != 0);
  return std::copysign(up ? high : low, static_cast<double>(value));
}

TEST(KvWrite, rounds_to_the_nearest_f16_at_the_places_of_the_layout) {
  const Geometry geometry = {.head_dim = 20, .kv_heads = 3, .group = 1, .block_tokens = 64};
  Cache cache(geometry, 100, 5);
  cache.write(*find_kernel_table("scalar"), 100);
  for (int64_t position = 0; position < 100; ++position) {
    for (int64_t head = 0; head < 3; ++head) {
      for (int64_t d = 0; d < 20; ++d) {
        const int64_t base = (cache.block_of(position) * 3 + head) * 64 * 20;
        const int64_t in_block = position % 64;
        const int64_t key = base + (in_block / 32 * 20 + d) * 32 + in_block % 32;
        const int64_t value = base + in_block * 20 + d;
        const auto from = static_cast<size_t>(position * cache.row_elements() + head * 20 + d);
        ASSERT_EQ(f16_value(cache.keys()[static_cast<size_t>(key)]), nearest_f16(cache.k()[from]));
        ASSERT_EQ(f16_value(cache.values()[static_cast<size_t>(value)]), nearest_f16(cache.v()[from]));
      }
    }
  }
}

TEST(KvWrite, has_the_bits_of_the_scalar_table_in_every_table) {
  const std::vector<float> edges = {0.0F,     -0.0F,   65504.0F, 65519.0F,       65520.0F, 1e30F,   -1e30F,
                                    INFINITY, 6e-8F,   2.9e-8F,  2.98023224e-8F, 3e-8F,    6.1e-5F, -6.09e-5F,
                                    1.0F,     2049.0F, 2051.0F,  1e-30F,         -1e-44F,  0.1F};
  for (const Geometry& geometry : geometries) {
    for (const KernelTable* table : supported_kernel_tables()) {
      Cache expected(geometry, 70, 9);
      Cache cache(geometry, 70, 9);
      expected.write(*find_kernel_table("scalar"), 70);
      cache.write(*table, 70);
      EXPECT_EQ(cache.keys(), expected.keys()) << table->name << " head_dim " << geometry.head_dim;
      EXPECT_EQ(cache.values(), expected.values()) << table->name << " head_dim " << geometry.head_dim;
    }
  }
  const int32_t block = 0;
  const int64_t head_dim = static_cast<int64_t>(edges.size());
  std::vector<uint16_t> expected;
  for (const KernelTable* table : supported_kernel_tables()) {
    std::vector<uint16_t> keys(edges.size() * 32);
    std::vector<uint16_t> values(edges.size() * 32);
    table->kv_write(
        {.layer =
             {.keys = keys.data(), .values = values.data(), .block_tokens = 32, .kv_heads = 1, .head_dim = head_dim},
         .blocks = &block,
         .position = 3,
         .k = edges.data(),
         .v = edges.data()});
    if (expected.empty()) expected = values;
    EXPECT_EQ(values, expected) << table->name;
    for (size_t d = 0; d < edges.size(); ++d) EXPECT_EQ(keys[d * 32 + 3], expected[3 * edges.size() + d]);
  }
}

// Every finite f16 number, and the middle between it and the next (a tie, which goes to the even one).
TEST(KvWrite, keeps_every_f16_number_and_rounds_ties_to_even) {
  const int64_t head_dim = 1024;
  std::vector<uint16_t> keys(static_cast<size_t>(head_dim * 32));
  std::vector<uint16_t> values(keys.size());
  const int32_t block = 0;
  for (const KernelTable* table : supported_kernel_tables()) {
    const KvLayer layer = {
        .keys = keys.data(), .values = values.data(), .block_tokens = 32, .kv_heads = 1, .head_dim = head_dim};
    for (uint32_t first = 0; first < 0x7C00; first += 1024) {
      std::vector<float> exact;
      std::vector<float> ties;
      for (uint32_t bits = first; bits < first + 1024; ++bits) {
        const double value = f16_value(static_cast<uint16_t>(bits));
        const double next = bits == 0x7BFF ? 65536.0 : f16_value(static_cast<uint16_t>(bits + 1));
        exact.push_back(static_cast<float>(value));
        ties.push_back(static_cast<float>(-(value + next) / 2));
      }
      table->kv_write({.layer = layer, .blocks = &block, .position = 0, .k = exact.data(), .v = ties.data()});
      for (uint32_t i = 0; i < 1024; ++i) {
        const uint32_t bits = first + i;
        ASSERT_EQ(keys[i * 32], bits) << table->name;
        ASSERT_EQ(values[i], 0x8000U | (bits + bits % 2)) << table->name;
      }
    }
  }
}

// In double: softmax of the scaled products with the f16 keys, times the f16 values.
TEST(Attention, is_softmax_of_scores_times_values) {
  for (const Geometry& geometry : geometries) {
    for (const int64_t context : {1, 2, 31, 32, 33, 65, 100}) {
      Cache cache(geometry, context, 21);
      cache.write(*find_kernel_table("scalar"), context);
      const int64_t stride = cache.row_elements();
      const auto out = cache.attend(*find_kernel_table("scalar"), 0, context);
      const int64_t row = context - 1;
      for (int64_t head = 0; head < geometry.kv_heads * geometry.group; ++head) {
        const int64_t kv = head / geometry.group * geometry.head_dim;
        const float* q = cache.q().data() + (row * geometry.kv_heads * geometry.group + head) * geometry.head_dim;
        std::vector<double> scores;
        for (int64_t i = 0; i < context; ++i) {
          double s = 0;
          for (int64_t d = 0; d < geometry.head_dim; ++d) {
            s += q[d] * nearest_f16(cache.k()[static_cast<size_t>(i * stride + kv + d)]);
          }
          scores.push_back(s * cache.scale());
        }
        const double max = *std::max_element(scores.begin(), scores.end());
        double sum = 0;
        for (double& s : scores) sum += s = std::exp(s - max);
        for (int64_t d = 0; d < geometry.head_dim; ++d) {
          double expected = 0;
          for (int64_t i = 0; i < context; ++i) {
            expected +=
                scores[static_cast<size_t>(i)] / sum * nearest_f16(cache.v()[static_cast<size_t>(i * stride + kv + d)]);
          }
          const auto at =
              static_cast<size_t>((row * geometry.kv_heads * geometry.group + head) * geometry.head_dim + d);
          EXPECT_NEAR(out[at], expected, 2e-5) << "head_dim " << geometry.head_dim << " context " << context;
        }
      }
    }
  }
}

TEST(Attention, has_the_bits_of_the_scalar_table_in_every_table) {
  for (const Geometry& geometry : geometries) {
    for (const int64_t context : {1, 5, 31, 32, 33, 64, 97, 150}) {
      Cache cache(geometry, context, 31);
      cache.write(*find_kernel_table("scalar"), context);
      const auto expected = cache.attend(*find_kernel_table("scalar"), 0, context);
      for (const KernelTable* table : supported_kernel_tables()) {
        EXPECT_TRUE(same_bits(cache.attend(*table, 0, context), expected))
            << table->name << " head_dim " << geometry.head_dim << " context " << context;
      }
    }
  }
}

// Rows are written and attended chunk by chunk, as prefill does; what is not written yet is NaN.
TEST(Attention, gives_a_row_the_same_bits_in_any_chunking) {
  for (const Geometry& geometry : geometries) {
    for (const KernelTable* table : supported_kernel_tables()) {
      if (table->name == "scalar" && geometry.head_dim > 64) continue;
      const int64_t context = 140;
      Cache whole(geometry, context, 41);
      whole.write(*table, context);
      const auto expected = whole.attend(*table, 0, context);
      const int64_t stride = whole.row_elements() * geometry.group;
      for (const int64_t step : {1, 7, 32, 33, 100}) {
        Cache cache(geometry, context, 41);
        for (int64_t begin = 0; begin < context; begin += step) {
          const int64_t end = std::min(context, begin + step);
          cache.write(*table, end);
          const auto out = cache.attend(*table, begin, end);
          ASSERT_EQ(std::memcmp(out.data(), expected.data() + begin * stride, out.size() * sizeof(float)), 0)
              << table->name << " head_dim " << geometry.head_dim << " rows " << begin << " to " << end;
        }
      }
    }
  }
}

TEST(Attention, gives_the_last_row_of_every_context_length_the_bits_of_the_scalar_table) {
  const Geometry geometry = {.head_dim = 64, .kv_heads = 1, .group = 4, .block_tokens = 32};
  Cache cache(geometry, 300, 51);
  cache.write(*find_kernel_table("scalar"), 300);
  for (int64_t position = 0; position < 300; ++position) {
    const auto expected = cache.attend(*find_kernel_table("scalar"), position, position + 1);
    for (const KernelTable* table : supported_kernel_tables()) {
      ASSERT_TRUE(same_bits(cache.attend(*table, position, position + 1), expected))
          << table->name << " position " << position;
    }
  }
}

}  // namespace
}  // namespace quire::test
