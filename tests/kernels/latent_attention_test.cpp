// Attention to latents: keys whose leading elements are the values, beside the same rows stored twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "kernels/weights.h"

namespace quire::test {
namespace {

struct LatentGeometry {
  int64_t latent_dim;
  int64_t rest;  // of a key
  int64_t group;
  int64_t block_tokens;
  int64_t head_dim() const { return latent_dim + rest; }
};

constexpr LatentGeometry geometries[] = {
    {32, 8, 4, 32}, {64, 16, 16, 32}, {32, 2, 1, 64}, {96, 40, 7, 32}, {256, 64, 32, 32}, {512, 64, 5, 64},
};

constexpr ElementType kv_types[] = {ElementType::f16, ElementType::q8_0};

// One sequence in scattered blocks; what was never written is NaN.
class Latents {
 public:
  Latents(ElementType type, const LatentGeometry& geometry, int64_t context) : type_(type), geometry_(geometry) {
    Random random(3);
    const int64_t count = (context + geometry.block_tokens - 1) / geometry.block_tokens;
    blocks_.resize(static_cast<size_t>(count));
    std::iota(blocks_.begin(), blocks_.end(), 1);
    std::shuffle(blocks_.begin(), blocks_.end(), random);
    const int64_t chunks = (count + 2) * (geometry.block_tokens / 32);
    keys_.assign(static_cast<size_t>(chunks * kv_chunk_size_bytes(type, geometry.head_dim())), std::byte{0xFF});
    values_ = keys_;
    rows_ = random_floats(context * geometry.head_dim(), random);
    q_ = random_floats(context * geometry.group * geometry.head_dim(), random, 2.0F);
  }

  // twice: the whole row is a value as well.
  void write(const KernelTable& table, int64_t end, bool twice) {
    for (int64_t position = 0; position < end; ++position) {
      const float* row = rows_.data() + position * geometry_.head_dim();
      table.kv_write({.layer = layer(twice),
                      .blocks = blocks_.data(),
                      .position = position,
                      .k = row,
                      .v = twice ? row : row + geometry_.latent_dim});
    }
  }

  // Of rows [begin, end): (rows, group, latent_dim).
  std::vector<float> attend(const KernelTable& table, int64_t begin, int64_t end, bool twice = false) {
    const int64_t value_dim = twice ? geometry_.head_dim() : geometry_.latent_dim;
    const int64_t q_stride = geometry_.group * geometry_.head_dim(), out_stride = geometry_.group * value_dim;
    std::vector<float> out(static_cast<size_t>((end - begin) * out_stride), NAN);
    const RowRun run = {.row_begin = 0, .rows = end - begin, .position = begin, .blocks = blocks_.data()};
    table.attention({.layer = layer(twice),
                     .group = geometry_.group,
                     .runs = &run,
                     .run_count = 1,
                     .q = q_.data() + begin * q_stride,
                     .q_stride = q_stride,
                     .out = out.data(),
                     .out_stride = out_stride,
                     .scale = 0.1F});
    if (!twice) return out;
    std::vector<float> leading;
    for (int64_t head = 0; head < (end - begin) * geometry_.group; ++head) {
      const auto from = out.begin() + head * value_dim;
      leading.insert(leading.end(), from, from + geometry_.latent_dim);
    }
    return leading;
  }

  const std::vector<std::byte>& keys() const { return keys_; }

 private:
  KvLayer layer(bool twice) {
    return {.keys = keys_.data(),
            .values = twice ? values_.data() : nullptr,
            .type = type_,
            .block_tokens = geometry_.block_tokens,
            .kv_heads = 1,
            .head_dim = geometry_.head_dim(),
            .latent_dim = twice ? 0 : geometry_.latent_dim};
  }

  ElementType type_;
  LatentGeometry geometry_;
  std::vector<int32_t> blocks_;
  std::vector<std::byte> keys_, values_;
  std::vector<float> rows_, q_;
};

bool same_bits(const float* a, const std::vector<float>& b) { return std::memcmp(a, b.data(), b.size() * 4) == 0; }

TEST(LatentAttention, has_the_bits_of_rows_that_are_keys_and_values) {
  for (const ElementType type : kv_types) {
    for (const LatentGeometry& geometry : geometries) {
      for (const int64_t context : {1, 33, 70}) {
        Latents twice(type, geometry, context), once(type, geometry, context);
        const KernelTable& scalar = *find_kernel_table("scalar");
        twice.write(scalar, context, true);
        once.write(scalar, context, false);
        EXPECT_EQ(once.keys(), twice.keys());
        const auto expected = twice.attend(scalar, 0, context, true);
        EXPECT_TRUE(same_bits(expected.data(), once.attend(scalar, 0, context)))
            << "latents of " << geometry.latent_dim << " context " << context;
      }
    }
  }
}

TEST(LatentAttention, has_the_bits_of_the_scalar_table_however_it_is_cut) {
  constexpr int64_t context = 140;
  for (const ElementType type : kv_types) {
    for (const LatentGeometry& geometry : geometries) {
      Latents latents(type, geometry, context);
      latents.write(*find_kernel_table("scalar"), context, false);
      const auto expected = latents.attend(*find_kernel_table("scalar"), 0, context);
      const int64_t stride = geometry.group * geometry.latent_dim;
      for (const KernelTable* table : supported_kernel_tables()) {
        Latents own(type, geometry, context);
        own.write(*table, context, false);
        EXPECT_EQ(own.keys(), latents.keys()) << table->name;
        for (const auto& [begin, end] : {std::pair{0, 32}, {32, 64}, {60, 61}, {70, 91}, {128, 140}, {139, 140}}) {
          EXPECT_TRUE(same_bits(expected.data() + begin * stride, latents.attend(*table, begin, end)))
              << table->name << " latents of " << geometry.latent_dim << " rows " << begin << " to " << end;
        }
      }
    }
  }
}

// Rows are written and attended piece by piece; what is not written yet is NaN.
TEST(LatentAttention, gives_a_row_the_same_bits_in_any_chunking) {
  constexpr int64_t context = 100;
  for (const ElementType type : kv_types) {
    for (const KernelTable* table : supported_kernel_tables()) {
      const LatentGeometry geometry{64, 16, 16, 32};
      Latents whole(type, geometry, context);
      whole.write(*table, context, false);
      const auto expected = whole.attend(*table, 0, context);
      for (const int64_t step : {1, 7, 33}) {
        Latents latents(type, geometry, context);
        for (int64_t begin = 0; begin < context; begin += step) {
          const int64_t end = std::min(context, begin + step);
          latents.write(*table, end, false);
          ASSERT_TRUE(same_bits(expected.data() + begin * geometry.group * geometry.latent_dim,
                                latents.attend(*table, begin, end)))
              << table->name << " rows " << begin << " to " << end;
        }
      }
    }
  }
}

}  // namespace
}  // namespace quire::test
