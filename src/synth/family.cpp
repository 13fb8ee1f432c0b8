#include "synth/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

namespace quire::synth {
namespace {

constexpr std::string_view rope_base = "rope.freq_base";
constexpr std::string_view window = "attention.sliding_window";
// Of what makes vectors: which rows become one.
constexpr std::string_view pooling = "pooling_type";
constexpr uint32_t mean = 1;
constexpr uint32_t first = 2;

// All but the last of each five layers, of all, and of those that share nothing.
bool has_window(const Shape& shape, int64_t layer) {
  return layer % 5 != 4 && layer + 1 != shape.layers && layer + 1 != shape.layers - shape.shared_kv_layers;
}

// Layers without a window have heads twice as large.
void add_gemma4(const Shape& shape, gguf::Metadata& metadata, std::vector<gguf::TensorSpec>& present) {
  std::vector<bool> windows;
  std::vector<int32_t> ffn_widths;
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    const int64_t first_sharing = shape.layers - shape.shared_kv_layers;
    windows.push_back(has_window(shape, layer));
    const bool wide = shape.shared_kv_ffn_width > 0 && layer >= first_sharing;
    ffn_widths.push_back(static_cast<int32_t>(wide ? shape.shared_kv_ffn_width : shape.ffn_width));
    present.push_back({.name = fmt::format("blk.{}.attn_v.weight", layer)});
  }
  const auto set = [&](std::string_view key, gguf::Value value) {
    metadata.set(fmt::format("gemma4.{}", key), std::move(value));
  };
  set("attention.sliding_window_pattern", windows);
  set("feed_forward_length", ffn_widths);
  const auto set_number = [&](std::string_view key, int64_t value) { set(key, static_cast<uint32_t>(value)); };
  for (const std::string_view key :
       {"attention.key_length_swa", "attention.value_length_swa", "rope.dimension_count_swa"}) {
    set_number(key, shape.head_dim);
  }
  for (const std::string_view key : {"attention.key_length", "attention.value_length", "rope.dimension_count"}) {
    set_number(key, 2 * shape.head_dim);
  }
  set_number("attention.shared_kv_layers", shape.shared_kv_layers);
  set_number("embedding_length_per_layer_input", shape.layer_input_width);
}

// The first third of the layers is sparse.
void add_gemma3n(const Shape& shape, gguf::Metadata& metadata, std::vector<gguf::TensorSpec>&) {
  std::vector<bool> windows;
  std::vector<float> sparse;
  for (int64_t layer = 0; layer < shape.layers; ++layer) {
    windows.push_back(has_window(shape, layer));
    sparse.push_back(layer < shape.layers / 3 ? 1.6448536F : -std::numeric_limits<float>::infinity());
  }
  metadata.set("gemma3n.attention.sliding_window_pattern", windows);
  metadata.set("gemma3n.activation_sparsity_scale", sparse);
  metadata.set("gemma3n.attention.shared_kv_layers", static_cast<uint32_t>(shape.shared_kv_layers));
  const int64_t given = shape.layer_input_width > 0 ? shape.layer_input_width : 32;  // each layer is given something
  metadata.set("gemma3n.embedding_length_per_layer_input", static_cast<uint32_t>(given));
}

// Initialized before main, and named by functions only.
const std::vector<Family> families = {
    {.architecture = "llama", .keys = {{rope_base, 5e5F}}, .experts = Mixture::on_request},  // Mixtral
    {.architecture = "qwen2", .keys = {{rope_base, 1e6F}}},
    {.architecture = "qwen2vl", .keys = {{rope_base, 1e6F}}},
    {.architecture = "qwen3", .keys = {{rope_base, 1e6F}}},
    {.architecture = "qwen3vl", .keys = {{rope_base, 5e6F}}},
    {.architecture = "internlm2", .keys = {{rope_base, 1e6F}}},
    {.architecture = "ernie4_5", .keys = {{rope_base, 5e5F}}},
    {.architecture = "hunyuan-dense", .keys = {{rope_base, 1e4F}}},
    {.architecture = "smollm3", .keys = {{rope_base, 5e6F}}},
    {.architecture = "seed_oss", .keys = {{rope_base, 1e7F}}, .tensors = {"blk.0.attn_q.bias"}},
    {.architecture = "glm4", .keys = {{rope_base, 1e4F}}, .tensors = {"blk.0.attn_q.bias"}, .rotary_share = 0.5},
    {.architecture = "gemma2",
     .keys = {{rope_base, 1e4F},
              {window, uint32_t{4096}},
              {"attn_logit_softcapping", 50.0F},
              {"final_logit_softcapping", 30.0F}}},
    {.architecture = "gemma3", .keys = {{rope_base, 1e6F}, {window, uint32_t{512}}}},
    {.architecture = "gemma3n",
     .keys = {{rope_base, 1e6F},
              {"rope.freq_base_swa", 1e4F},
              {window, uint32_t{512}},
              {"final_logit_softcapping", 30.0F},
              {"altup.num_inputs", uint32_t{4}},
              {"altup.active_idx", uint32_t{0}}},
     .add = add_gemma3n,
     .shares = true},
    {.architecture = "gemma4",
     .keys =
         {{rope_base, 1e6F}, {"rope.freq_base_swa", 1e4F}, {window, uint32_t{512}}, {"final_logit_softcapping", 30.0F}},
     .tensors = {"blk.0.layer_output_scale.weight"},
     .experts = Mixture::on_request,
     .add = add_gemma4,
     .shares = true,
     .turning_share = 0.25},
    {.architecture = "olmo2", .keys = {{rope_base, 5e5F}, {window, uint32_t{4096}}}},
    {.architecture = "exaone4", .keys = {{rope_base, 1e6F}, {window, uint32_t{4096}}}},
    {.architecture = "cohere2", .keys = {{rope_base, 5e4F}, {window, uint32_t{4096}}, {"logit_scale", 0.25F}}},
    {.architecture = "command-r", .keys = {{rope_base, 8e6F}, {"logit_scale", 0.0625F}}},
    {.architecture = "granite",
     .keys = {{rope_base, 1e4F},
              {"attention.scale", 0.015625F},
              {"embedding_scale", 12.0F},
              {"residual_scale", 0.22F},
              {"logit_scale", 8.0F}}},
    {.architecture = "mistral3",
     .keys = {{rope_base, 1e6F},
              {"rope.scaling.type", std::string("yarn")},
              {"rope.scaling.factor", 16.0F},
              {"rope.scaling.original_context_length", uint32_t{16384}},
              {"rope.scaling.yarn_log_multiplier", 1.0F},
              {"attention.temperature_scale", 0.1F}}},
    {.architecture = "phi3",
     .keys = {{rope_base, 1e4F}, {window, uint32_t{2047}}, {"rope.scaling.original_context_length", uint32_t{4096}}},
     .tensors = {"rope_factors_long.weight", "rope_factors_short.weight"},
     .fused = true},
    {.architecture = "stablelm",
     .keys = {{rope_base, 1e4F}},
     .tensors = {"blk.0.ffn_norm.weight", "blk.0.attn_q.bias", "output_norm.bias"},
     .rotary_share = 0.25},
    {.architecture = "starcoder2",
     .keys = {{rope_base, 1e5F}, {window, uint32_t{4096}}},
     .tensors = {"blk.0.attn_q.bias", "blk.0.attn_output.bias", "blk.0.ffn_down.bias", "output_norm.bias"}},
    {.architecture = "qwen2moe",
     .keys = {{rope_base, 1e6F}},
     .tensors = {"blk.0.ffn_up_shexp.weight", "blk.0.ffn_gate_inp_shexp.weight"},
     .experts = Mixture::always},
    {.architecture = "qwen3moe", .keys = {{rope_base, 1e6F}}, .experts = Mixture::always},
    {.architecture = "granitemoe",
     .keys = {{rope_base, 1e4F},
              {"attention.scale", 0.015625F},
              {"embedding_scale", 12.0F},
              {"residual_scale", 0.22F},
              {"logit_scale", 6.0F}},
     .experts = Mixture::always},
    {.architecture = "gpt-oss",
     .keys = {{rope_base, 1.5e5F},
              {window, uint32_t{128}},
              {"rope.scaling.type", std::string("yarn")},
              {"rope.scaling.factor", 32.0F},
              {"rope.scaling.original_context_length", uint32_t{4096}}},
     .tensors = {"blk.0.attn_q.bias", "blk.0.attn_output.bias", "blk.0.ffn_gate_inp.bias", "blk.0.ffn_down_exps.bias"},
     .experts = Mixture::always},
    {.architecture = "glm4moe",
     .keys = {{rope_base, 1e6F}, {"leading_dense_block_count", uint32_t{1}}, {"expert_weights_norm", true}},
     .tensors = {"blk.0.attn_q.bias", "blk.1.exp_probs_b.bias", "blk.1.ffn_up_shexp.weight"},
     .experts = Mixture::always,
     .rotary_share = 0.5},
    {.architecture = "deepseek2",
     .keys = {{rope_base, 1e4F},
              {"rope.scaling.type", std::string("yarn")},
              {"rope.scaling.factor", 40.0F},
              {"rope.scaling.original_context_length", uint32_t{4096}},
              {"rope.scaling.yarn_log_multiplier", 0.0707F},
              {"leading_dense_block_count", uint32_t{1}},
              {"expert_shared_count", uint32_t{2}}},
     .tensors = {"blk.0.attn_q.weight", "blk.1.ffn_up_shexp.weight"},
     .experts = Mixture::always,
     .latent = true},
    {.architecture = "mistral4",
     .keys = {{rope_base, 1e4F},
              {"rope.scaling.type", std::string("yarn")},
              {"rope.scaling.factor", 128.0F},
              {"rope.scaling.original_context_length", uint32_t{8192}},
              {"rope.scaling.yarn_log_multiplier", 0.1F},
              {"attention.q_lora_rank", uint32_t{64}},
              {"expert_weights_norm", true}},
     .tensors = {"blk.0.ffn_up_shexp.weight"},
     .experts = Mixture::always,
     .latent = true},
    {.architecture = "minimax-m2",
     .keys = {{rope_base, 5e6F}, {"expert_gating_func", uint32_t{2}}},
     .tensors = {"blk.0.exp_probs_b.bias"},
     .experts = Mixture::always,
     .rotary_share = 0.5},
    {.architecture = "laguna",
     .keys = {{rope_base, 5e5F}, {window, uint32_t{512}}, {"leading_dense_block_count", uint32_t{1}}},
     .tensors = {"blk.1.exp_probs_b.bias", "blk.1.ffn_up_shexp.weight"},
     .experts = Mixture::always},
    {.architecture = "lfm2", .keys = {{rope_base, 1e6F}}, .recurrent = Recurrent::short_convolution},
    {.architecture = "lfm2moe",
     .keys = {{rope_base, 1e6F}, {"leading_dense_block_count", uint32_t{1}}},
     .tensors = {"blk.1.exp_probs_b.bias"},
     .experts = Mixture::always,
     .recurrent = Recurrent::short_convolution},
    {.architecture = "qwen35", .keys = {{rope_base, 1e7F}}, .rotary_share = 0.25, .recurrent = Recurrent::delta_net},
    {.architecture = "qwen35moe",
     .keys = {{rope_base, 1e7F}},
     .tensors = {"blk.0.ffn_up_shexp.weight", "blk.0.ffn_gate_inp_shexp.weight"},
     .experts = Mixture::always,
     .rotary_share = 0.25,
     .recurrent = Recurrent::delta_net},
    {.architecture = "qwen3next",
     .keys = {{rope_base, 1e7F}},
     .tensors = {"blk.0.ffn_up_shexp.weight", "blk.0.ffn_gate_inp_shexp.weight"},
     .experts = Mixture::always,
     .rotary_share = 0.25,
     .recurrent = Recurrent::delta_net},
    {.architecture = "nemotron_h", .recurrent = Recurrent::mamba2_alone},
    {.architecture = "nemotron_h_moe",
     .keys = {{"expert_weights_norm", true}},
     .tensors = {"blk.1.exp_probs_b.bias", "blk.1.ffn_up_shexp.weight"},
     .experts = Mixture::always,
     .recurrent = Recurrent::mamba2_alone},
    {.architecture = "falcon-h1", .keys = {{rope_base, 1e11F}}, .recurrent = Recurrent::mamba2_beside},
    {.architecture = "granitehybrid",
     .keys =
         {{"attention.scale", 0.015625F}, {"embedding_scale", 12.0F}, {"residual_scale", 0.22F}, {"logit_scale", 8.0F}},
     .experts = Mixture::on_request,
     .recurrent = Recurrent::mamba2},
    {.architecture = "muse-glimmer", .keys = {{rope_base, 5e5F}, {window, uint32_t{2048}}}},
    {.architecture = "bert",
     .keys = {{pooling, mean}},
     .tensors = {"position_embd.weight", "token_types.weight", "token_embd_norm.bias", "blk.0.attn_q.bias",
                 "blk.0.attn_output.bias", "blk.0.ffn_down.bias"}},
    {.architecture = "nomic-bert",
     .keys = {{rope_base, 1e3F}, {pooling, mean}},
     .tensors = {"token_types.weight", "token_embd_norm.bias", "blk.0.ffn_gate.weight"}},
    {.architecture = "nomic-bert-moe",
     .keys = {{rope_base, 1e4F}, {pooling, mean}, {"moe_every_n_layers", uint32_t{2}}},
     .tensors = {"token_types.weight", "token_embd_norm.bias", "blk.0.attn_q.bias", "blk.0.attn_output.bias",
                 "blk.0.ffn_down.bias"},
     .experts = Mixture::always},
    {.architecture = "jina-bert-v3",
     .keys = {{rope_base, 2e4F}, {pooling, mean}},
     .tensors = {"token_types.weight", "token_embd_norm.bias", "blk.0.attn_q.bias", "blk.0.attn_output.bias",
                 "blk.0.ffn_down.bias"}},
    {.architecture = "modern-bert",
     .keys = {{rope_base, 1.6e5F}, {"rope.freq_base_swa", 1e4F}, {window, uint32_t{128}}, {pooling, first}},
     .fused = true},
    {.architecture = "gemma-embedding", .keys = {{rope_base, 1e6F}, {window, uint32_t{512}}, {pooling, mean}}},
};

}  // namespace

const Family* find_family(std::string_view architecture) {
  const auto found = std::ranges::find(families, architecture, &Family::architecture);
  return found == families.end() ? nullptr : &*found;
}

}  // namespace quire::synth
