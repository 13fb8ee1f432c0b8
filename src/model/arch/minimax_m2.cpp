// MiniMax M2: experts alone, chosen by corrected sigmoid scores; the heads of a row are normalized together, and a part
// of each turns, its halves together.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::whole_row;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return put_experts(keys, {.gating = ExpertGating::sigmoid, .normalized = true}, config);
}

}  // namespace

const Architecture minimax_m2_architecture = {.name = "minimax-m2", .describe = describe};

}  // namespace quire
