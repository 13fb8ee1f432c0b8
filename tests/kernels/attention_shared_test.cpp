// Sequences that share a prefix, attended together and each alone.
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "kernels/kv_geometry.h"
#include "kernels/weights.h"

namespace quire::test {
namespace {

// A run of a sequence: how many positions beyond the shared ones it ends at, and its rows.
struct Member {
  int64_t own_positions;
  int64_t rows;
};

// Sequences whose block tables begin with the same blocks. What was never written is NaN.
class Family {
 public:
  Family(ElementType type, const Geometry& geometry, int64_t shared_tokens, const std::vector<Member>& members)
      : type_(type), geometry_(geometry) {
    Random random(7);
    int32_t block = 0;
    std::vector<int32_t> prefix(static_cast<size_t>(shared_tokens / geometry.block_tokens));
    std::iota(prefix.begin(), prefix.end(), block);
    block += static_cast<int32_t>(prefix.size());
    int64_t rows = 0;
    for (const Member& member : members) {
      std::vector<int32_t> table = prefix;
      for (int64_t at = 0; at < member.own_positions; at += geometry.block_tokens) table.push_back(block++);
      tables_.push_back(std::move(table));
      runs_.push_back({.row_begin = rows,
                       .rows = member.rows,
                       .position = shared_tokens + member.own_positions - member.rows,
                       .blocks = nullptr});
      rows += member.rows;
    }
    for (size_t i = 0; i < runs_.size(); ++i) runs_[i].blocks = tables_[i].data();
    const int64_t size =
        block * geometry.kv_heads * (geometry.block_tokens / 32) * kv_chunk_size_bytes(type, geometry.head_dim);
    keys_.assign(static_cast<size_t>(size), std::byte{0xFF});
    values_ = keys_;
    for (const RowRun& run : runs_) {
      for (int64_t position = 0; position < run.position + run.rows; ++position) {
        const auto k = random_floats(geometry.kv_heads * geometry.head_dim, random);
        const auto v = random_floats(geometry.kv_heads * geometry.head_dim, random);
        find_kernel_table("scalar")->kv_write(
            {.layer = layer(), .blocks = run.blocks, .position = position, .k = k.data(), .v = v.data()});
      }
    }
    q_ = random_floats(rows * stride(), random, 2.0F);
  }

  std::vector<float> alone(const KernelTable& table) {
    std::vector<float> out(q_.size(), NAN);
    for (const RowRun& run : runs_) attend(table, {&run, 1}, 0, out);
    return out;
  }

  std::vector<float> together(const KernelTable& table, int64_t shared_tokens) {
    std::vector<float> out(q_.size(), NAN);
    attend(table, runs_, shared_tokens, out);
    return out;
  }

 private:
  int64_t stride() const { return geometry_.kv_heads * geometry_.group * geometry_.head_dim; }
  KvLayer layer() {
    return {.keys = keys_.data(),
            .values = values_.data(),
            .type = type_,
            .block_tokens = geometry_.block_tokens,
            .kv_heads = geometry_.kv_heads,
            .head_dim = geometry_.head_dim};
  }
  void attend(const KernelTable& table, std::span<const RowRun> runs, int64_t shared_tokens, std::vector<float>& out) {
    for (int64_t head = 0; head < geometry_.kv_heads; ++head) {
      table.attention({.layer = layer(),
                       .kv_head = head,
                       .group = geometry_.group,
                       .runs = runs.data(),
                       .run_count = static_cast<int64_t>(runs.size()),
                       .shared_tokens = shared_tokens,
                       .q = q_.data(),
                       .q_stride = stride(),
                       .out = out.data(),
                       .out_stride = stride(),
                       .scale = 0.1F});
    }
  }

  ElementType type_;
  Geometry geometry_;
  std::vector<std::vector<int32_t>> tables_;
  std::vector<RowRun> runs_;
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
  std::vector<float> q_;
};

// Rows at, before and after the edges of chunks and blocks; one that sees shared positions only; a whole prompt.
TEST(SharedAttention, has_the_bits_of_each_sequence_alone) {
  const std::vector<Member> members = {{0, 1}, {1, 1}, {31, 1}, {32, 1}, {33, 2}, {64, 1}, {70, 9}, {45, 45}, {1, 2}};
  for (const ElementType type : {ElementType::f16, ElementType::q8_0}) {
    for (const Geometry& geometry : {Geometry{64, 2, 4, 32}, Geometry{80, 1, 3, 64}, Geometry{16, 2, 1, 32},
                                     Geometry{128, 1, 8, 32}, Geometry{48, 1, 1, 32}}) {
      Family family(type, geometry, 128, members);
      const auto expected = family.alone(*find_kernel_table("scalar"));
      for (const KernelTable* table : supported_kernel_tables()) {
        for (const int64_t shared_tokens : {0, 64, 128}) {
          const auto out = family.together(*table, shared_tokens);
          EXPECT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)), 0)
              << table->name << " head_dim " << geometry.head_dim << " shared " << shared_tokens;
        }
      }
    }
  }
}

// More queries than a tile has.
TEST(SharedAttention, of_many_sequences_has_the_bits_of_each_alone) {
  std::vector<Member> members;
  for (int64_t i = 0; i < 50; ++i) members.push_back({1 + i % 37, 1});
  Family family(ElementType::f16, {64, 1, 4, 32}, 96, members);
  for (const KernelTable* table : supported_kernel_tables()) {
    const auto expected = family.alone(*table);
    const auto out = family.together(*table, 96);
    EXPECT_EQ(std::memcmp(out.data(), expected.data(), out.size() * sizeof(float)), 0) << table->name;
  }
}

}  // namespace
}  // namespace quire::test
