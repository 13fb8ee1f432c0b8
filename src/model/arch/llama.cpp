// Llama 1 to 3 and what shares their graph: Mistral and Mixtral, SmolLM 1 and 2, and under names of their own InternLM
// 2 and the dense ERNIE 4.5. The file's q and k rows are permuted so that the elements that turn together are
// neighbours.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  for (LayerConfig& layer : config.layers) layer = pre_norm_layer(attention, ffn);
  return {};
}

// Mixtral has Llama's name.
Result<void> describe_llama(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY_VOID(describe(keys, config));
  QUIRE_TRY(const int64_t experts, keys.count_from_zero_or("expert_count", 0, experts_max));
  if (experts == 0) return {};
  return put_experts(keys, {.gating = ExpertGating::softmax, .normalized = true}, config);
}

}  // namespace

const Architecture llama_architecture = {.name = "llama", .describe = describe_llama};
const Architecture internlm2_architecture = {.name = "internlm2", .describe = describe};
const Architecture ernie4_5_architecture = {.name = "ernie4_5", .describe = describe};

}  // namespace quire
