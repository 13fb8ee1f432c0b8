#include "model/arch/layer_forms.h"

namespace quire {

LayerConfig pre_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention}}, {.norm = "ffn_norm", .blocks = {ffn}}}};
}

LayerConfig post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.blocks = {attention}, .post_norm = "post_attention_norm"},
                       {.blocks = {ffn}, .post_norm = "post_ffw_norm"}}};
}

LayerConfig pre_and_post_norm_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention}, .post_norm = "post_attention_norm"},
                       {.norm = "ffn_norm", .blocks = {ffn}, .post_norm = "post_ffw_norm"}}};
}

LayerConfig parallel_layer(const AttentionConfig& attention, const FfnConfig& ffn) {
  return {.branches = {{.norm = "attn_norm", .blocks = {attention, ffn}}}};
}

}  // namespace quire
