// Seed-OSS: q, k and v may have biases; the norm before the FFN is called post_attention_norm.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  for (LayerConfig& layer : config.layers) {
    layer = pre_norm_layer(attention, ffn);
    layer.branches.back().norm = "post_attention_norm";
  }
  return {};
}

}  // namespace

const Architecture seed_oss_architecture = {.name = "seed_oss", .describe = describe};

}  // namespace quire
