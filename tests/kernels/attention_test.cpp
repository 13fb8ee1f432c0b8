#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <tuple>

#include "kernels/kv_geometry.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// A sequence of `context` positions whose KV lies in scattered blocks; what was never written is NaN.
class Cache {
 public:
  Cache(ElementType type, const Geometry& geometry, int64_t context, uint64_t seed)
      : type_(type), geometry_(geometry), context_(context) {
    Random random(seed);
    const int64_t block_count = (context + geometry.block_tokens - 1) / geometry.block_tokens;
    blocks_.resize(static_cast<size_t>(block_count));
    std::iota(blocks_.begin(), blocks_.end(), 1);
    std::shuffle(blocks_.begin(), blocks_.end(), random);
    const auto size = static_cast<size_t>((block_count + 2) * geometry.kv_heads * chunks_per_block() * chunk_bytes());
    keys_.assign(size, std::byte{0xFF});
    values_.assign(size, std::byte{0xFF});
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

  // Rows [begin, end) for all heads, each KV head by a call of its own. Where they see what follows them: as far as the
  // context goes.
  std::vector<float> attend(const KernelTable& table, int64_t begin, int64_t end, int64_t window = 0,
                            float softcap = 0.0F, int64_t after = 0) {
    const int64_t stride = row_elements() * geometry_.group;
    std::vector<float> out(static_cast<size_t>((end - begin) * stride), NAN);
    const RowRun run = {
        .row_begin = 0, .rows = end - begin, .position = begin, .blocks = blocks_.data(), .end = context_};
    for (int64_t head = 0; head < geometry_.kv_heads; ++head) {
      table.attention({.layer = layer(),
                       .kv_head = head,
                       .group = geometry_.group,
                       .runs = &run,
                       .run_count = 1,
                       .q = q_.data() + begin * stride,
                       .q_stride = stride,
                       .out = out.data(),
                       .out_stride = stride,
                       .scale = scale(),
                       .window = window,
                       .after = after,
                       .softcap = softcap,
                       .sinks = sinks_.empty() ? nullptr : sinks_.data()});
    }
    return out;
  }

  // One for each query head, in turn: above all scores, among them, below.
  void add_sinks() {
    for (int64_t head = 0; head < geometry_.kv_heads * geometry_.group; ++head) {
      sinks_.push_back(head % 3 == 0 ? 30.0F : head % 3 == 1 ? 0.5F : -30.0F);
    }
  }
  float sink(int64_t head) const { return sinks_[static_cast<size_t>(head)]; }

  float scale() const { return 1.0F / std::sqrt(static_cast<float>(geometry_.head_dim)); }
  int64_t row_elements() const { return geometry_.kv_heads * geometry_.head_dim; }
  const std::vector<float>& q() const { return q_; }
  const std::vector<float>& k() const { return k_; }
  const std::vector<float>& v() const { return v_; }
  const std::vector<std::byte>& keys() const { return keys_; }
  const std::vector<std::byte>& values() const { return values_; }

  // What is kept for element d of a head, read at the places that kernels.h states.
  double key(int64_t position, int64_t head, int64_t d) const {
    return element(keys_, position, head, d, d * 32 + position % 32);
  }
  double value(int64_t position, int64_t head, int64_t d) const {
    return element(values_, position, head, d, position % 32 * geometry_.head_dim + d);
  }

 private:
  KvLayer layer() {
    return {.keys = keys_.data(),
            .values = values_.data(),
            .type = type_,
            .block_tokens = geometry_.block_tokens,
            .kv_heads = geometry_.kv_heads,
            .head_dim = geometry_.head_dim};
  }
  int64_t chunks_per_block() const { return geometry_.block_tokens / 32; }
  int64_t chunk_bytes() const { return kv_chunk_size_bytes(type_, geometry_.head_dim); }

  double element(const std::vector<std::byte>& bytes, int64_t position, int64_t head, int64_t d, int64_t index) const {
    const int64_t block = blocks_[static_cast<size_t>(position / geometry_.block_tokens)];
    const int64_t in_block = position % geometry_.block_tokens / 32;
    const std::byte* chunk =
        bytes.data() + ((block * geometry_.kv_heads + head) * chunks_per_block() + in_block) * chunk_bytes();
    const auto half_at = [&](int64_t at) {
      uint16_t half;
      std::memcpy(&half, chunk + 2 * at, sizeof(half));
      return f16_value(half);
    };
    if (type_ == ElementType::f16) return half_at(index);
    const int64_t groups = (geometry_.head_dim + 31) / 32;
    const auto quant = static_cast<int8_t>(chunk[groups * 64 + index]);
    return half_at(d / 32 * 32 + position % 32) * static_cast<double>(quant);
  }

  ElementType type_;
  Geometry geometry_;
  int64_t context_;
  std::vector<int32_t> blocks_;
  std::vector<float> sinks_;
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
  std::vector<float> k_;
  std::vector<float> v_;
  std::vector<float> q_;
};

constexpr ElementType kv_types[] = {ElementType::f16, ElementType::q8_0};

const Geometry geometries[] = {
    {8, 4, 2, 32},  {64, 2, 4, 32},  {64, 1, 1, 64}, {80, 2, 3, 32}, {16, 2, 1, 32},
    {96, 1, 8, 32}, {128, 2, 2, 64}, {20, 3, 5, 64}, {48, 1, 4, 32}, {6, 1, 9, 96},
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
  Cache cache(ElementType::f16, geometry, 100, 5);
  cache.write(*find_kernel_table("scalar"), 100);
  for (int64_t position = 0; position < 100; ++position) {
    for (int64_t head = 0; head < 3; ++head) {
      for (int64_t d = 0; d < 20; ++d) {
        const auto from = static_cast<size_t>(position * cache.row_elements() + head * 20 + d);
        ASSERT_EQ(cache.key(position, head, d), nearest_f16(cache.k()[from]));
        ASSERT_EQ(cache.value(position, head, d), nearest_f16(cache.v()[from]));
      }
    }
  }
}

// A quant is rounded to half a step, a step being the scale; the scale itself is 2^-11 of it away from max / 127.
TEST(KvWrite, keeps_q8_0_within_half_a_step_at_the_places_of_the_layout) {
  for (const int64_t head_dim : {20, 80}) {
    const Geometry geometry = {.head_dim = head_dim, .kv_heads = 3, .group = 1, .block_tokens = 64};
    Cache cache(ElementType::q8_0, geometry, 100, 5);
    cache.write(*find_kernel_table("scalar"), 100);
    for (int64_t position = 0; position < 100; ++position) {
      for (int64_t head = 0; head < 3; ++head) {
        const int64_t row = position * cache.row_elements() + head * head_dim;
        for (int64_t d = 0; d < head_dim; ++d) {
          const auto bound = [&](const std::vector<float>& x) {
            float max = 0.0F;
            for (int64_t i = d / 32 * 32; i < std::min(d / 32 * 32 + 32, head_dim); ++i) {
              max = std::max(max, std::abs(x[static_cast<size_t>(row + i)]));
            }
            return max / 127.0 * 0.5 * (1 + 0x1p-10);
          };
          const auto from = static_cast<size_t>(row + d);
          ASSERT_NEAR(cache.key(position, head, d), cache.k()[from], bound(cache.k()));
          ASSERT_NEAR(cache.value(position, head, d), cache.v()[from], bound(cache.v()));
        }
      }
    }
  }
}

TEST(KvWrite, has_the_bits_of_the_scalar_table_in_every_table) {
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      Cache expected(type, geometry, 70, 9);
      expected.write(*find_kernel_table("scalar"), 70);
      for (const KernelTable* table : supported_kernel_tables()) {
        Cache cache(type, geometry, 70, 9);
        cache.write(*table, 70);
        EXPECT_EQ(cache.keys(), expected.keys()) << table->name << " head_dim " << geometry.head_dim;
        EXPECT_EQ(cache.values(), expected.values()) << table->name << " head_dim " << geometry.head_dim;
      }
    }
  }
}

