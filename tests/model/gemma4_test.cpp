// What is Gemma 4's own about its files: layers that read others' keys and values, experts in one tensor or two, and
// what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/family_golden.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

using testing::HasSubstr;

test::FamilyGolden gemma4_golden(const std::string& name) {
  return test::read_family_golden(test::own_data_dir() / "families" / (name + ".json"));
}

std::vector<float> gemma4_logits(const test::FamilyGolden& golden) {
  const std::vector<std::byte> bytes = test::family_file(golden);
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  const std::vector<BlockId> blocks = test::first_blocks(64, 32);
  return test::Runner(loaded, {.block_count = 2, .context_tokens = 64}).one_by_one(golden.tokens, blocks);
}

// The error that loading gives after `spoil`, "" when there is none.
std::string gemma4_error_after(const std::string& name, const std::function<void(test::FamilyGolden&)>& spoil) {
  test::FamilyGolden golden = gemma4_golden(name);
  spoil(golden);
  const std::vector<std::byte> bytes = test::family_file(golden);
  const gguf::File file = test::take(gguf::File::parse(bytes));
  Team team(1);
  CpuBackend backend(team, *supported_kernel_tables().back());
  const Result<Model> model = Model::load(file, backend);
  return model ? "" : model.error().message;
}

gguf::TensorSpec& gemma4_tensor(test::FamilyGolden& golden, const std::string& name) {
  return *std::ranges::find(golden.tensors, name, &gguf::TensorSpec::name);
}

void remove_tensor(test::FamilyGolden& golden, const std::string& name) {
  std::erase_if(golden.tensors, [&](const gguf::TensorSpec& tensor) { return tensor.name == name; });
}

TEST(Gemma4, a_layer_that_reads_others_keys_makes_none) {
  const std::vector<std::byte> bytes = test::family_file(gemma4_golden("gemma4-e"));
  const test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  std::vector<int64_t> outputs;
  for (const Layer& layer : loaded.model.weights().layers) {
    const auto& attention = std::get<Attention>(layer.branches.front().blocks.front());
    outputs.push_back(attention.k.outputs + attention.v.outputs);
  }
  EXPECT_EQ(outputs, (std::vector<int64_t>{32, 32, 64, 0, 0, 0}));
}

TEST(Gemma4, keys_and_values_that_a_sharing_layer_has_all_the_same_are_beside_the_model) {
  test::FamilyGolden golden = gemma4_golden("gemma4-shared");
  const std::vector<float> expected = gemma4_logits(golden);
  for (const char* name : {"blk.3.attn_k.weight", "blk.3.attn_v.weight", "blk.5.attn_k.weight"}) {
    golden.tensors.push_back({.name = name, .shape = {32, 16, 1, 1}});
  }
  golden.tensors.push_back({.name = "blk.4.attn_k_norm.weight", .shape = {8, 1, 1, 1}});
  EXPECT_EQ(gemma4_logits(golden), expected);
  EXPECT_THAT(
      gemma4_error_after("gemma4-shared",
                         [](test::FamilyGolden& spoiled) {
                           spoiled.tensors.push_back({.name = "blk.3.attn_sinks.weight", .shape = {4, 1, 1, 1}});
                         }),
      HasSubstr("tensor blk.3.attn_sinks.weight: not part of architecture gemma4"));
}

// As Ollama published them: gate and up apart, and the experts' scales under the router's name.
TEST(Gemma4, experts_may_be_in_two_tensors) {
  test::FamilyGolden golden = gemma4_golden("gemma4-experts");
  const std::vector<float> expected = gemma4_logits(golden);
  for (int64_t layer = 0; layer < 6; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const gguf::TensorSpec both = gemma4_tensor(golden, prefix + "ffn_gate_up_exps.weight");
    const std::vector<float> values = test::family_values(both);
    const auto half = static_cast<std::ptrdiff_t>(both.shape[0] * both.shape[1] / 2);
    for (const std::ptrdiff_t part : {0, 1}) {
      const std::string name = prefix + (part == 0 ? "ffn_gate_exps.weight" : "ffn_up_exps.weight");
      golden.tensors.push_back({.name = name, .shape = {both.shape[0], both.shape[1] / 2, both.shape[2], 1}});
      std::vector<float>& own = golden.listed[name];
      for (auto expert = values.begin(); expert != values.end(); expert += 2 * half) {
        own.insert(own.end(), expert + part * half, expert + (part + 1) * half);
      }
    }
    remove_tensor(golden, both.name);
    const std::string scale = prefix + "ffn_gate_inp.per_expert_scale";
    golden.listed[scale] = golden.listed[prefix + "ffn_down_exps.scale"];
    gemma4_tensor(golden, prefix + "ffn_down_exps.scale").name = scale;
  }
  EXPECT_EQ(gemma4_logits(golden), expected);
}

TEST(Gemma4, what_a_file_does_not_say_or_says_twice_is_named) {
  const auto set = [](const std::string& key, gguf::Value value) {
    return [=](test::FamilyGolden& golden) { golden.metadata.set("gemma4." + key, value); };
  };
  EXPECT_THAT(gemma4_error_after(
                  "gemma4",
                  [](test::FamilyGolden& golden) { golden.metadata.erase("gemma4.attention.sliding_window_pattern"); }),
              HasSubstr("gemma4.attention.sliding_window_pattern: found nothing"));
  EXPECT_THAT(
      gemma4_error_after("gemma4", [](test::FamilyGolden& golden) { remove_tensor(golden, "rope_freqs.weight"); }),
      HasSubstr("tensor rope_freqs.weight: not in the file"));
  EXPECT_THAT(gemma4_error_after("gemma4", set("attention.key_length_swa", uint32_t{7})),
              HasSubstr("gemma4.attention.key_length_swa: found 7, expected an even size of a head"));
  EXPECT_THAT(gemma4_error_after("gemma4", set("attention.value_length_swa", uint32_t{16})),
              HasSubstr("gemma4.attention.value_length_swa: found 16, expected that of attention.key_length_swa, 8"));
  EXPECT_THAT(gemma4_error_after("gemma4-shared", set("attention.shared_kv_layers", uint32_t{6})),
              HasSubstr("gemma4.attention.shared_kv_layers"));
  EXPECT_THAT(gemma4_error_after("gemma4-shared", set("attention.shared_kv_layers", uint32_t{4})),
              HasSubstr("gemma4.attention.shared_kv_layers: found 4, expected a layer before 2 of the same kind as 2"));
  EXPECT_THAT(
      gemma4_error_after("gemma4-shared", set("attention.head_count_kv", std::vector<int32_t>{2, 2, 2, 2, 1, 2})),
      HasSubstr("gemma4.attention.head_count_kv: found 1 for layer 4, expected 2, as layer 1 has"));
  EXPECT_THAT(gemma4_error_after("gemma4-inputs",
                                 [](test::FamilyGolden& golden) { remove_tensor(golden, "blk.2.inp_gate.weight"); }),
              HasSubstr("tensor blk.2.inp_gate.weight: not in the file"));
}

}  // namespace
}  // namespace quire
