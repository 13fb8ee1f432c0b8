// What a model is made of, as its file's metadata says: data alone. A family (model/arch/) fills it, blocks
// (model/blocks/) are made by it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/backend.h"
#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace quire {

// How the elements of a head turn with a row's position. Pair d turns by position * f(d), f(d) = base^(-2 d / rotary).
struct RopeConfig {
  int64_t rotary = 0;  // leading elements of a head that turn; even
  double base = 10000.0;
  double position_scale = 1.0;  // linear scaling: f(d) is divided by it
  std::string factors;          // a tensor (rotary / 2) that f(d) is divided by; empty: none
  std::string long_factors;     // the same where contexts may be longer than the original one; empty: no other ones
  double magnitude = 1.0;       // of cosines and sines

  double original_context = 0.0;  // where factors or YaRN ask for it

  // YaRN (Peng et al., 2023): f(d) is divided by position_scale where a pair turns less than `slow` times over the
  // original context, kept where it turns more than `fast` times, and mixed by a ramp between.
  bool yarn = false;
  double fast = 32.0;
  double slow = 1.0;
  bool whole_pairs = true;  // the ramp begins and ends at whole pairs
};

enum class NormKind : uint8_t {
  rms,    // x / sqrt(mean(x^2) + epsilon) * weight
  layer,  // (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * weight + bias
};

struct NormConfig {
  NormKind kind = NormKind::rms;
  bool bias = false;
  float epsilon = 0.0F;
};

// Which norms queries and keys have: tensors attn_q_norm and attn_k_norm.
enum class HeadNorms : uint8_t {
  none,
  each_head,  // (head_dim): all heads by one weight
  own_heads,  // (heads, head_dim): each by its own
  whole_row,  // (heads * head_dim): the heads of a row together
};

// What a head's values are.
enum class Values : uint8_t {
  projected,    // attn_v x
  normed,       // the same, divided by its root mean square
  keys_normed,  // the head's keys before their norm and turn, divided by theirs: there is no attn_v
};

inline constexpr int64_t no_rope = -1;
inline constexpr int64_t own_kv = -1;

struct AttentionConfig {
  int64_t heads = 0;  // a multiple of kv_heads
  int64_t kv_heads = 0;
  int64_t head_dim = 0;    // even; need not be width / heads
  int64_t kv_of = own_kv;  // the layer before it whose keys and values it reads: it makes none then
  int64_t rope = 0;        // of ModelConfig::ropes, or no_rope
  RopePairs pairs = RopePairs::neighbours;
  HeadNorms head_norms = HeadNorms::none;
  bool norms_turned = false;  // head norms come after the turn
  Values values = Values::projected;
  NormConfig norm;     // of heads
  bool fused = false;  // q, k and v are one tensor, attn_qkv
  bool qkv_bias = false;
  bool output_bias = false;
  std::optional<RowGate> gate;   // what is attended is multiplied by it, made of attn_gate x
  int64_t gate_width = 0;        // outputs of attn_gate: one a head, or q_width()
  bool gate_beside_q = false;    // attn_q holds the gate's rows instead: of each head those of q and then these
  float scale = 0.0F;            // of scores
  float softcap = 0.0F;          // softcap * tanh(score / softcap); 0: none
  bool sinks = false;            // each head's attn_sinks joins the sum that probabilities are divided by
  int64_t window = 0;            // a row sees so many positions, the last `after` of them behind its own; 0: all
  int64_t after = 0;             // positions behind its own that a row sees; families leave it 0 (whole_texts)
  bool has_temperature = false;  // queries are multiplied by what ModelConfig::temperature says
  int64_t shape = 0;             // of ModelConfig::attention_shapes

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  bool makes_kv() const { return kv_of == own_kv; }
  bool projects_values() const { return makes_kv() && values != Values::keys_normed; }
};