// One position of one head in a block of 32, as the table stores it: the bytes of the values' chunk.
std::vector<std::byte> store_one(const KernelTable& table, ElementType type, const std::vector<float>& x) {
  const auto head_dim = static_cast<int64_t>(x.size());
  std::vector<std::byte> keys(static_cast<size_t>(kv_chunk_size_bytes(type, head_dim)));
  std::vector<std::byte> values(keys.size());
  const int32_t block = 0;
  table.kv_write({.layer = {.keys = keys.data(),
                            .values = values.data(),
                            .type = type,
                            .block_tokens = 32,
                            .kv_heads = 1,
                            .head_dim = head_dim},
                  .blocks = &block,
                  .position = 0,
                  .k = x.data(),
                  .v = x.data()});
  return values;
}

TEST(KvWrite, treats_the_edges_of_f16_alike_in_every_table) {
  const std::vector<float> edges = {0.0F,     -0.0F,   65504.0F, 65519.0F,       65520.0F, 1e30F,   -1e30F,
                                    INFINITY, 6e-8F,   2.9e-8F,  2.98023224e-8F, 3e-8F,    6.1e-5F, -6.09e-5F,
                                    1.0F,     2049.0F, 2051.0F,  1e-30F,         -1e-44F,  0.1F};
  const auto expected = store_one(*find_kernel_table("scalar"), ElementType::f16, edges);
  for (const KernelTable* table : supported_kernel_tables()) {
    EXPECT_EQ(store_one(*table, ElementType::f16, edges), expected) << table->name;
  }
}

