// StableLM 2: LayerNorm with a bias, a part of a head turns; in some files heads have norms of their own, or both
// blocks read one norm.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  if (keys.has_tensor("blk.0.attn_q_norm.weight")) attention.head_norms = HeadNorms::own_heads;
  const bool parallel = !keys.has_tensor("blk.0.ffn_norm.weight");
  for (LayerConfig& layer : config.layers) {
    layer = parallel ? parallel_layer(attention, ffn) : pre_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture stablelm_architecture = {.name = "stablelm", .norm = NormKind::layer, .describe = describe};

}  // namespace quire
