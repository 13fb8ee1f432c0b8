// Hunyuan, the dense ones: every head of q and k is normalized after it has turned.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  attention.norms_turned = true;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture hunyuan_dense_architecture = {.name = "hunyuan-dense", .describe = describe};

}  // namespace quire
