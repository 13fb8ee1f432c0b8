// Muse Glimmer: norms before and behind each block, a sigmoid gate on what is attended, normed embeddings; three of
// four layers have a window, and the others do not see positions. Logits are scaled and have a softcap.
#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// No key says it.
constexpr float post_norm_epsilon = 1e-8F;

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::neighbours;
  attention.head_norms = HeadNorms::each_head;
  attention.gate = RowGate::sigmoid;
  attention.gate_width = attention.q_width();
  config.post_norm.epsilon = post_norm_epsilon;
  config.embedding.norm = EmbeddingNorm::unweighted;
  QUIRE_TRY(const double logit_scale, keys.number_or("logit_scale", 1.0, 1e-6, 1e6));
  QUIRE_TRY(const double softcap, keys.number_or("final_logit_softcapping", 0.0, 0.0, 1e6));
  config.logit_scale = static_cast<float>(logit_scale);
  config.logit_softcap = static_cast<float>(softcap);
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 4, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 0 : no_rope;
    config.layers[i] = pre_and_post_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture muse_glimmer_architecture = {.name = "muse-glimmer", .describe = describe};

}  // namespace quire