// Latent attention (DeepSeek-V2, 2024): all heads read one row a token, a latent that keys and values are matrices of,
// and rope_dim elements that turn. A head's key matrix is multiplied into its query, and its value matrix with what it
// attends.
struct LatentAttentionConfig {
  int64_t heads = 0;
  int64_t query_rank = 0;        // of queries' own latent, which is normed; 0: they are made of x
  int64_t latent_dim = 0;        // what heads read as their value
  int64_t plain_dim = 0;         // elements of a head's query and key that do not turn
  int64_t rope_dim = 0;          // those that do, behind them
  int64_t value_dim = 0;         // what a head gives
  bool joined = false;           // attn_kv_b holds each head's key matrix, not transposed, and then its value matrix
  int64_t rope = 0;              // of ModelConfig::ropes
  NormConfig norm;               // of latents
  float scale = 0.0F;            // of scores
  bool has_temperature = false;  // queries are multiplied by what ModelConfig::temperature says
  int64_t shape = 0;             // of ModelConfig::attention_shapes

  int64_t query_dim() const { return plain_dim + rope_dim; }
  int64_t row_dim() const { return latent_dim + rope_dim; }  // of a token, and of a head's query as it meets it
};

struct FfnConfig {
  int64_t width = 0;
  Activation activation = Activation::silu;
  bool gated = true;   // down(activation(gate x) * up x); else down(activation(up x))
  bool fused = false;  // ffn_up holds gate's rows and then up's
  bool bias = false;
  std::optional<float> excess = std::nullopt;  // of the gate what it has above its mean and so many deviations counts
  bool shared = false;                         // the expert of all rows: its tensors' names end in _shexp
  bool output_gate = false;  // of a shared one: what it gives is multiplied by the sigmoid of ffn_gate_inp_shexp x
};

// A mixture of experts: feed-forward networks of which each row chooses some, by the scores of a router.
struct ExpertsConfig {
  int64_t count = 0;
  int64_t used = 0;    // by a row
  int64_t hidden = 0;  // an expert's width
  int64_t latent = 0;  // experts read ffn_latent_down x, of so many elements, and ffn_latent_up what they give; 0: x
  ExpertRule rule;
  bool correction = false;  // exp_probs_b is added to scores where they choose
  bool router_bias = false;
  bool router_norm = false;  // it reads rows divided by their root mean square, times ffn_gate_inp.scale / sqrt(width)
  bool scales = false;       // an expert's weights are multiplied by its ffn_down_exps.scale
  Activation activation = Activation::silu;
  bool gated = true;
  bool fused = false;  // ffn_gate_up_exps holds an expert's gate's rows and then up's
  bool bias = false;   // of the experts' matrices
};

// A feed-forward network and a mixture of experts of one x, each with norms of its own:
// post_ffw_norm_1(ffn(ffn_norm x)) + post_ffw_norm_2(experts(pre_ffw_norm_2 x)). The router reads x itself.
struct FfnAndExpertsConfig {
  FfnConfig ffn;
  ExpertsConfig experts;
};

// What layer `layer` is given of each token beside the residual stream comes in through a gate:
// proj(activation(inp_gate x) * given).
struct LayerInputConfig {
  int64_t layer = 0;
  int64_t width = 0;        // elements that it is given
  int64_t layer_count = 0;  // so many layers are given as many
  Activation activation = Activation::gelu;
};

// A learned residual beside a block (LAuReL; Menghani et al., 2024): x + laurel_post_norm(laurel_r laurel_l x).
struct LaurelConfig {
  int64_t rank = 0;
  NormConfig norm;
};

// out(c * convolution(b * x)), where b, c and x are rows of shortconv.in_proj.
struct ShortConvolutionConfig {
  int64_t width = 0;
  int64_t taps = 0;  // rows that the convolution reads

  int64_t state_size() const { return (taps - 1) * width; }
  int64_t kept_width() const { return width; }
};

// A gated delta net: attn_qkv and attn_gate give q, k, v and z; q, k and v go through a convolution, heads of q and k
// are of length 1 then, and ssm_out reads norm(what the states have for q) * silu(z).
struct DeltaNetConfig {
  int64_t heads = 0;      // of v
  int64_t key_heads = 0;  // a divisor of heads
  int64_t key_dim = 0;
  int64_t value_dim = 0;
  int64_t taps = 0;
  KeyHeads keys = KeyHeads::in_turn;
  bool joint_gates =
      false;        // ssm_ba holds the rows of ssm_beta and ssm_alpha, those of the heads of each key head together
  NormConfig norm;  // of heads, ssm_norm

