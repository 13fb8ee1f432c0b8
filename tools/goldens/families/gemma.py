"""Gemma 4."""
import transformers as tf

from .dense import windows_of
from .family import *
from .weights import *

WINDOW_HEAD, FULL_HEAD = 8, 16  # elements of a head, in layers with a window and in those without


def kinds(layers):
    """Every third layer has no window."""
    return ["full_attention" if i % 3 == 2 else "sliding_attention" for i in range(layers)]


def gemma4_names(c):
    layer = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
             "post_feedforward_layernorm": "post_ffw_norm", "layer_scalar": "layer_output_scale.weight",
             "per_layer_input_gate": "inp_gate", "per_layer_projection": "proj", "post_per_layer_input_norm": "post_norm",
             "router.proj": "ffn_gate_inp", "router.scale": "ffn_gate_inp.scale",
             "router.per_expert_scale": "ffn_down_exps.scale",
             "experts.gate_up_proj": "ffn_gate_up_exps.weight", "experts.down_proj": "ffn_down_exps.weight",
             "post_feedforward_layernorm_1": "post_ffw_norm_1", "pre_feedforward_layernorm_2": "pre_ffw_norm_2",
             "post_feedforward_layernorm_2": "post_ffw_norm_2"}
    return decoder_names(layer) | {"model.embed_tokens_per_layer": "per_layer_token_embd",
                                   "model.per_layer_model_projection": "per_layer_model_proj",
                                   "model.per_layer_projection_norm": "per_layer_proj_norm"}


def by_layer(c, window, full):
    return [window if kind == "sliding_attention" else full for kind in c.layer_types]


def gemma4_keys(c):
    c.allow_global_per_layer_attribute_access = True  # of heads: those of layers with a window
    keys = decoder_keys(c) | {
        "attention.shared_kv_layers": c.num_kv_shared_layers, "attention.sliding_window": c.sliding_window,
        "attention.sliding_window_pattern": windows_of(c), "attention.key_length": FULL_HEAD,
        "attention.value_length": FULL_HEAD, "attention.key_length_swa": WINDOW_HEAD,
        "attention.value_length_swa": WINDOW_HEAD, "rope.dimension_count": FULL_HEAD,
        "rope.dimension_count_swa": WINDOW_HEAD, "embedding_length_per_layer_input": c.hidden_size_per_layer_input or 0}
    if c.attention_k_eq_v:
        keys["attention.head_count_kv"] = by_layer(c, c.num_key_value_heads, 1)
    if c.use_double_wide_mlp:
        own = c.num_hidden_layers - c.num_kv_shared_layers
        keys["feed_forward_length"] = [c.intermediate_size * (1 if i < own else 2) for i in range(c.num_hidden_layers)]
    if c.final_logit_softcapping:
        keys["final_logit_softcapping"] = float(c.final_logit_softcapping)
    if c.enable_moe_block:
        keys |= {"expert_used_count": c.top_k_experts, "expert_feed_forward_length": c.moe_intermediate_size}
    return keys


def gemma4_listed(c):
    """Factors that let a quarter of the pairs turn, and numbers that are multiplied with: near 1, or a router's root."""
    turning = FULL_HEAD // 8
    listed = {"rope_freqs.weight": [1.0] * turning + [1e30] * (FULL_HEAD // 2 - turning)}
    for i in range(c.num_hidden_layers):
        listed[f"blk.{i}.layer_output_scale.weight"] = [0.75 + 0.125 * (i * 3 % 5)]
        if c.enable_moe_block:
            listed[f"blk.{i}.ffn_gate_inp.scale"] = [4.0 + 0.5 * (j * 5 % 9) for j in range(c.hidden_size)]
            listed[f"blk.{i}.ffn_down_exps.scale"] = [0.5 + 0.25 * ((i + j) % 5) for j in range(c.num_experts)]
    return listed


def whole_logits(model, ids):
    """With all hidden states wanted no rows are left out, which fails where layers share and are given nothing."""
    return {"logits": model(input_ids=ids, use_cache=False, output_hidden_states=True).logits[0]}


FAMILIES = [
    Family("gemma4", tf.Gemma4TextConfig, tf.Gemma4ForCausalLM, names=gemma4_names, keys=gemma4_keys, listed=gemma4_listed,
           run=whole_logits,
           settings=dict(tie_word_embeddings=True, num_hidden_layers=6, layer_types=kinds(6), sliding_window=8,
                         head_dim=WINDOW_HEAD, global_head_dim=FULL_HEAD, vocab_size_per_layer_input=VOCAB,
                         hidden_size_per_layer_input=0),
           variants={
               "gemma4": ("heads of another size in full layers, which have fewer of keys and no values of their own; values "
                          "normed; a quarter of the pairs turns there; layers scaled; softcap of logits",
                          dict(attention_k_eq_v=True, num_global_key_value_heads=1, final_logit_softcapping=3.0)),
               "gemma4-values": ("values of their own in all layers, no softcap, own head", dict(tie_word_embeddings=False)),
               "gemma4-shared": ("the last three layers read the keys and values of the last window and the last full layer "
                                 "before them", dict(num_kv_shared_layers=3)),
               "gemma4-inputs": ("each layer is given a part of every token (per-layer embeddings)",
                                 dict(hidden_size_per_layer_input=8, final_logit_softcapping=3.0)),
               "gemma4-e": ("both, and the FFNs of the layers that share are twice as wide",
                            dict(num_kv_shared_layers=3, hidden_size_per_layer_input=8, use_double_wide_mlp=True,
                                 final_logit_softcapping=3.0)),
               "gemma4-experts": ("experts beside the FFN, each with norms of its own; a router that norms; experts scaled",
                                  dict(attention_k_eq_v=True, num_global_key_value_heads=1, enable_moe_block=True,
                                       num_experts=8, top_k_experts=3, moe_intermediate_size=16,
                                       final_logit_softcapping=3.0)),
           }),
]
