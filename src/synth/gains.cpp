#include "synth/gains.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace quire::synth {
namespace {

// How random weights become a model that says something. Measured on tiny models of each architecture: 200 greedy
// steps give 30 to 100 different tokens, and int8 activations cost 1 % of the logits' root mean square.
constexpr float logit_deviation = 2.5F;
// Of an attention score: a softmax over T positions then weighs about T / e^2.25 of them.
constexpr float score_deviation = 1.5F;
// What all layers add to the residual stream, in units of the token's own embedding. More: answers vary more, and
// rounding errors grow more. Less: the last token alone decides the next.
constexpr float layers_share = 0.95F;
// Of the variance that a layer adds, the part of the feed-forward; the rest is attention's.
constexpr float ffn_part = 0.4F;
// Root mean square of silu(g) * u for independent standard normal g and u; of GELU, with u or alone, it is 0.65.
constexpr float gated_rms = 0.6F;
// Of the logarithm of a state, a time step: half of it is left after one or two rows.
constexpr float decay_rate = -0.5F;
constexpr float norm_deviation = 0.1F;
constexpr float bias_deviation = 0.2F;

// What a weight's outputs are.
enum class Role : uint8_t {
  logits,
  scores,
  latent_scores,  // what a latent gives is a row of it transposed
  inner,
  attention_output,
  ffn_output,
  experts_output,
  recurrent_output,
  head_norm,
  layer_inputs,
  mtp_input,
  stream_router,  // which reads rows that are divided by their width
  stream_weights,
  sinks,
  rates,
  norm
};

struct Part {
  std::string_view name;
  Role role;
};
// Of a layer or of the model; every other tensor is a norm.
constexpr std::array<Part, 53> parts = {{
    {"token_embd", Role::logits},
    {"position_embd", Role::logits},
    {"token_types", Role::logits},
    {"output", Role::logits},
    {"attn_q", Role::scores},
    {"attn_k", Role::scores},
    {"attn_qkv", Role::scores},
    {"attn_v", Role::inner},
    {"attn_q_a", Role::inner},
    {"attn_q_b", Role::scores},
    {"attn_kv_a_mqa", Role::scores},
    {"attn_k_b", Role::latent_scores},
    {"attn_v_b", Role::inner},
    {"attn_output", Role::attention_output},
    {"ffn_gate", Role::inner},
    {"ffn_up", Role::inner},
    {"ffn_down", Role::ffn_output},
    {"attn_gate", Role::inner},
    {"attn_sinks", Role::sinks},
    {"ffn_gate_inp", Role::inner},
    {"ffn_gate_exps", Role::inner},
    {"ffn_up_exps", Role::inner},
    {"ffn_gate_up_exps", Role::inner},
    {"ffn_down_exps", Role::experts_output},
    {"ffn_gate_inp_shexp", Role::inner},
    {"ffn_gate_shexp", Role::inner},
    {"ffn_up_shexp", Role::inner},
    {"ffn_down_shexp", Role::ffn_output},
    {"per_layer_token_embd", Role::layer_inputs},
    {"per_layer_model_proj", Role::inner},
    {"nextn.eh_proj", Role::mtp_input},
    {"inp_gate", Role::inner},
    {"proj", Role::inner},
    {"altup_proj", Role::inner},
    {"altup_unembd_proj", Role::inner},
    {"altup_router", Role::stream_router},
    {"altup_predict_coef", Role::stream_weights},
    {"altup_correct_coef", Role::stream_weights},
    {"laurel_l", Role::inner},
    {"laurel_r", Role::inner},
    {"shortconv.in_proj", Role::inner},
    {"shortconv.conv", Role::inner},
    {"shortconv.out_proj", Role::attention_output},
    {"ssm_conv1d", Role::inner},
    {"ssm_in", Role::inner},
    {"ssm_alpha", Role::inner},
    {"ssm_beta", Role::inner},
    {"ssm_ba", Role::inner},
    {"ssm_dt", Role::inner},
    {"ssm_a", Role::rates},
    {"ssm_out", Role::recurrent_output},
    {"attn_q_norm", Role::head_norm},
    {"attn_k_norm", Role::head_norm},
}};

// "blk.LAYER.PART.KIND", or "PART.KIND" of no layer; rates have no kind.
struct Name {
  size_t layer = 0;
  std::string_view part;
  bool is_bias = false;
  bool is_scale = false;  // that something is multiplied with
};

Name taken_apart(std::string_view tensor) {
  Name name;
  const size_t end = tensor.rfind('.');
  name.is_bias = tensor.substr(end) == ".bias";
  name.is_scale = tensor.substr(end) == ".scale";
  name.part = name.is_bias || name.is_scale || tensor.substr(end) == ".weight" ? tensor.substr(0, end) : tensor;
  constexpr std::string_view prefix = "blk.";
  if (!name.part.starts_with(prefix)) return name;
  const char* const text_end = name.part.data() + name.part.size();
  const auto [number_end, error] = std::from_chars(name.part.data() + prefix.size(), text_end, name.layer);
  name.part = {number_end + 1, text_end};
  return name;
}

// Or what stands in its place.
bool is_attention(const BranchConfig& branch) {
  return std::ranges::any_of(branch.blocks, [](const BlockConfig& block) {
    return !std::holds_alternative<FfnConfig>(block) && !std::holds_alternative<ExpertsConfig>(block) &&
           !std::holds_alternative<FfnAndExpertsConfig>(block) && !std::holds_alternative<LayerInputConfig>(block);
  });
}

// What is wanted of one model.
class Gains {
 public:
  // first: the number of its first layer in the file.
  explicit Gains(const ModelConfig& config, size_t first = 0)
      : config_(config),
        first_(first),
        embedding_(logit_deviation / config.logit_scale / std::sqrt(static_cast<float>(config.width))),
        stream_(config.embedding.norm != EmbeddingNorm::none ? 1.0F : embedding_ * config.embedding_scale) {}

