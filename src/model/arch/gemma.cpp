// Gemma 2 and 3: norms before and behind each block, GELU, an embedding that is scaled, and windows. In Gemma 2 every
// other layer has one, and scores and logits have a softcap. In Gemma 3 five of six have one and turn by a base of
// their own, without the scaling of the others; heads of q and k are normalized. EmbeddingGemma is Gemma 3
// whose rows see what follows them.
#include <cmath>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// No key says it: in the 27B models alone, which have so many layers, scores are divided by the root of width / heads.
constexpr int64_t gemma2_layers_27b = 46;
constexpr int64_t gemma3_layers_27b = 62;

Result<DenseParts> read_parts(const Keys& keys, ModelConfig& config, int64_t layers_of_27b, double logit_softcap) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  parts.attention.pairs = RopePairs::halves;
  if (config.layer_count() == layers_of_27b) {
    parts.attention.scale = 1.0F / std::sqrt(static_cast<float>(config.width / parts.attention.heads));
  }
  parts.ffn.activation = Activation::gelu;
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  QUIRE_TRY(const double softcap, keys.number_or("final_logit_softcapping", logit_softcap, 0.0, 1e6));
  config.logit_softcap = static_cast<float>(softcap);
  return parts;
}

Result<void> describe_gemma2(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_parts(keys, config, gemma2_layers_27b, 30.0));
  auto& [attention, ffn] = parts;
  QUIRE_TRY(const double softcap, keys.number_or("attn_logit_softcapping", 50.0, 0.0, 1e6));
  attention.softcap = static_cast<float>(softcap);
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 2, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    config.layers[i] = pre_and_post_norm_layer(attention, ffn);
  }
  return {};
}

Result<void> describe_gemma3(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_parts(keys, config, gemma3_layers_27b, 0.0));
  auto& [attention, ffn] = parts;
  attention.head_norms = HeadNorms::each_head;
  QUIRE_TRY(const RopeConfig window_rope, read_window_rope(keys, config.ropes.front(), attention.head_dim, 10000.0));
  config.ropes.push_back(window_rope);
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 6, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 1 : 0;
    config.layers[i] = pre_and_post_norm_layer(attention, ffn);
  }
  return {};
}

}  // namespace

const Architecture gemma2_architecture = {.name = "gemma2", .describe = describe_gemma2};
const Architecture gemma3_architecture = {.name = "gemma3", .describe = describe_gemma3};
const Architecture gemma_embedding_architecture = {
    .name = "gemma-embedding", .whole_texts = true, .describe = describe_gemma3};

}  // namespace quire