  int64_t key_width() const { return key_heads * key_dim; }
  int64_t value_width() const { return heads * value_dim; }
  int64_t channels() const { return 2 * key_width() + value_width(); }
  int64_t state_size() const { return (taps - 1) * channels() + matrix_state_size(heads, key_dim, value_dim); }
  int64_t kept_width() const { return channels() + 2 * heads; }
};

// Mamba 2: ssm_in gives z, x, B, C and a time step for each head; x, B and C go through a convolution, and ssm_out
// reads norm(y * silu(z)), y being what the states have for C, and ssm_d * x.
struct Mamba2Config {
  int64_t heads = 0;
  int64_t head_dim = 0;
  int64_t groups = 0;     // heads that share B and C, and elements that are normed together; a divisor of heads
  int64_t state_dim = 0;  // elements of B and C
  int64_t taps = 0;
  bool convolution_bias = false;
  bool normed = true;  // else ssm_out reads y * silu(z)
  NormConfig norm;

  int64_t inner_width() const { return heads * head_dim; }
  int64_t group_width() const { return groups * state_dim; }
  int64_t channels() const { return inner_width() + 2 * group_width(); }
  int64_t state_size() const { return (taps - 1) * channels() + matrix_state_size(heads, state_dim, head_dim); }
  int64_t kept_width() const { return channels() + heads; }
};

using BlockConfig = std::variant<AttentionConfig, LatentAttentionConfig, FfnConfig, ExpertsConfig, FfnAndExpertsConfig,
                                 LayerInputConfig, LaurelConfig, ShortConvolutionConfig, DeltaNetConfig, Mamba2Config>;

// What it keeps of all rows before one, in floats, and what it keeps of a row that is a guess.
struct RecurrentSizes {
  int64_t state = 0;
  int64_t kept = 0;
};
template <typename Config>
RecurrentSizes recurrent_sizes(const Config& config) {
  if constexpr (requires { config.state_size(); }) return {.state = config.state_size(), .kept = config.kept_width()};
  return {};
}

// x += scale * post_norm(block(norm(x))) for each of the blocks, which read one norm; then x = sum_norm(sum_scale * x).
struct BranchConfig {
  std::string_view norm;  // its tensor: blk.N.NORM.weight; empty: blocks read x
  std::vector<BlockConfig> blocks;
  std::string_view post_norm = {};  // of what the first block gives; empty: none
  float sum_scale = 1.0F;
  std::string_view sum_norm = {};  // empty: none
};

// Alternating updates (AltUp; Baykal et al., 2023) of several residual streams, of which the layer's branches compute
// one. By what a router makes of the active stream all are predicted; what the branches make of the active one's
// prediction corrects all by its difference from it, times a coefficient each. What the layer is given of a token goes
// through `input`, which reads the corrected active stream, and into all streams but the first.
struct AltUpConfig {
  int64_t active = 0;
  bool correct_scale = true;  // `input` reads it times altup_correct_scale
  LayerInputConfig input;
};

struct LayerConfig {
  std::vector<BranchConfig> branches;               // in order
  bool output_scale = false;                        // then x is multiplied by layer_output_scale
  std::optional<AltUpConfig> altup = std::nullopt;  // where the model has streams
};

// How rows of the embedding are normed.
enum class EmbeddingNorm : uint8_t {
  none,
  weighted,    // token_embd_norm, as the model's norm
  unweighted,  // divided by their root mean square
};

// What becomes of a token's row of the embedding before the first layer, in this order.
struct EmbeddingConfig {
  bool positions = false;   // the row of its position is added: position_embd (context_max, width)
  int64_t token_types = 0;  // the first of so many rows is added: token_types (token_types, width)
  EmbeddingNorm norm = EmbeddingNorm::none;
};

enum class HeadActivation : uint8_t { none, tanh, gelu_erf };

