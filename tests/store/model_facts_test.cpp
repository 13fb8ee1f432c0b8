#include "store/model_facts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/temporary_folder.h"
#include "store/tiny_gguf.h"

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
  EXPECT_EQ(file_type_name(36), "TQ1_0");
  EXPECT_EQ(file_type_name(38), "MXFP4_MOE");
  EXPECT_EQ(file_type_name(40), "Q1_0");
  EXPECT_EQ(file_type_name(4), "unknown");
  EXPECT_EQ(file_type_name(33), "unknown");
  EXPECT_EQ(file_type_name(-1), "unknown");
  EXPECT_EQ(file_type_name(1000), "unknown");
}

class ModelContentsTest : public TemporaryFolder {};

TEST_F(ModelContentsTest, hold_numbers_as_the_file_means_them_and_long_arrays_only_when_asked_for) {
  gguf::Metadata more;
  more.set("llama.attention.layer_norm_rms_epsilon", 1e-5F);
  more.set("some.scales", std::vector<float>{0.1F, 2.0F});
  more.set("some.sizes", std::vector<int32_t>(1024, 7));
  more.set("some.words", std::vector<std::string>(1025, "w"));
  const ModelFile file{.name = "tiny", .path = write_tiny_gguf(folder_ / "tiny.gguf", 0, more)};
  const auto brief = read_contents(file, false);
  ASSERT_TRUE(brief) << brief.error().message;
  EXPECT_NE(brief->metadata.find(R"("llama.attention.layer_norm_rms_epsilon":0.00001,)"), std::string::npos);
  EXPECT_NE(brief->metadata.find(R"("some.scales":[0.1,2])"), std::string::npos);
  const auto json = nlohmann::json::parse(brief->metadata);
  EXPECT_EQ(json["some.sizes"].size(), 1024U);
  EXPECT_TRUE(json["some.words"].is_null());
  EXPECT_EQ(json["general.parameter_count"], 1024);
  const auto whole = read_contents(file, true);
  ASSERT_TRUE(whole);
  EXPECT_EQ(nlohmann::json::parse(whole->metadata)["some.words"].size(), 1025U);
}

}  // namespace
}  // namespace quire::store
