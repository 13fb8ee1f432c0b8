#include "store/model_facts.h"

#include <gtest/gtest.h>

namespace quire::store {
namespace {

TEST(HumanCount, writes_counts_as_people_name_models) {
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(260'032), "260K");
  EXPECT_EQ(human_count(137'000'000), "137M");
  EXPECT_EQ(human_count(334'090'000), "334.09M");
  EXPECT_EQ(human_count(1'235'814'400), "1.2B");
  EXPECT_EQ(human_count(70'000'000'000), "70B");
}

TEST(FileType, has_its_name) {
  EXPECT_EQ(file_type_name(0), "F32");
  EXPECT_EQ(file_type_name(2), "Q4_0");
  EXPECT_EQ(file_type_name(7), "Q8_0");
  EXPECT_EQ(file_type_name(15), "Q4_K_M");
  EXPECT_EQ(file_type_name(18), "Q6_K");
  EXPECT_EQ(file_type_name(32), "BF16");
  EXPECT_EQ(file_type_name(4), "unknown");
  EXPECT_EQ(file_type_name(-1), "unknown");
  EXPECT_EQ(file_type_name(1000), "unknown");
}

}  // namespace
}  // namespace quire::store
