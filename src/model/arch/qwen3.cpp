// Qwen 3, its mixtures of experts, and the text part of Qwen 3 VL: every head of q and k is normalized before it turns;
// the halves of a head turn together.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

}  // namespace

const Architecture qwen3_architecture = {.name = "qwen3", .describe = describe};
const Architecture qwen3moe_architecture = {.name = "qwen3moe", .describe = describe_with_experts};
const Architecture qwen3vl_architecture = {.name = "qwen3vl", .describe = describe};

}  // namespace quire
