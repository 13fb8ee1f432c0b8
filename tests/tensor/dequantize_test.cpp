#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>

#include "golden_reader.h"
#include "tensor/blocks.h"

namespace quire {
namespace {

uint64_t fnv1a(const void* bytes, size_t count) {
  uint64_t value = 0xcbf29ce484222325U;
  for (size_t i = 0; i < count; ++i) value = (value ^ static_cast<const uint8_t*>(bytes)[i]) * 0x100000001b3U;
  return value;
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
    EXPECT_EQ(fnv1a(values.data(), elements * sizeof(float)), checksum) << traits->name;
    types.insert(static_cast<uint32_t>(traits->type));
  }
  EXPECT_EQ(types.size(), element_traits_table.size());
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

}  // namespace
}  // namespace quire
