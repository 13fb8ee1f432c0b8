// gpt-oss: experts with biases and a clamped SwiGLU, weighed by the softmax of the chosen logits; every other layer has
// a window, and each head a sink that takes its share of attention and gives nothing.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  attention.sinks = true;
  ffn.activation = Activation::clamped_swiglu;
  // The published models' ramp ends between pairs, which no key of their files says.
  QUIRE_TRY(config.ropes.front().whole_pairs, keys.flag_or("rope.scaling.yarn_truncate", false));
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 2, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    config.layers[i] = pre_norm_layer(attention, ffn, "post_attention_norm");
  }
  return put_experts(keys, {.gating = ExpertGating::softmax_of_chosen}, config);
}

}  // namespace

const Architecture gpt_oss_architecture = {.name = "gpt-oss", .describe = describe};

}  // namespace quire
