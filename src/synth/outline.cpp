#include "synth/outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "gguf/printable.h"
#include "model/arch/architecture.h"
#include "model/config.h"
#include "model/declared_tensors.h"
#include "synth/family.h"
#include "synth/gains.h"

namespace quire::synth {
namespace {

constexpr float norm_epsilon = 1e-5F;

struct Size {
  std::string_view key;  // ARCHITECTURE.KEY
  int64_t value;
};

Result<const Family*> family_of(const std::string& architecture) {
  const Family* const family = find_family(architecture);
  if (family != nullptr) return family;
  return fail(ErrorKind::unsupported, fmt::format("architecture {} is not supported; expected one of {}",
                                                  gguf::printable(architecture), architecture_names()));
}

constexpr std::string_view window_key = "attention.sliding_window";

bool has_windows(const Family& family) {
  return std::ranges::any_of(family.keys, [](const auto& key) { return key.first == window_key; });
}

void set_experts(const Shape& shape, gguf::Metadata& metadata) {
  const auto set = [&](std::string_view name, int64_t asked, int64_t usual) {
    metadata.set(fmt::format("{}.{}", shape.architecture, name), static_cast<uint32_t>(asked > 0 ? asked : usual));
  };
  constexpr int64_t used = 2;
  set("expert_count", shape.experts, 4 * used);
  set("expert_used_count", shape.experts_used, used);
  set("expert_feed_forward_length", shape.expert_ffn_width, std::max<int64_t>(shape.ffn_width / used, 1));
}

void set_latents(const Shape& shape, gguf::Metadata& metadata) {
  const int64_t latent = 4 * shape.head_dim, rotary = shape.head_dim / 2;
  for (const auto& [name, value] :
       {Size{"attention.head_count_kv", 1}, Size{"attention.kv_lora_rank", latent},
        Size{"attention.key_length", latent + rotary}, Size{"attention.value_length", latent},
        Size{"attention.key_length_mla", shape.head_dim + rotary}, Size{"attention.value_length_mla", shape.head_dim},
        Size{"rope.dimension_count", rotary}}) {
    metadata.set(fmt::format("{}.{}", shape.architecture, name), static_cast<uint32_t>(value));
  }
}

// A number for each layer: `count` in layer `first` of every `period`.
std::vector<int32_t> in_each(int64_t period, int64_t first, int64_t layers, int64_t count) {
  std::vector<int32_t> counts;
  for (int64_t layer = 0; layer < layers; ++layer) {
    counts.push_back(layer % period == first ? static_cast<int32_t>(count) : 0);
  }
  return counts;
}

// What a recurrent layer is made of, by sizes of the shape, and which layers attend.
void set_recurrent(const Shape& shape, Recurrent recurrent, gguf::Metadata& metadata) {
  if (recurrent == Recurrent::nothing) return;
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", shape.architecture, name); };
  const auto set = [&](std::string_view name, int64_t value) { metadata.set(key(name), static_cast<uint32_t>(value)); };
  const bool delta_net = recurrent == Recurrent::delta_net;
  if (delta_net) {
    set("full_attention_interval", std::min<int64_t>(4, shape.layers));
    // Of the pairs that turn: a text's positions are equal in all sections.
    const auto pairs = static_cast<int32_t>(shape.head_dim / 8);
    metadata.set(key("rope.dimension_sections"),
                 std::vector<int32_t>{pairs - 2 * (pairs / 3), pairs / 3, pairs / 3, 0});
  } else if (recurrent == Recurrent::mamba2_alone) {
    metadata.set(key("attention.head_count_kv"), in_each(4, 2, shape.layers, shape.kv_heads));
    metadata.set(key("feed_forward_length"), in_each(2, 1, shape.layers, shape.ffn_width));
  } else if (recurrent != Recurrent::mamba2_beside) {
    const int64_t period = std::min<int64_t>(3, shape.layers);
    metadata.set(key("attention.head_count_kv"), in_each(period, period - 1, shape.layers, shape.kv_heads));
  }
  if (recurrent == Recurrent::short_convolution) {
    set("shortconv.l_cache", 3);
    return;
  }
  const int64_t head_dim = std::min<int64_t>(shape.head_dim, delta_net ? 128 : 64);
  const int64_t heads = std::max<int64_t>((delta_net ? 1 : 2) * shape.width / head_dim, 1);
  set("ssm.conv_kernel", 4);
  set("ssm.state_size", delta_net ? head_dim : 128);
  set("ssm.group_count", delta_net ? heads : 1);
  set("ssm.time_step_rank", heads);
  set("ssm.inner_size", heads * head_dim);
}

Result<gguf::Metadata> keys_of(const Shape& shape, const Family& family, int64_t vocab, gguf::FileType type) {
  gguf::Metadata metadata;
  metadata.set("general.architecture", shape.architecture);
  metadata.set("general.name", "synth " + shape.name);
  metadata.set("general.file_type", static_cast<uint32_t>(type));
  metadata.set("general.quantization_version", uint32_t{2});
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", shape.architecture, name); };
  const auto rotary = static_cast<int64_t>(static_cast<double>(shape.head_dim) * family.rotary_share);
  for (const auto& [name, value] :
       {Size{"block_count", shape.layers + (shape.mtp ? 1 : 0)}, Size{"context_length", shape.context},
        Size{"embedding_length", shape.width}, Size{"feed_forward_length", shape.ffn_width},
        Size{"attention.head_count", shape.heads}, Size{"attention.head_count_kv", shape.kv_heads},
        Size{"attention.key_length", shape.head_dim}, Size{"attention.value_length", shape.head_dim},
        Size{"rope.dimension_count", rotary}, Size{"vocab_size", vocab}}) {
    if (value < 1 || value > INT32_MAX) {
      return fail(ErrorKind::invalid, fmt::format("{}: found {}, expected 1 to {}", key(name), value, INT32_MAX));
    }
    metadata.set(key(name), static_cast<uint32_t>(value));
  }
  const bool rms = find_architecture(shape.architecture)->norm == NormKind::rms;
  metadata.set(key(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon"), norm_epsilon);
  for (const auto& [name, value] : family.keys) metadata.set(key(name), value);
  set_recurrent(shape, family.recurrent, metadata);
  if (family.experts == Mixture::always || shape.experts > 0) set_experts(shape, metadata);
  if (family.latent) set_latents(shape, metadata);
  if (shape.mtp) metadata.set(key("nextn_predict_layers"), uint32_t{1});
  if (shape.window > 0) metadata.set(key(window_key), static_cast<uint32_t>(shape.window));
  return metadata;
}

// What a family looks for to tell what a model has; shapes are those that it asks for.
std::vector<gguf::TensorSpec> present_tensors(const Shape& shape, const Family& family, int64_t vocab) {
  std::vector<gguf::TensorSpec> present;
  const auto add = [&](std::string_view name, int64_t rows) {
    present.push_back({.name = std::string(name), .shape = {shape.width, rows, 1, 1}});
  };
  add("token_embd.weight", vocab);
  if (!shape.tied) add("output.weight", vocab);
  if (shape.rope_factors) add("rope_freqs.weight", 1);
  if (shape.mtp) {
    const std::string block = fmt::format("blk.{}.nextn.", shape.layers);
    add(block + "eh_proj.weight", 1);
    add(block + "shared_head_norm.weight", 1);
  }
  if (family.fused) {
    add("blk.0.attn_qkv.weight", 1);
    add("blk.0.ffn_up.weight", 2 * shape.ffn_width);
  }
  for (const std::string_view name : family.tensors) add(name, 1);
  return present;
}

bool is_factors(std::string_view tensor) { return tensor.starts_with("rope_f"); }

}  // namespace

Result<Outline> outline(const Shape& shape, int64_t vocab, gguf::FileType type) {
  QUIRE_TRY(const Family* family, family_of(shape.architecture));
  if (shape.window > 0 && !has_windows(*family)) {
    return fail(ErrorKind::invalid, fmt::format("no layer of {} has a window", shape.architecture));
  }
  if (shape.experts > 0 && family->experts == Mixture::never) {
    return fail(ErrorKind::invalid, fmt::format("no layer of {} has experts", shape.architecture));
  }
  if (!family->shares && (shape.shared_kv_layers > 0 || shape.layer_input_width > 0)) {
    return fail(ErrorKind::invalid,
                fmt::format("no layer of {} shares keys and values, or is given parts of tokens", shape.architecture));
  }
  if (shape.mtp && !find_architecture(shape.architecture)->predicts) {
    return fail(ErrorKind::invalid, fmt::format("no MTP block of {} is known", shape.architecture));
  }
  Outline result;
  QUIRE_TRY(result.metadata, keys_of(shape, *family, vocab, type));
  std::vector<gguf::TensorSpec> present = present_tensors(shape, *family, vocab);
  if (family->add != nullptr) family->add(shape, result.metadata, present);
  QUIRE_TRY(const ModelConfig config, read_config(result.metadata, present, KvType::f16));
  QUIRE_TRY(std::vector<gguf::TensorSpec> declared, declare_tensors(config, present));
  const gguf::FileFacts facts = {
      .layers = shape.layers, .has_output = !shape.tied, .heads_per_kv_head = shape.heads / shape.kv_heads};
  for (gguf::TensorSpec& spec : declared) {
    spec.type = gguf::choose_element_type(type, spec.name, spec.shape, facts);
    if (is_factors(spec.name)) {
      result.tensors.push_back(
          {.spec = std::move(spec), .factors_base = config.ropes.front().base, .turning_share = family->turning_share});
    } else {
      result.tensors.push_back(with_gain(std::move(spec), config));
    }
  }
  return result;
}

}  // namespace quire::synth
