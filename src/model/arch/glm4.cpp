// GLM 4 (9B, 32B): norms before and behind each block, half of a head turns; q, k and v may have biases.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  for (LayerConfig& layer : config.layers) layer = pre_and_post_norm_layer(attention, ffn);
  return {};
}

}  // namespace

const Architecture glm4_architecture = {.name = "glm4", .describe = describe};

}  // namespace quire
