// Keys and tensors that Ollama published under other names, and what is left alone.
#include "gguf/published_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/describe.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace quire::gguf {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Metadata of(const std::string& architecture, std::vector<std::pair<std::string, Value>> keys = {}) {
  Metadata metadata;
  metadata.set("general.architecture", architecture);
  for (auto& [key, value] : keys) metadata.set(architecture + "." + key, std::move(value));
  return metadata;
}

std::vector<TensorView> tensors(const std::vector<std::string>& names) {
  std::vector<TensorView> views;
  for (const std::string& name : names) views.push_back({.name = name, .shape = {8, 4, 2, 1}});
  return views;
}

std::vector<std::string> names_of(const std::vector<TensorView>& views) {
  std::vector<std::string> names;
  for (const TensorView& view : views) names.push_back(view.name);
  return names;
}

TEST(PublishedNames, gpt_oss_has_todays_name_tensors_and_sizes) {
  Metadata metadata = of("gptoss", {{"block_count", uint32_t{1}}, {"rope.scaling.factor", 32.0F}});
  std::vector<TensorView> views = tensors({"token_embd.weight", "blk.0.attn_out.weight", "blk.0.attn_out.bias",
                                           "blk.12.attn_sinks", "blk.0.ffn_norm.weight", "blk.0.ffn_gate_exps.weight"});
  const std::vector<std::string> done = apply_published_names(metadata, views);
  EXPECT_THAT(names_of(views), ElementsAre("token_embd.weight", "blk.0.attn_output.weight", "blk.0.attn_output.bias",
                                           "blk.12.attn_sinks.weight", "blk.0.post_attention_norm.weight",
                                           "blk.0.ffn_gate_exps.weight"));
  EXPECT_EQ(metadata.get_string("general.architecture").value(), "gpt-oss");
  EXPECT_EQ(metadata.get_int("gpt-oss.block_count", 1, 9).value(), 1);
  EXPECT_EQ(metadata.get_string("gpt-oss.rope.scaling.type").value(), "yarn");
  EXPECT_EQ(metadata.get_int("gpt-oss.expert_feed_forward_length", 1, 9).value(), 4);
  EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "gpt-4o");
  EXPECT_FALSE(metadata.contains("gptoss.block_count"));
  EXPECT_THAT(done, Contains("1 tensors attn_sinks are read as attn_sinks.weight"));
  EXPECT_THAT(apply_published_names(metadata, views), IsEmpty()) << "once is enough";
}

TEST(PublishedNames, gemma_4s_scales_of_experts_have_todays_name) {
  Metadata metadata = of("gemma4");
  std::vector<TensorView> views = tensors({"blk.3.ffn_gate_inp.weight", "blk.3.ffn_gate_inp.per_expert_scale"});
  EXPECT_THAT(apply_published_names(metadata, views),
              ElementsAre("1 tensors ffn_gate_inp.per_expert_scale are read as ffn_down_exps.scale"));
  EXPECT_THAT(names_of(views), ElementsAre("blk.3.ffn_gate_inp.weight", "blk.3.ffn_down_exps.scale"));
}

TEST(PublishedNames, gemma_3ns_keys_have_todays_names) {
  Metadata metadata = of("gemma3n", {{"rope.freq_base_local", 2e4F}, {"head_dim", uint32_t{256}}});
  std::vector<TensorView> views = tensors({"altup_proj.weight"});
  EXPECT_THAT(apply_published_names(metadata, views),
              ElementsAre("gemma3n.rope.freq_base_local is read as rope.freq_base_swa",
                          "gemma3n.head_dim is read as attention.key_length"));
  EXPECT_EQ(metadata.get_float("gemma3n.rope.freq_base_swa").value(), 2e4F);
  EXPECT_EQ(metadata.get_int("gemma3n.attention.key_length", 0, 1000).value(), 256);
}

