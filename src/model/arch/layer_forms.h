// Where norms stand in a layer of an attention and a feed-forward network: the forms that families share.
#pragma once

#include "model/config.h"

namespace quire {

// Before each block: attn_norm and ffn_norm.
LayerConfig pre_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// Behind each block: post_attention_norm and post_ffw_norm.
LayerConfig post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// Both.
LayerConfig pre_and_post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn);
// One norm, attn_norm, that both blocks read.
LayerConfig parallel_layer(const AttentionConfig& attention, const FfnConfig& ffn);

}  // namespace quire
