// Gemma 3n: four residual streams, of which a layer computes one and corrects all (AltUp), and a learned residual
// beside attention (LAuReL). Else norms, turns and windows as Gemma 3 has them, values normed, the last layers reading
// others' keys and values, and each layer given a part of every token. In the first layers only what the gate of the
// feed-forward network has above its mean and some deviations counts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "model/arch/architecture.h"
#include "model/arch/layer_forms.h"

namespace quire {
namespace {

// No key says it; where there is no tensor yet, as published models have it.
constexpr int64_t laurel_rank = 64;

Result<AttentionConfig> read_attention_parts(const Keys& keys, ModelConfig& config) {
  QUIRE_TRY(AttentionConfig attention, read_attention(keys, config));
  attention.pairs = RopePairs::halves;
  attention.head_norms = HeadNorms::each_head;
  attention.values = Values::normed;
  attention.scale = 1.0F;
  QUIRE_TRY(const RopeConfig full, read_rope(keys, attention.head_dim));
  QUIRE_TRY(const RopeConfig window, read_window_rope(keys, full, attention.head_dim, 10000.0));
  config.ropes = {full, window};
  return attention;
}

// Of how many streams, and which of them layers compute.
Result<AltUpConfig> read_altup(const Keys& keys, ModelConfig& config) {
  AltUpConfig altup;
  QUIRE_TRY(config.streams, keys.count("altup.num_inputs", mixed_rows_max));
  if (config.streams < 2) return std::unexpected(invalid_key(keys.full("altup.num_inputs"), "1", "2 streams at least"));
  QUIRE_TRY(altup.active, keys.count_from_zero_or("altup.active_idx", 0, config.streams - 1));
  QUIRE_TRY(altup.correct_scale, keys.flag_or("altup.correct_scale", true));
  QUIRE_TRY_VOID(read_layer_inputs(keys, config));
  if (config.layer_input_width == 0) {
    return std::unexpected(invalid_key(keys.full("embedding_length_per_layer_input"), "0", "what layers are given"));
  }
  altup.input = {.width = config.layer_input_width, .layer_count = config.layer_count()};
  return altup;
}

// Above how many deviations a layer's gate counts; all of it where the file says minus infinity.
Result<std::optional<float>> read_excess(const Keys& keys, int64_t layer) {
  constexpr std::string_view key = "activation_sparsity_scale";
  QUIRE_TRY(const std::vector<float> deviations, keys.numbers(key));
  if (layer >= std::ssize(deviations)) {
    return std::unexpected(
        invalid_key(keys.full(key), fmt::format("numbers of {} layers", deviations.size()), "one for each layer"));
  }
  const float found = deviations[static_cast<size_t>(layer)];
  if (found == -INFINITY) return std::nullopt;
  if (std::isfinite(found)) return found;
  return std::unexpected(invalid_key(keys.full(key), fmt::format("{}", found), "a number, or minus infinity for none"));
}

LayerConfig layer_of(const AttentionConfig& attention, const FfnConfig& ffn, const LaurelConfig& laurel,
                     const AltUpConfig& altup) {
  LayerConfig layer = pre_and_post_norm_layer(attention, ffn);
  layer.branches.front().blocks.emplace_back(laurel);
  layer.branches.front().sum_scale = 1.0F / std::numbers::sqrt2_v<float>;
  layer.altup = altup;
  return layer;
}

Result<void> describe(const Keys& keys, ModelConfig& config) {
  config.embedding_scale = std::sqrt(static_cast<float>(config.width));
  QUIRE_TRY(const double softcap, keys.number_or("final_logit_softcapping", 30.0, 0.0, 1e6));
  config.logit_softcap = static_cast<float>(softcap);
  QUIRE_TRY(AttentionConfig attention, read_attention_parts(keys, config));
  QUIRE_TRY(AltUpConfig altup, read_altup(keys, config));
  const gguf::TensorSpec* const low = keys.tensor("blk.0.laurel_l.weight");
  const LaurelConfig laurel{.rank = low == nullptr ? laurel_rank : std::clamp<int64_t>(low->shape[1], 1, width_max),
                            .norm = config.norm};
  QUIRE_TRY(const std::vector<int64_t> windows, read_windows(keys, config.layer_count(), 5, 1));
  for (size_t i = 0; i < windows.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    attention.window = windows[i];
    attention.rope = windows[i] > 0 ? 1 : 0;
    altup.input.layer = index;
    FfnConfig ffn{.activation = Activation::gelu};
    QUIRE_TRY(ffn.width, keys.count_of_layer("feed_forward_length", index, ffn_width_max));
    QUIRE_TRY(ffn.excess, read_excess(keys, index));
    config.layers[i] = layer_of(attention, ffn, laurel, altup);
  }
  return share_kv(keys, config);
}

}  // namespace

const Architecture gemma3n_architecture = {.name = "gemma3n", .describe = describe};

}  // namespace quire
