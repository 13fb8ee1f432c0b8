// SmolLM 3: Llama, but every fourth layer does not see positions.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  for (size_t i = 0; i < config.layers.size(); ++i) {
    attention.rope = i % 4 == 3 ? no_rope : 0;
    config.layers[i] = pre_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture smollm3_architecture = {.name = "smollm3", .describe = describe};

}  // namespace quire