// The scale of a group, as f16 bits, and two of its quants.
struct Group {
  uint16_t scale;
  int first, second;
};

Group store_group(const KernelTable& table, float first, float second) {
  std::vector<float> x(32, 0.0F);
  x[0] = first;
  x[1] = second;
  const std::vector<std::byte> bytes = store_one(table, ElementType::q8_0, x);
  uint16_t scale;
  std::memcpy(&scale, bytes.data(), sizeof(scale));
  return {scale, static_cast<int8_t>(bytes[64]), static_cast<int8_t>(bytes[65])};
}

TEST(KvWrite, keeps_a_group_of_q8_0_at_the_ends_of_its_scale) {
  for (const KernelTable* table : supported_kernel_tables()) {
    SCOPED_TRACE(table->name);
    const Group plain = store_group(*table, -127.0F, 63.5F);  // a scale of 1; a tie, which goes to the even one
    EXPECT_EQ(plain.scale, 0x3C00);
    EXPECT_EQ(plain.first, -127);
    EXPECT_EQ(plain.second, 64);
    const Group large = store_group(*table, 65504.0F * 127, 0.0F);
    EXPECT_EQ(large.scale, 0x7BFF);
    EXPECT_EQ(large.first, 127);
    // 1.4 steps of the smallest f16 number are rounded to one: 1.4 * 127 quants would be too many.
    const Group small = store_group(*table, 0x1p-24F * 1.4F * 127, -0x1p-24F);
    EXPECT_EQ(small.scale, 1);
    EXPECT_EQ(small.first, 127);
    EXPECT_EQ(small.second, -1);
    const Group nothing = store_group(*table, 0x1p-25F * 127, 1e-44F);
    EXPECT_EQ(nothing.scale, 0);
    EXPECT_EQ(nothing.first, 0);
    for (const float broken : {65536.0F * 127, INFINITY, -INFINITY, NAN, -NAN}) {
      const Group poisoned = store_group(*table, broken, 1.0F);
      EXPECT_EQ(poisoned.scale, 0x7E00) << broken;
      EXPECT_EQ(poisoned.first, 0);
      EXPECT_EQ(poisoned.second, 0);
    }
  }
}