  Tensor make(gguf::TensorSpec spec) const {
    Name name = taken_apart(spec.name);
    if (name.layer >= first_) name.layer -= first_;
    const auto part = std::ranges::find(parts, name.part, &Part::name);
    const Role role = part == parts.end() ? Role::norm : part->role;
    Tensor made;
    if (name.is_scale) {
      // Of a router's input: divided by the root of its width, it is of deviation 1 again.
      made.mean = name.part == "ffn_gate_inp" ? std::sqrt(static_cast<float>(spec.shape[0])) : 1.0F;
      made.deviation = norm_deviation * made.mean;
    } else if (name.is_bias) {
      made.deviation = bias_of(role, name.layer);
    } else if (role == Role::sinks) {
      made.deviation = 1.0F;
    } else if (role == Role::rates) {
      made.mean = decay_rate;
      made.deviation = norm_deviation;
    } else if (role == Role::norm || role == Role::head_norm) {
      made.mean = role == Role::norm ? norm_of(name) : scores_of(name.layer);
      made.deviation = role == Role::norm ? norm_deviation * made.mean : norm_deviation;
      made.alternates = name.part == config_.output_norm;
    } else {
      const int64_t inputs = role == Role::latent_scores ? spec.shape[1] : spec.shape[0];
      made.deviation = gain_of(role, name.layer) / std::sqrt(static_cast<float>(inputs));
    }
    made.spec = std::move(spec);
    return made;
  }

 private:
  const LayerConfig& layer(size_t index) const { return config_.layers[index]; }
  const BranchConfig& branch_of(Role role, size_t index) const {
    const std::vector<BranchConfig>& branches = layer(index).branches;
    const bool attention = role == Role::attention_output || role == Role::recurrent_output;
    const auto found =
        std::ranges::find_if(branches, [&](const BranchConfig& branch) { return is_attention(branch) == attention; });
    return found == branches.end() ? branches.front() : *found;  // one branch has both
  }

