// A model whose file has the names that Ollama once published computes what it does under today's
// (gguf/published_names).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/family_golden.h"
#include "support/runner.h"
#include "test_data.h"

namespace quire {
namespace {

struct Published {
  std::string golden;
  std::string architecture;                                       // as the file has it
  std::vector<std::pair<std::string, std::string>> keys;          // today's, Ollama's
  std::vector<std::string> missing = {};                          // that were not written
  std::vector<std::pair<std::string, gguf::Value>> other = {};    // that were written otherwise, or beside these
  std::vector<std::pair<std::string, std::string>> tensors = {};  // endings of their names: today's, Ollama's
};

std::vector<Published> published() {
  return {{"gemma3",
           "gemma3",
           {{"rope.freq_base", "rope.global.freq_base"}, {"rope.freq_base_swa", "rope.local.freq_base"}}},
          {"mistral3",
           "mistral3",
           {{"rope.scaling.yarn_beta_fast", "rope.scaling.beta_fast"},
            {"rope.scaling.yarn_beta_slow", "rope.scaling.beta_slow"},
            {"rope.scaling.yarn_log_multiplier", "rope.scaling.mscale_all_dim"},
            {"attention.temperature_scale", "rope.scaling_beta"}}},
          {"deepseek2-glm", "glm4moelite", {}},
          {"olmo3", "olmo3", {}},
          {"qwen2vl", "qwen25vl", {}, {"rope.dimension_sections"}},
          {.golden = "lfm2",
           .architecture = "lfm2",
           .keys = {},
           .missing = {"feed_forward_length"},
           .tensors = {{"token_embd_norm.weight", "output_norm.weight"}}},
          {.golden = "qwen35",
           .architecture = "qwen35",
           .keys = {{"rope.dimension_sections", "mrope_sections"}},
           .missing = {"attention.head_count_kv"},
           .other = {{"attention.head_count_kv", std::vector<int32_t>{0, 0, 0, 2}}, {"image_token_id", uint32_t{60}}},
           .tensors = {{"ssm_dt.bias", "ssm_dt"}}}};
}

gguf::Metadata as_published(const gguf::Metadata& today, const std::string& architecture, const Published& as) {
  gguf::Metadata metadata;
  for (const auto& [key, value] : today.entries()) {
    if (!key.starts_with(architecture + ".")) {
      metadata.set(key, value);
      continue;
    }
    std::string name = key.substr(architecture.size() + 1);
    if (std::ranges::find(as.missing, name) != as.missing.end()) continue;
    const auto renamed = std::ranges::find(as.keys, name, &std::pair<std::string, std::string>::first);
    if (renamed != as.keys.end()) name = renamed->second;
    metadata.set(as.architecture + "." + name, value);
  }
  for (const auto& [name, value] : as.other) metadata.set(as.architecture + "." + name, value);
  metadata.set("general.architecture", as.architecture);
  return metadata;
}

// A golden's tensors are made of their names: what they hold stays.
void rename_tensors(test::FamilyGolden& golden, const Published& as) {
  for (gguf::TensorSpec& tensor : golden.tensors) {
    for (const auto& [today, published] : as.tensors) {
      if (!tensor.name.ends_with(today)) continue;
      const std::vector<float> values = test::family_values(tensor);
      tensor.name.replace(tensor.name.size() - today.size(), today.size(), published);
      golden.listed[tensor.name] = values;
    }
  }
}

std::vector<float> logits_of(const test::FamilyGolden& golden) {
  const std::vector<std::byte> bytes = test::family_file(golden);
  test::LoadedModel loaded(test::take(gguf::File::parse(bytes)), *supported_kernel_tables().back(), 1);
  const std::vector<BlockId> blocks = {{0}, {1}, {2}, {3}};
  test::Runner runner(loaded, {.block_count = 4, .state_count = 1, .context_tokens = 128});
  return runner.one_by_one(golden.tokens, blocks);
}

TEST(PublishedModel, computes_as_under_todays_names) {
  for (const Published& as : published()) {
    SCOPED_TRACE(as.golden);
    test::FamilyGolden golden = test::read_family_golden(test::own_data_dir() / "families" / (as.golden + ".json"));
    const std::vector<float> expected = logits_of(golden);
    golden.metadata = as_published(golden.metadata, golden.architecture, as);
    rename_tensors(golden, as);
    EXPECT_EQ(logits_of(golden), expected);
  }
}

}  // namespace
}  // namespace quire
