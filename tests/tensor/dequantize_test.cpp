#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <span>

#include "base/bytes.h"
#include "golden_reader.h"
#include "tensor/blocks.h"
#include "tensor/code_blocks.h"

namespace quire {
namespace {

// Over bytes, or over 32-bit words.
template <typename Piece>
uint64_t fnv1a(std::span<const float> values) {
  uint64_t value = 0xcbf29ce484222325U;
  const auto* bytes = reinterpret_cast<const std::byte*>(values.data());
  for (size_t i = 0; i < values.size_bytes(); i += sizeof(Piece)) {
    value = (value ^ load_value<Piece>(bytes + i)) * 0x100000001b3U;
  }
  return value;
}

// random_bytes() of tools/goldens/dequantize.py: splitmix64 from state 0.
std::vector<std::byte> random_bytes(size_t count) {
  std::vector<std::byte> bytes(round_up<size_t>(count, 8));
  for (size_t i = 0; i < bytes.size(); i += 8) {
    uint64_t word = (i / 8 + 1) * 0x9e3779b97f4a7c15U;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9U;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebU;
    store_value(bytes.data() + i, word ^ (word >> 31));
  }
  bytes.resize(count);
  return bytes;
}

// The bytes of a block that end the f16 scales: finite_offsets() of tools/goldens/dequantize.py.
std::vector<size_t> scale_ends(ElementType type) {
  using enum ElementType;
  switch (type) {
    case mxfp4:
    case nvfp4:
      return {};
    case q4_1:
    case q5_1:
    case q4_k:
    case q5_k:
      return {1, 3};
    case q2_k:
      return {81, 83};
    case q3_k:
    case q6_k:
    case iq1_m:
    case tq1_0:
    case tq2_0:
      return {static_cast<size_t>(element_traits(type).block_bytes) - 1};
    default:
      return {1};
  }
}

TEST(Dequantize, every_type_has_the_bits_of_the_reference) {
  test::GoldenReader golden("dequantize.bin");
  std::set<uint32_t> types;
  while (!golden.done() && !HasFailure()) {
    const auto traits = find_element_traits(golden.take_one<uint32_t>());
    ASSERT_TRUE(traits);
    const auto elements = static_cast<size_t>(golden.take_one<uint32_t>());
    const auto stored =
        golden.take<std::byte>(static_cast<size_t>(row_size_bytes(traits->type, static_cast<int64_t>(elements))));
    const auto expected = golden.take<float>(std::min<size_t>(elements, 512));
    const auto checksum = golden.take_one<uint64_t>();
    std::vector<float> values(elements);
    dequantize(traits->type, stored.data(), static_cast<int64_t>(elements), values.data());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(expected[i]))
          << traits->name << " element " << i << ": " << values[i] << ", expected " << expected[i];
    }
    EXPECT_EQ(fnv1a<uint8_t>(values), checksum) << traits->name;
    types.insert(static_cast<uint32_t>(traits->type));
  }
  EXPECT_EQ(types.size(), element_traits_table.size());
}

// A thousand blocks of random bytes of each type: every code of every table, every scale of MXFP4 and NVFP4.
TEST(Dequantize, every_code_has_the_bits_of_the_reference) {
  test::GoldenReader golden("dequantize_random.bin");
  size_t types = 0;
  for (; !golden.done() && !HasFailure(); ++types) {
    const ElementTraits traits = find_element_traits(golden.take_one<uint32_t>()).value();
    const auto blocks = golden.take_one<uint32_t>();
    const auto checksum = golden.take_one<uint64_t>();
    const auto block_bytes = static_cast<size_t>(traits.block_bytes);
    std::vector<std::byte> stored = random_bytes(blocks * block_bytes);
    for (const size_t end : scale_ends(traits.type)) {
      for (size_t block = 0; block < blocks; ++block) stored[block * block_bytes + end] &= std::byte{0xbf};
    }
    std::vector<float> values(blocks * static_cast<size_t>(traits.block_elements));
    dequantize(traits.type, stored.data(), static_cast<int64_t>(values.size()), values.data());
    EXPECT_EQ(fnv1a<uint32_t>(values), checksum) << traits.name;
  }
  EXPECT_EQ(types, element_traits_table.size() - 3) << "all but the floats";
}

TEST(Dequantize, stored_bytes_need_no_alignment) {
  std::vector<std::byte> bytes(512, std::byte{0x35});
  for (const ElementTraits& traits : element_traits_table) {
    std::vector<float> straight(static_cast<size_t>(traits.block_elements));
    std::vector<float> shifted(straight.size());
    dequantize(traits.type, bytes.data(), traits.block_elements, straight.data());
    dequantize(traits.type, bytes.data() + 1, traits.block_elements, shifted.data());
    EXPECT_EQ(straight, shifted) << traits.name;
  }
}

TEST(GroupScales, every_value_survives_in_every_place) {
  for (int place = 0; place < 8; ++place) {
    for (int value = 0; value < 64; ++value) {
      for (const int others : {0, 63, 21}) {
        GroupScales groups;
        std::fill_n(groups.scales, 8, static_cast<uint8_t>(others));
        std::fill_n(groups.mins, 8, static_cast<uint8_t>(63 - others));
        groups.scales[place] = static_cast<uint8_t>(value);
        groups.mins[7 - place] = static_cast<uint8_t>(63 - value);
        uint8_t packed[12];
        pack_group_scales(groups, packed);
        const GroupScales back = unpack_group_scales(packed);
        ASSERT_TRUE(std::equal(groups.scales, groups.scales + 8, back.scales)) << place << " " << value;
        ASSERT_TRUE(std::equal(groups.mins, groups.mins + 8, back.mins)) << place << " " << value;
      }
    }
  }
}

TEST(Q3Scales, every_value_survives_in_every_place) {
  for (int place = 0; place < 16; ++place) {
    for (int value = -32; value < 32; ++value) {
      for (const int others : {-32, 31, -11}) {
        int8_t scales[16], back[16];
        std::fill_n(scales, 16, static_cast<int8_t>(others));
        scales[place] = static_cast<int8_t>(value);
        uint8_t packed[12];
        pack_q3_scales(scales, packed);
        unpack_q3_scales(packed, back);
        ASSERT_TRUE(std::equal(scales, scales + 16, back)) << place << " " << value;
      }
    }
  }
}

TEST(Iq4Scales, every_value_survives_in_every_place) {
  for (int place = 0; place < 8; ++place) {
    for (int value = -32; value < 32; ++value) {
      for (const int others : {-32, 31, -11}) {
        int8_t scales[8], back[8];
        std::fill_n(scales, 8, static_cast<int8_t>(others));
        scales[place] = static_cast<int8_t>(value);
        BlockIQ4_XS block = {};
        pack_iq4_scales(scales, block);
        unpack_iq4_scales(block, back);
        ASSERT_TRUE(std::equal(scales, scales + 8, back)) << place << " " << value;
      }
    }
  }
}

}  // namespace
}  // namespace quire