  // Of a sum by weights of about 1 / n each the deviation is that of one over the root of n.
  float experts_used(size_t index) const {
    for (const BranchConfig& branch : layer(index).branches) {
      for (const BlockConfig& block : branch.blocks) {
        if (const auto* experts = std::get_if<ExpertsConfig>(&block)) return static_cast<float>(experts->used);
        if (const auto* both = std::get_if<FfnAndExpertsConfig>(&block)) return static_cast<float>(both->experts.used);
      }
    }
    return 1.0F;
  }
  // What one branch adds to the residual stream.
  float added(bool attention) const {
    const float layers =
        layers_share * stream_ / config_.residual_scale / std::sqrt(static_cast<float>(config_.layer_count()));
    return layers * std::sqrt(attention ? 1.0F - ffn_part : ffn_part);
  }
  // A score is a sum of head_dim products by a scale: q and k have its root each.
  float scores_of(size_t index) const {
    const auto of_layer = static_cast<int64_t>(index);
    if (const LatentAttentionConfig* const latent = config_.find_latent_attention(of_layer)) {
      return std::sqrt(score_deviation / (latent->scale * std::sqrt(static_cast<float>(latent->query_dim()))));
    }
    const AttentionConfig& attention = config_.attention(of_layer);
    return std::sqrt(score_deviation / (attention.scale * std::sqrt(static_cast<float>(attention.head_dim))));
  }
  float norm_of(const Name& name) const {
    for (const BranchConfig& branch : layer(name.layer).branches) {
      if (branch.post_norm == name.part) return added(is_attention(branch));
    }
    if (name.part == "laurel_post_norm") return added(true);
    if (name.part == "post_norm") return added(false);  // of what a layer is given, where streams take it in
    return 1.0F;
  }
  // Deviation of an output for inputs of deviation 1.
  float gain_of(Role role, size_t index) const {
    if (role == Role::logits) return logit_deviation / config_.logit_scale;
    if (role == Role::mtp_input) return stream_;  // of rows that are normed
    // Its rows have those of all layers, which are multiplied by the root of one layer's width.
    if (role == Role::layer_inputs) return std::sqrt(static_cast<float>(config_.layer_count()));
    if (role == Role::latent_scores) return scores_of(index);
    if (role == Role::stream_router) return static_cast<float>(config_.width);
    if (role == Role::stream_weights) return layers_share / std::sqrt(static_cast<float>(config_.layer_count()));
    if (role == Role::scores && config_.find_attention(static_cast<int64_t>(index)) == nullptr) role = Role::inner;
    if (role == Role::scores || role == Role::inner) {
      const bool reads_stream = layer(index).branches.front().norm.empty();
      return (role == Role::scores ? scores_of(index) : 1.0F) / (reads_stream ? stream_ : 1.0F);
    }
    const bool attention = role == Role::attention_output || role == Role::recurrent_output;
    const float output = branch_of(role, index).post_norm.empty() ? added(attention) : 1.0F;
    if (role == Role::attention_output) return output;
    return role == Role::experts_output ? output / gated_rms * std::sqrt(experts_used(index)) : output / gated_rms;
  }
  float bias_of(Role role, size_t index) const {
    if (role == Role::norm) return norm_deviation;
    const bool is_output = role == Role::attention_output || role == Role::ffn_output || role == Role::experts_output;
    return is_output ? bias_deviation * gain_of(role, index) : bias_deviation;
  }

  const ModelConfig& config_;
  const size_t first_;
  float embedding_;  // deviation of the token's, as the file has it
  float stream_;     // as the first layer reads it
};

}  // namespace

Tensor with_gain(gguf::TensorSpec spec, const ModelConfig& config) {
  const auto layers = static_cast<size_t>(config.layer_count());
  if (config.mtp && taken_apart(spec.name).layer == layers) {
    const ModelConfig block = mtp_model(config);
    return Gains(block, layers).make(std::move(spec));
  }
  return Gains(config).make(std::move(spec));
}

}  // namespace quire::synth
