// ModernBERT: LayerNorm without a bias before each block but the first one, which reads the normed embedding; a gated
// FFN; in two of three layers, not the first of them, a window, and turns by a base of its own.
#include <fmt/format.h>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

Result<Activation> read_activation(const Keys& keys) {
  QUIRE_TRY(const std::string name, keys.string_or("hidden_activation", "gelu"));
  if (name == "gelu") return Activation::gelu_erf;
  if (name == "silu") return Activation::silu;
  return std::unexpected(
      invalid_key(keys.full("hidden_activation"), fmt::format("\"{}\"", name), "\"gelu\" or \"silu\""));
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(DenseParts parts, read_dense_parts(keys, config));
  auto& [attention, ffn] = parts;
  attention.pairs = RopePairs::halves;
  QUIRE_TRY(ffn.activation, read_activation(keys));
  config.embedding.norm = EmbeddingNorm::weighted;
  QUIRE_TRY(const RopeConfig window_rope,
            read_window_rope(keys, config.ropes.front(), attention.head_dim, config.ropes.front().base));
  config.ropes.push_back(window_rope);
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 3, 1, FullLayer::first));
  for (size_t i = 0; i < windows.size(); ++i) {
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 1 : 0;
    config.layers[i] = pre_norm_layer(attention, ffn);
  }
  config.layers.front().branches.front().norm = {};
  return {};
}

}  // namespace

const Architecture modern_bert_architecture = {
    .name = "modern-bert", .norm = NormKind::layer, .whole_texts = true, .describe = describe};

}  // namespace quire