TEST(PublishedNames, gemma_3_gets_its_bases_its_scaling_and_a_vocabulary_of_the_tables_size) {
  Metadata metadata = of("gemma3", {{"context_length", uint32_t{131072}},
                                    {"rope.global.freq_base", 2e6F},
                                    {"rope.local.freq_base", 2e4F},
                                    {"attention.layer_norm_rms_epsilon", 1e-5F}});
  metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c", "d", "<image>"});
  metadata.set("tokenizer.ggml.scores", std::vector<float>{1, 2, 3, 4, 5});
  metadata.set("tokenizer.ggml.token_type", std::vector<int32_t>{1, 1, 1, 1, 4});
  std::vector<TensorView> views = tensors({"token_embd.weight", "v.blk.0.attn_q.weight"});
  apply_published_names(metadata, views);
  EXPECT_EQ(metadata.get_float("gemma3.rope.freq_base").value(), 2e6F);
  EXPECT_EQ(metadata.get_float("gemma3.rope.freq_base_swa").value(), 2e4F);
  EXPECT_EQ(metadata.get_float("gemma3.attention.layer_norm_rms_epsilon").value(), 1e-5F) << "what it says stays";
  EXPECT_EQ(metadata.get_string("gemma3.rope.scaling.type").value(), "linear");
  EXPECT_EQ(metadata.get_float("gemma3.rope.scaling.factor").value(), 8.0);
  EXPECT_THAT(metadata.get_strings("tokenizer.ggml.tokens").value().get(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(metadata.get_floats("tokenizer.ggml.scores")->size(), 4U);
  EXPECT_EQ(metadata.get_ints("tokenizer.ggml.token_type")->size(), 4U);
}

TEST(PublishedNames, a_short_gemma_3_without_an_epsilon_gets_no_scaling) {
  Metadata metadata = of("gemma3", {{"context_length", uint32_t{32768}}});
  std::vector<TensorView> views;
  apply_published_names(metadata, views);
  EXPECT_EQ(metadata.get_float("gemma3.attention.layer_norm_rms_epsilon").value(), 1e-6F);
  EXPECT_EQ(metadata.get_float("gemma3.rope.freq_base").value(), 1e6);
  EXPECT_FALSE(metadata.contains("gemma3.rope.scaling.type"));
}

TEST(PublishedNames, embedding_gemma_has_an_architecture_of_its_own) {
  Metadata metadata = of("gemma3", {{"embedding_length", uint32_t{8}}});
  std::vector<TensorView> views =
      tensors({"dense.0.weight", "dense.1.weight", "norm.weight", "blk.0.attn_norm.weight"});
  apply_published_names(metadata, views);
  EXPECT_THAT(names_of(views),
              ElementsAre("dense_2.weight", "dense_3.weight", "output_norm.weight", "blk.0.attn_norm.weight"));
  EXPECT_EQ(metadata.get_int("gemma-embedding.embedding_length", 1, 9).value(), 8);
  EXPECT_EQ(metadata.get_int("gemma-embedding.dense_2_feat_out", 1, 9).value(), 4);
}

TEST(PublishedNames, mistral_3_says_yarn_and_temperature_as_today) {
  Metadata metadata = of("mistral3", {{"rope.scaling.beta_fast", 32.0F},
                                      {"rope.scaling.beta_slow", 1.0F},
                                      {"rope.scaling.mscale_all_dim", 1.0F},
                                      {"rope.scaling_beta", 0.1F}});
  std::vector<TensorView> views;
  EXPECT_THAT(apply_published_names(metadata, views),
              Contains("mistral3.rope.scaling_beta is read as attention.temperature_scale"));
  EXPECT_EQ(metadata.get_float("mistral3.rope.scaling.yarn_beta_fast").value(), 32.0);
  EXPECT_EQ(metadata.get_float("mistral3.rope.scaling.yarn_beta_slow").value(), 1.0);
  EXPECT_EQ(metadata.get_float("mistral3.rope.scaling.yarn_log_multiplier").value(), 1.0);
  EXPECT_EQ(metadata.get_float("mistral3.attention.temperature_scale").value(), 0.1F);
  EXPECT_EQ(metadata.get_string("tokenizer.ggml.pre").value(), "tekken");
}

TEST(PublishedNames, laguna_has_todays_gates_and_ropes_of_windows) {
  Metadata metadata = of("laguna", {{"rope.swa.freq_base", 2e4F}, {"rope.swa.dimension_count", uint32_t{64}}});
  std::vector<TensorView> views = tensors({"blk.0.attn_g.weight", "blk.0.attn_q.weight"});
  EXPECT_EQ(apply_published_names(metadata, views).size(), 3U);
  EXPECT_THAT(names_of(views), ElementsAre("blk.0.attn_gate.weight", "blk.0.attn_q.weight"));
  EXPECT_EQ(metadata.get_float("laguna.rope.freq_base_swa").value(), 2e4F);
  EXPECT_EQ(metadata.get_int("laguna.rope.dimension_count_swa", 1, 99).value(), 64);
  EXPECT_THAT(apply_published_names(metadata, views), IsEmpty());
}

TEST(PublishedNames, olmo_3_and_qwen_2_5_vl_are_of_the_architecture_that_has_their_graph) {
  std::vector<TensorView> views;
  Metadata olmo = of("olmo3", {{"attention.sliding_window", uint32_t{8}}});
  apply_published_names(olmo, views);
  EXPECT_EQ(olmo.get_int("olmo2.attention.sliding_window", 1, 9).value(), 8);
  Metadata qwen = of("qwen25vl", {{"rope.mrope_section", std::vector<int32_t>{16, 24, 24}}});
  apply_published_names(qwen, views);
  EXPECT_THAT(qwen.get_ints("qwen2vl.rope.dimension_sections").value(), ElementsAre(16, 24, 24, 0));
}

TEST(PublishedNames, files_with_todays_names_are_left_alone) {
  for (Metadata metadata :
       {of("gemma3", {{"attention.layer_norm_rms_epsilon", 1e-6F}}),
        of("mistral3", {{"attention.temperature_scale", 0.1F}}), of("olmo2"), of("gpt-oss"), of("llama"), Metadata()}) {
    const auto before = std::vector(metadata.entries().begin(), metadata.entries().end());
    std::vector<TensorView> views = tensors({"blk.0.ffn_norm.weight", "norm.weight"});
    EXPECT_THAT(apply_published_names(metadata, views), IsEmpty());
    EXPECT_THAT(metadata.entries(), testing::ElementsAreArray(before));
    EXPECT_THAT(names_of(views), ElementsAre("blk.0.ffn_norm.weight", "norm.weight"));
  }
}

TEST(PublishedNames, an_opened_file_has_todays_names_and_says_so) {
  std::vector<std::byte> bytes =
      header_bytes(of("gptoss"), std::vector<TensorSpec>{{.name = "blk.0.attn_sinks", .shape = {8, 1, 1, 1}}}).value();
  bytes.resize(bytes.size() + 32);
  const auto file = File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_NE(file->find_tensor("blk.0.attn_sinks.weight"), nullptr);
  EXPECT_EQ(file->find_tensor("blk.0.attn_sinks"), nullptr);
  EXPECT_THAT(describe(*file), HasSubstr("mended: architecture gptoss is read as gpt-oss"));
}

}  // namespace
}  // namespace quire::gguf
