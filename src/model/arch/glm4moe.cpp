// GLM 4.5 to 4.7: leading dense layers, then experts chosen by corrected sigmoid scores beside one of all rows; half of
// a head turns, its halves together, and heads of q and k may be normalized.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  if (keys.has_tensor("blk.0.attn_q_norm.weight")) attention.head_norms = HeadNorms::each_head;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn, "post_attention_norm");
  return put_experts(keys, {.gating = ExpertGating::sigmoid}, config);
}

}  // namespace

const Architecture glm4moe_architecture = {.name = "glm4moe", .describe = describe};

}  // namespace quire
