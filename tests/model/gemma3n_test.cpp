// What is Gemma 3n's own about its files: streams, gates that are cut, a table that may end before the vocabulary does,
// and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "support/family_golden.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

using testing::HasSubstr;

test::FamilyGolden gemma3n_golden(const std::string& name) {
  return test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
}

std::vector<float> gemma3n_logits(const test::FamilyGolden& golden) {
  const std::vector<std::byte> bytes = test::family_file(golden);
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  const std::vector<BlockId> blocks = test::first_blocks(64, 32);
  return test::Runner(loaded, {.block_count = 2, .context_tokens = 64}).one_by_one(golden.tokens, blocks);
}

// The error that loading gives after `spoil`, "" when there is none.
std::string gemma3n_error_after(const std::function<void(test::FamilyGolden&)>& spoil) {
  test::FamilyGolden golden = gemma3n_golden("gemma3n-shared");
  spoil(golden);
  const std::vector<std::byte> bytes = test::family_file(golden);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const Result<Model> model = Model::load(file, backend);
  return model ? "" : model.error().message;
}

gguf::TensorSpec& gemma3n_tensor(test::FamilyGolden& golden, const std::string& name) {
  return *std::ranges::find(golden.tensors, name, &gguf::TensorSpec::name);
}

TEST(Gemma3n, gates_are_cut_in_the_layers_that_the_file_names) {
  const std::vector<std::byte> bytes = test::family_file(gemma3n_golden("gemma3n-shared"));
  const ModelConfig config = test::take(read_config(test::take(gguf::File::parse(bytes)), KvType::f16));
  EXPECT_EQ(config.streams, 4);
  std::vector<bool> cut;
  for (const LayerConfig& layer : config.layers) {
    cut.push_back(std::get<FfnConfig>(layer.branches.back().blocks.front()).excess.has_value());
  }
  EXPECT_EQ(cut, (std::vector<bool>{true, true, true, false, true, false}));
}

// The vocabulary has tokens of images and sound at its end, which no layer is given anything of.
TEST(Gemma3n, a_table_of_what_layers_are_given_may_end_before_the_vocabulary) {
  test::FamilyGolden golden = gemma3n_golden("gemma3n-dense");
  const std::vector<float> expected = gemma3n_logits(golden);
  gguf::TensorSpec& table = gemma3n_tensor(golden, "per_layer_token_embd.weight");
  std::vector<float> values = test::family_values(table);
  table.shape[1] -= 3;
  values.resize(static_cast<size_t>(table.shape[0] * table.shape[1]));
  golden.listed[table.name] = values;
  golden.tokens.resize(2);  // of those that are left
  ASSERT_LT(std::ranges::max(golden.tokens), table.shape[1]);
  const std::vector<float> found = gemma3n_logits(golden);
  EXPECT_TRUE(std::equal(found.begin(), found.end(), expected.begin()));
  golden.tokens.push_back(static_cast<TokenId>(table.shape[1]));
  for (const float logit : gemma3n_logits(golden)) EXPECT_TRUE(std::isfinite(logit));
}

TEST(Gemma3n, what_a_file_says_wrong_is_named) {
  const auto set = [](const std::string& key, gguf::Value value) {
    return [=](test::FamilyGolden& golden) { golden.metadata.set("gemma3n." + key, value); };
  };
  const auto without = [](const std::string& key) {
    return [=](test::FamilyGolden& golden) { golden.metadata.erase("gemma3n." + key); };
  };
  EXPECT_EQ(gemma3n_error_after([](test::FamilyGolden&) {}), "");
  EXPECT_THAT(gemma3n_error_after(without("altup.num_inputs")), HasSubstr("gemma3n.altup.num_inputs"));
  EXPECT_THAT(gemma3n_error_after(set("altup.num_inputs", uint32_t{1})),
              HasSubstr("gemma3n.altup.num_inputs: found 1, expected 2 streams at least"));
  EXPECT_THAT(gemma3n_error_after(set("altup.num_inputs", uint32_t{9})), HasSubstr("gemma3n.altup.num_inputs"));
  EXPECT_THAT(gemma3n_error_after(set("altup.num_inputs", uint32_t{3})), HasSubstr("tensor altup_proj.weight: found"));
  EXPECT_THAT(gemma3n_error_after(set("altup.active_idx", uint32_t{4})), HasSubstr("gemma3n.altup.active_idx"));
  EXPECT_THAT(gemma3n_error_after(set("embedding_length_per_layer_input", uint32_t{0})),
              HasSubstr("gemma3n.embedding_length_per_layer_input: found 0"));
  EXPECT_THAT(gemma3n_error_after(without("activation_sparsity_scale")),
              HasSubstr("gemma3n.activation_sparsity_scale"));
  EXPECT_THAT(gemma3n_error_after(set("activation_sparsity_scale", std::vector<float>{1.0F, 1.0F})),
              HasSubstr("gemma3n.activation_sparsity_scale: found numbers of 2 layers"));
  EXPECT_THAT(gemma3n_error_after(set("activation_sparsity_scale", std::vector<float>(6, std::nanf("")))),
              HasSubstr("gemma3n.activation_sparsity_scale: found nan"));
  EXPECT_THAT(gemma3n_error_after([](test::FamilyGolden& golden) {
                gemma3n_tensor(golden, "blk.1.laurel_r.weight").shape = {4, 32, 1, 1};
              }),
              HasSubstr("tensor blk.1.laurel_r.weight: found shape [4, 32"));
  EXPECT_THAT(gemma3n_error_after([](test::FamilyGolden& golden) {
                std::erase_if(golden.tensors,
                              [](const auto& tensor) { return tensor.name == "altup_unembd_proj.weight"; });
              }),
              HasSubstr("tensor altup_unembd_proj.weight: not in the file"));
}

}  // namespace
}  // namespace quire
