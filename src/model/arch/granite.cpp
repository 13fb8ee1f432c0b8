// Granite 3 and 4, dense and with experts: Llama with four scales, of the embedding, of what a block adds, of scores
// and of logits, which are divided by theirs.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  QUIRE_TRY(const double scale, keys.number_or("attention.scale", attention.scale, 1e-6, 1e6));
  attention.scale = static_cast<float>(scale);
  QUIRE_TRY(const double embedding_scale, keys.number_or("embedding_scale", 1.0, 1e-6, 1e6));
  QUIRE_TRY(const double residual_scale, keys.number_or("residual_scale", 1.0, 1e-6, 1e6));
  QUIRE_TRY(const double logit_scale, keys.number_or("logit_scale", 1.0, 1e-6, 1e6));
  config.embedding_scale = static_cast<float>(embedding_scale);
  config.residual_scale = static_cast<float>(residual_scale);
  config.logit_scale = static_cast<float>(1.0 / logit_scale);
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

Result<void> describe_with_experts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

}  // namespace

const Architecture granite_architecture = {.name = "granite", .describe = describe};
const Architecture granitemoe_architecture = {.name = "granitemoe", .describe = describe_with_experts};

}  // namespace quire