// y = norm(activation(W x + bias)).
struct HeadStage {
  std::string_view name;  // tensors NAME.{weight,bias}, NAME.norm.weight
  int64_t outputs = 0;
  bool bias = false;
  HeadActivation activation = HeadActivation::none;
  bool norm = false;
};

// What is computed of a text's pooled row, stage after stage.
struct HeadConfig {
  std::vector<HeadStage> stages;
  bool probabilities = false;  // what the last one gives goes through a softmax
};

// Queries of a row at position p are multiplied by 1 + scale * ln(floor(p / length) + 1).
struct TemperatureConfig {
  double scale = 0.0;  // 0: they are not
  double length = 1.0;
};

// A block behind the layers that predicts one token more (multi-token prediction, MTP; DeepSeek-V3, 2024).
struct MtpConfig {
  LayerConfig layer;
  int64_t embedding_row_bytes = 0;  // of a table of its own that rows of tokens are read from; 0: it has the model's
};

// Invariants: every count is positive and bounded; a layer has at most one attention, and one recurrent block.
struct ModelConfig {
  std::string architecture;
  std::vector<LayerConfig> layers;
  int64_t skipped_layers = 0;    // after them, in the file only: they guess tokens beyond the next
  std::optional<MtpConfig> mtp;  // the first of these, where it is read
  bool reads_states = false;     // rows are made of a token and a state: this is an MTP block (mtp_model)
  int64_t width = 0;             // elements of the residual stream
  int64_t vocab = 0;
  int64_t embedding_row_bytes = 0;  // a row of the longest table that rows of tokens are read from, in the file
  int64_t layer_input_width = 0;    // elements that each layer is given of a token beside the stream; 0: none
  int64_t layer_input_rows = 0;     // of the table of these; 0: as many as the vocabulary has
  int64_t streams = 1;              // residual streams; of more than one each layer has an AltUpConfig
  int64_t context_max = 0;          // positions the model was made for
  NormConfig norm;                  // of the residual stream
  NormConfig post_norm;             // of what blocks give; the same, where a family does not say otherwise
  EmbeddingConfig embedding;
  std::string_view output_norm = "output_norm";  // of what the layers give, its tensor; empty: none
  HeadConfig head;
  // Rows see what follows them, so that a text is computed in one step, keeps no keys and values, and no token comes
  // after it: there is no output matrix.
  bool whole_texts = false;
  float embedding_scale = 1.0F;
  float residual_scale = 1.0F;  // of what a block adds
  float logit_scale = 1.0F;
  float logit_softcap = 0.0F;  // 0: none
  TemperatureConfig temperature;
  std::vector<RopeConfig> ropes;                 // the kinds that its layers have
  std::vector<AttentionShape> attention_shapes;  // the same
  KvType kv_type = KvType::f16;  // as asked; for f16, f32 where all matrices are F32: the file asks for exactness

  int64_t layer_count() const { return static_cast<int64_t>(layers.size()); }
  // The layer's; null where it has none.
  const AttentionConfig* find_attention(int64_t layer) const;
  const LatentAttentionConfig* find_latent_attention(int64_t layer) const;
  // REQUIRES: the layer has one.
  const AttentionConfig& attention(int64_t layer) const;
};

// The layer's; null while it has none.
AttentionConfig* attention_of(LayerConfig& layer);
LatentAttentionConfig* latent_attention_of(LayerConfig& layer);

// The MTP block as a model of one layer: beside each token it is given a state (Batch::states), and its output matrix
// says what comes behind the token. REQUIRES: there is one.
ModelConfig mtp_model(const ModelConfig& config);

// Whether a tensor of the file is not the text model's own, so that it need not be read.
bool is_beside_text(const ModelConfig& config, std::string_view tensor);

// kv_type: what is asked for, f16 or q8_0. Errors name the key, what was found and what is possible.
Result<ModelConfig> read_config(const gguf::Metadata& metadata, std::span<const gguf::TensorSpec> tensors,
                                KvType kv_type);
Result<ModelConfig> read_config(const gguf::File& file, KvType kv_type);

}  // namespace quire
