// Qwen 3.5 and what follows it, and Qwen 3 Next: gated delta nets in three of four layers, and attention with a sigmoid
// gate whose rows stand beside each head's q; experts beside one of all rows, with a gate. Qwen 3 Next's heads of v
// read the head of k that they stand beside, and its gates are one matrix.
#include <fmt/format.h>

#include <variant>
#include <vector>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// Which layers are delta nets: an array, or all but each n-th.
Result<std::vector<bool>> read_recurrent_layers(const Keys& keys, int64_t layers) {
  constexpr std::string_view key = "attention.recurrent_layers";
  if (const gguf::Value* const value = keys.find(key); value != nullptr) {
    const auto* const recurrent = std::get_if<std::vector<bool>>(value);
    if (recurrent != nullptr && std::ssize(*recurrent) >= layers) return *recurrent;
    return std::unexpected(invalid_key(keys.full(key), recurrent == nullptr ? "no array of bool" : "too few",
                                       fmt::format("one bool for each of {} layers", layers)));
  }
  QUIRE_TRY(const int64_t interval, keys.count_or("full_attention_interval", 4, layers_max));
  std::vector<bool> recurrent;
  for (int64_t layer = 0; layer < layers; ++layer) recurrent.push_back((layer + 1) % interval != 0);
  return recurrent;
}

Result<void> describe_layers(const Keys& keys, ModelConfig& config, const FfnConfig& ffn, const DeltaNetConfig& net) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.fused = false;  // attn_qkv of the first layer is a delta net's
  attention.qkv_bias = false;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  attention.gate = RowGate::sigmoid;
  attention.gate_width = attention.q_width();
  attention.gate_beside_q = true;
  QUIRE_TRY(const RopeConfig rope, read_rope(keys, attention.head_dim));
  config.ropes = {rope};
  QUIRE_TRY(const std::vector<bool> recurrent, read_recurrent_layers(keys, config.layer_count()));
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const BlockConfig mixer = recurrent[i] ? BlockConfig(net) : BlockConfig(attention);
    config.layers[i] = pre_norm_layer(mixer, ffn, "post_attention_norm");
  }
  return {};
}

// Heads of v take turns with those of k, but in files of Ollama that say otherwise.
Result<DeltaNetConfig> read_tiled_net(const Keys& keys, const ModelConfig& config) {
  QUIRE_TRY(DeltaNetConfig net, read_delta_net(keys, config));
  QUIRE_TRY(const bool tiled, keys.flag_or("ssm.v_head_reordered", true));
  if (!tiled) net.keys = KeyHeads::neighbours;
  return net;
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const DeltaNetConfig net, read_tiled_net(keys, config));
  return describe_layers(keys, config, ffn, net);
}

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const DeltaNetConfig net, read_tiled_net(keys, config));
  QUIRE_TRY_VOID(describe_layers(keys, config, FfnConfig{}, net));
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

Result<void> describe_next(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DeltaNetConfig net, read_delta_net(keys, config));
  net.keys = KeyHeads::neighbours;
  net.joint_gates = true;
  QUIRE_TRY_VOID(describe_layers(keys, config, FfnConfig{}, net));
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

}  // namespace

const Architecture qwen35_architecture = {.name = "qwen35", .predicts = true, .describe = describe};
const Architecture qwen35moe_architecture = {.name = "qwen35moe", .predicts = true, .describe = describe_with_experts};
const Architecture qwen3next_architecture = {.name = "qwen3next", .predicts = true, .describe = describe_next};

}  // namespace quire