// Every finite f16 number, and the middle between it and the next (a tie, which goes to the even one).
TEST(KvWrite, keeps_every_f16_number_and_rounds_ties_to_even) {
  const int64_t head_dim = 1024;
  std::vector<uint16_t> keys(static_cast<size_t>(head_dim * 32));
  std::vector<uint16_t> values(keys.size());
  const int32_t block = 0;
  for (const KernelTable* table : supported_kernel_tables()) {
    const KvLayer layer = {.keys = reinterpret_cast<std::byte*>(keys.data()),
                           .values = reinterpret_cast<std::byte*>(values.data()),
                           .block_tokens = 32,
                           .kv_heads = 1,
                           .head_dim = head_dim};
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

// The formula in double. Sums of up to 128 products of size 2 and of 100 weights: 2e-5 is 2^-24 a hundred times.
void expect_softmax(int64_t window, float softcap, int64_t after = 0) {
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      for (const int64_t context : {1, 2, 31, 32, 33, 65, 100}) {
        Cache cache(type, geometry, context, 21);
        cache.write(*find_kernel_table("scalar"), context);
        const int64_t row = after > 0 ? context / 2 : context - 1;
        const auto out = cache.attend(*find_kernel_table("scalar"), row, row + 1, window, softcap, after);
        const int64_t first = window > 0 ? std::max<int64_t>(0, row + 1 + after - window) : 0;
        const int64_t end = std::min(context, row + 1 + after);
        for (int64_t head = 0; head < geometry.kv_heads * geometry.group; ++head) {
          const int64_t kv_head = head / geometry.group;
          const int64_t at = (row * geometry.kv_heads * geometry.group + head) * geometry.head_dim;
          const float* q = cache.q().data() + at;
          std::vector<double> scores;
          for (int64_t i = first; i < end; ++i) {
            double s = 0;
            for (int64_t d = 0; d < geometry.head_dim; ++d) s += q[d] * cache.key(i, kv_head, d);
            s *= cache.scale();
            scores.push_back(softcap > 0.0F ? softcap * std::tanh(s / softcap) : s);
          }
          const double max = *std::max_element(scores.begin(), scores.end());
          double sum = 0;
          for (double& s : scores) sum += s = std::exp(s - max);
          for (int64_t d = 0; d < geometry.head_dim; ++d) {
            double expected = 0;
            for (int64_t i = first; i < end; ++i) {
              expected += scores[static_cast<size_t>(i - first)] / sum * cache.value(i, kv_head, d);
            }
            EXPECT_NEAR(out[static_cast<size_t>(head * geometry.head_dim + d)], expected, 2e-5)
                << "head_dim " << geometry.head_dim << " context " << context;
          }
        }
      }
    }
  }
}

TEST(Attention, is_softmax_of_scores_times_values) { expect_softmax(0, 0.0F); }

TEST(Attention, sees_a_window_and_caps_scores) {
  for (const int64_t window : {1, 32, 40}) expect_softmax(window, 0.0F);
  expect_softmax(1000, 2.0F);
}

TEST(Attention, sees_what_follows_a_row) {
  expect_softmax(0, 0.0F, all_positions);
  for (const int64_t half : {4, 40}) expect_softmax(2 * half + 1, 0.0F, half);
}

// Prompts, parts of them and single rows, on each table.
TEST(Attention, of_what_its_rule_says_has_the_bits_of_the_scalar_table_however_it_is_cut) {
  constexpr int64_t context = 150;
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      Cache cache(type, geometry, context, 41);
      cache.write(*find_kernel_table("scalar"), context);
      const int64_t stride = cache.row_elements() * geometry.group;
      using Case = std::tuple<int64_t, float, int64_t>;
      for (const auto& [window, softcap, after] :
           {Case{1, 0.0F, 0}, Case{7, 0.0F, 0}, Case{32, 3.0F, 0}, Case{45, 0.0F, 0}, Case{0, 3.0F, 0},
            Case{0, 0.0F, all_positions}, Case{9, 0.0F, 4}, Case{81, 0.0F, 40}}) {
        const auto expected = cache.attend(*find_kernel_table("scalar"), 0, context, window, softcap, after);
        for (const KernelTable* table : supported_kernel_tables()) {
          for (const auto& [begin, end] : {std::pair{0, 32}, {32, 64}, {60, 61}, {70, 91}, {128, 150}, {149, 150}}) {
            const auto part = cache.attend(*table, begin, end, window, softcap, after);
            EXPECT_EQ(0, std::memcmp(part.data(), expected.data() + begin * stride, part.size() * sizeof(float)))
                << table->name << " window " << window << " after " << after << " rows " << begin << " to " << end;
          }
        }
      }
    }
  }
}

