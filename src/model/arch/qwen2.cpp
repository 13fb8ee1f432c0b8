// Qwen 2 and 2.5, their mixtures of experts, and the text part of Qwen 2 VL and 2.5 VL, whose heads' sections turn by
// positions that are all equal in text: q, k and v have biases; the halves of a head turn together.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.qkv_bias = true;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

// Weights of the chosen are their scores as they are; a gate says how much of the shared expert a row takes.
Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  return put_experts(keys, {.gating = ExpertGating::softmax}, config);
}

}  // namespace

const Architecture qwen2_architecture = {.name = "qwen2", .describe = describe};
const Architecture qwen2moe_architecture = {.name = "qwen2moe", .describe = describe_with_experts};
const Architecture qwen2vl_architecture = {.name = "qwen2vl", .describe = describe};

}  // namespace quire
