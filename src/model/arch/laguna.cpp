// Laguna: a softplus gate on what is attended, heads by layer, a window in three of four layers, which turn by a rope
// of their own without scaling; leading dense layers, then experts chosen by corrected sigmoid scores beside one of all
// rows.
#include <fmt/format.h>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// A gate for each head, or for each element: as its tensor says.
int64_t gate_width_of(const Keys& keys, const AttentionConfig& attention, size_t layer) {
  const gguf::TensorSpec* const gate = keys.tensor(fmt::format("blk.{}.attn_gate.weight", layer));
  return gate != nullptr && gate->shape[1] == attention.q_width() ? attention.q_width() : attention.heads;
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(const FfnConfig ffn, read_ffn(keys));
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 4, 0, FullLayer::first));
  for (size_t i = 0; i < windows.size(); ++i) {
    QUIRE_TRY(AttentionConfig attention, read_attention_of_layer(keys, config, static_cast<int64_t>(i)));
    attention.pairs = RopePairs::halves;
    attention.head_norms = HeadNorms::each_head;
    attention.gate = RowGate::softplus;
    attention.gate_width = gate_width_of(keys, attention, i);
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 1 : 0;
    config.layers[i] = pre_norm_layer(attention, ffn);
  }
  const int64_t head_dim = config.attention(0).head_dim;
  QUIRE_TRY(const RopeConfig full, read_rope(keys, head_dim));
  QUIRE_TRY(const RopeConfig window, read_window_rope(keys, full, head_dim, 10000.0));
  config.ropes = {full, window};
  return put_experts(keys, {.gating = ExpertGating::sigmoid, .normalized = true}, config);
}

}  // namespace

const Architecture laguna_architecture = {.name = "laguna", .describe = describe};

}  // namespace quire
