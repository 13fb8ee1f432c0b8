// Files of models with latent attention: what they may say, and what is kept of a token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "model/kv_layout.h"
#include "model/kv_store.h"
#include "support/family_golden.h"
#include "support/random_model.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

using testing::HasSubstr;

test::FamilyGolden latent_golden(const std::string& name) {
  return test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
}

// What reading says once its metadata is changed; "" where it is read.
std::string error_with(const std::function<void(gguf::Metadata& metadata)>& change) {
  test::FamilyGolden golden = latent_golden("deepseek2-v3");
  change(golden.metadata);
  const std::vector<std::byte> bytes = test::family_file(golden);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  const auto config = read_config(file, KvType::f16);
  return config ? "" : config.error().message;
}

std::string error_with(const std::string& key, uint32_t value) {
  return error_with([&](gguf::Metadata& metadata) { metadata.set("deepseek2." + key, value); });
}

TEST(LatentLoad, sizes_that_do_not_fit_are_refused_by_their_key) {
  EXPECT_EQ(error_with([](gguf::Metadata&) {}), "");
  EXPECT_THAT(error_with("attention.kv_lora_rank", 40),
              HasSubstr("deepseek2.attention.kv_lora_rank: found 40; supported are multiples of 32"));
  EXPECT_THAT(
      error_with("rope.dimension_count", 20),
      HasSubstr("deepseek2.rope.dimension_count: found 20, expected an even number below the size of a head, 20"));
  EXPECT_THAT(error_with("expert_group_count", 3),
              HasSubstr("deepseek2.expert_group_count: found 3, expected a divisor of expert_count, 8"));
  EXPECT_THAT(error_with("expert_group_used_count", 5), HasSubstr("deepseek2.expert_group_used_count' is 5"));
  EXPECT_THAT(error_with("expert_group_used_count", 1),
              HasSubstr("deepseek2.expert_used_count: found 3, expected at most the 2 experts of the groups"));
}

TEST(LatentLoad, models_that_choose_what_they_attend_to_are_refused_by_their_name) {
  for (const std::string name : {"deepseek32", "glm-dsa", "deepseek4"}) {
    const auto set = [&](gguf::Metadata& metadata) { metadata.set("general.architecture", name); };
    EXPECT_THAT(error_with(set), HasSubstr("general.architecture: found \"" + name + "\""));
  }
}

// One row a token of 32 and 8 elements, whatever the number of heads.
TEST(LatentLoad, one_row_is_kept_of_a_token) {
  test::FamilyGolden golden = latent_golden("deepseek2-v3");
  const std::vector<std::byte> bytes = test::family_file(golden);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  const auto block_bytes = [&](KvType type) {
    return KvLayout(test::take(read_config(file, type)), 32, false).block_size_bytes(MemoryClass::full);
  };
  constexpr int64_t layers = 3, tokens = 32, elements = 40, groups = 2;
  EXPECT_EQ(block_bytes(KvType::f16), layers * tokens * elements * 4) << "of an F32 file: twice f16";
  EXPECT_EQ(block_bytes(KvType::q8_0), layers * tokens * (elements + 2 * groups));
}

// Keys and values in one tensor are those of the file that has two, which the golden beside it was made with.
TEST(LatentLoad, matrices_of_one_tensor_are_read_in_each_type) {
  const test::FamilyGolden golden = latent_golden("deepseek2-joined");
  const std::vector<std::byte> exact = test::family_file(golden);
  const auto logits = [&](const std::vector<std::byte>& bytes) {
    test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
    const std::vector<BlockId> blocks = {{0}, {1}};
    test::Runner runner(loaded, {.block_count = 2, .context_tokens = 64});
    return runner.one_by_one(golden.tokens, blocks);
  };
  const std::vector<float> expected = logits(exact);
  const auto error_of = [&](ElementType type) {
    const std::vector<float> found = logits(test::requantize(test::take(gguf::File::parse(exact)), type));
    double error = 0.0, size = 0.0;
    for (size_t i = 0; i < found.size(); ++i) {
      error += std::pow(double{found[i]} - double{expected[i]}, 2);
      size += std::pow(double{expected[i]}, 2);
    }
    return std::sqrt(error / size);
  };
  // Roundings of weights over 27 layers: 2^-12 and 2^-9 a weight, and half a step of 127 with the rows' own.
  EXPECT_LE(error_of(ElementType::f16), 5e-3);
  EXPECT_LE(error_of(ElementType::bf16), 4e-2);
  EXPECT_LE(error_of(ElementType::q8_0), 0.15);
}

}  // namespace
}  // namespace quire
