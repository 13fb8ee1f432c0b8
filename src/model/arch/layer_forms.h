// Where norms stand in a layer of an attention, or what a family has in its place, and a feed-forward network: the
// forms that families share.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/config.h"
#include "model/keys.h"

namespace quire {

// Before each block: attn_norm and ffn_norm, or what else the file calls that one.
LayerConfig pre_norm_layer(const BlockConfig& attention, const FfnConfig& ffn, std::string_view ffn_norm = "ffn_norm");
// Behind each block: post_attention_norm and post_ffw_norm.
LayerConfig post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// Both.
LayerConfig pre_and_post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// Of the sum behind each block: attn_output_norm and layer_output_norm.
LayerConfig sum_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// One norm, attn_norm, that both blocks read.
LayerConfig parallel_layer(const AttentionConfig& attention, const FfnConfig& ffn);

// In all layers but the leading dense ones of the file a mixture of experts stands where these forms have their
// feed-forward network, beside the expert of all rows where there is one.
Result<void> put_experts(const Keys& keys, const ExpertRule& rule, ModelConfig& config);

// The last attention.shared_kv_layers layers read the keys and values of the last one before them all that has a
// window, or none, as they do.
Result<void> share_kv(const Keys& keys, ModelConfig& config);

// What layers are given beside the stream: embedding_length_per_layer_input elements each. Tokens that only images and
// sound have may lack rows in its table.
Result<void> read_layer_inputs(const Keys& keys, ModelConfig& config);

}  // namespace quire