// A sink is a score beside the others whose value is zero: it takes its share, and nothing comes of it.
TEST(Attention, with_sinks_gives_them_their_share) {
  constexpr int64_t context = 70, row = context - 1;
  for (const Geometry& geometry : geometries) {
    Cache cache(ElementType::f16, geometry, context, 51);
    cache.write(*find_kernel_table("scalar"), context);
    const auto without = cache.attend(*find_kernel_table("scalar"), row, context);
    cache.add_sinks();
    const auto with = cache.attend(*find_kernel_table("scalar"), row, context);
    for (int64_t head = 0; head < geometry.kv_heads * geometry.group; ++head) {
      const float* q = cache.q().data() + (row * geometry.kv_heads * geometry.group + head) * geometry.head_dim;
      double sum = 0.0;
      for (int64_t i = 0; i < context; ++i) {
        double s = 0.0;
        for (int64_t d = 0; d < geometry.head_dim; ++d) s += q[d] * cache.key(i, head / geometry.group, d);
        sum += std::exp(s * cache.scale());
      }
      const double share = sum / (sum + std::exp(cache.sink(head)));
      for (int64_t d = 0; d < geometry.head_dim; ++d) {
        const auto at = static_cast<size_t>(head * geometry.head_dim + d);
        EXPECT_NEAR(with[at], without[at] * share, 4e-6 * std::abs(without[at] * share) + 1e-30) << head;
      }
    }
  }
}

TEST(Attention, with_sinks_has_the_bits_of_the_scalar_table_however_it_is_cut) {
  constexpr int64_t context = 150;
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      Cache cache(type, geometry, context, 52);
      cache.write(*find_kernel_table("scalar"), context);
      cache.add_sinks();
      const int64_t stride = cache.row_elements() * geometry.group;
      for (const int64_t window : {0, 40}) {
        const auto expected = cache.attend(*find_kernel_table("scalar"), 0, context, window);
        for (const KernelTable* table : supported_kernel_tables()) {
          for (const auto& [begin, end] : {std::pair{0, 150}, {60, 61}, {70, 91}}) {
            const auto part = cache.attend(*table, begin, end, window);
            EXPECT_EQ(0, std::memcmp(part.data(), expected.data() + begin * stride, part.size() * sizeof(float)))
                << table->name << " window " << window << " rows " << begin << " to " << end;
          }
        }
      }
    }
  }
}

TEST(Attention, has_the_bits_of_the_scalar_table_in_every_table) {
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      for (const int64_t context : {1, 5, 31, 32, 33, 64, 97, 150}) {
        Cache cache(type, geometry, context, 31);
        cache.write(*find_kernel_table("scalar"), context);
        const auto expected = cache.attend(*find_kernel_table("scalar"), 0, context);
        for (const KernelTable* table : supported_kernel_tables()) {
          EXPECT_TRUE(same_bits(cache.attend(*table, 0, context), expected))
              << table->name << " head_dim " << geometry.head_dim << " context " << context;
        }
      }
    }
  }
}

// Rows are written and attended chunk by chunk, as prefill does; what is not written yet is NaN.
TEST(Attention, gives_a_row_the_same_bits_in_any_chunking) {
  for (const ElementType type : kv_types) {
    for (const Geometry& geometry : geometries) {
      for (const KernelTable* table : supported_kernel_tables()) {
        if (table->name == "scalar" && geometry.head_dim > 64) continue;
        const int64_t context = 140;
        Cache whole(type, geometry, context, 41);
        whole.write(*table, context);
        const auto expected = whole.attend(*table, 0, context);
        const int64_t stride = whole.row_elements() * geometry.group;
        for (const int64_t step : {1, 7, 32, 33, 100}) {
          Cache cache(type, geometry, context, 41);
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
}

TEST(Attention, gives_the_last_row_of_every_context_length_the_bits_of_the_scalar_table) {
  const Geometry geometry = {.head_dim = 64, .kv_heads = 1, .group = 4, .block_tokens = 32};
  for (const ElementType type : kv_types) {
    Cache cache(type, geometry, 300, 51);
    cache.write(*find_kernel_table("scalar"), 300);
    for (int64_t position = 0; position < 300; ++position) {
      const auto expected = cache.attend(*find_kernel_table("scalar"), position, position + 1);
      for (const KernelTable* table : supported_kernel_tables()) {
        ASSERT_TRUE(same_bits(cache.attend(*table, position, position + 1), expected))
            << table->name << " position " << position;
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
