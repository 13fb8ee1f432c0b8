"""Gemma 3n and 4."""
import torch
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


def stream_of(name, others):
    """Matrices of all streams but the first, which the file has in one tensor."""
    return {index: lambda take, shape, index=index: take(name, (others, *shape))[index] for index in range(others)}


def gemma3n_names(c):
    layer = {"post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
             "post_feedforward_layernorm": "post_ffw_norm", "per_layer_input_gate": "inp_gate",
             "per_layer_projection": "proj", "post_per_layer_input_norm": "post_norm",
             "altup.correct_output_scale": "altup_correct_scale.weight", "altup.correction_coefs": "altup_correct_coef",
             "altup.prediction_coefs": "altup_predict_coef", "altup.modality_router": "altup_router",
             "altup.router_norm": "altup_router_norm", "laurel.linear_left": "laurel_l",
             "laurel.linear_right": "laurel_r", "laurel.post_laurel_norm": "laurel_post_norm"}
    names = decoder_names(layer) | {"model.embed_tokens_per_layer": "per_layer_token_embd",
                                    "model.per_layer_model_projection": "per_layer_model_proj",
                                    "model.per_layer_projection_norm": "per_layer_proj_norm"}
    for part, name in (("altup_projections", "altup_proj"), ("altup_unembed_projections", "altup_unembd_proj")):
        for index, reader in stream_of(name, c.altup_num_inputs - 1).items():
            names[f"model.{part}.{index}"] = reader
    return names


def gemma3n_keys(c):
    normal = torch.distributions.normal.Normal(0, 1)
    keys = decoder_keys(c) | {
        "feed_forward_length": list(c.intermediate_size), "attention.sliding_window": c.sliding_window,
        "attention.sliding_window_pattern": windows_of(c), "attention.shared_kv_layers": c.num_kv_shared_layers,
        "altup.active_idx": c.altup_active_idx, "altup.num_inputs": c.altup_num_inputs,
        "embedding_length_per_layer_input": c.hidden_size_per_layer_input,
        "activation_sparsity_scale": [normal.icdf(torch.tensor(share, dtype=torch.float32)).item()
                                      for share in c.activation_sparsity_pattern],
        "final_logit_softcapping": float(c.final_logit_softcapping)}
    if not c.altup_correct_scale:
        keys["altup.correct_scale"] = False
    return keys


def gemma3n_listed(c):
    """Norms that undo a part of what a router's input is divided by, so that what it gives is not next to nothing."""
    weights = [0.25 * c.hidden_size + 0.5 * (j * 5 % 9) for j in range(c.hidden_size)]
    return {f"blk.{i}.altup_router_norm.weight": weights for i in range(c.num_hidden_layers)}



FAMILIES = [
    Family("gemma3n", tf.Gemma3nTextConfig, tf.Gemma3nForCausalLM, names=gemma3n_names, keys=gemma3n_keys,
           listed=gemma3n_listed,
           # Wide enough that some of the gate is left of every row: a norm makes what is next to nothing large.
           settings=dict(tie_word_embeddings=True, num_hidden_layers=5, head_dim=8, sliding_window=8, intermediate_size=256,
                         vocab_size_per_layer_input=VOCAB, hidden_size_per_layer_input=8, num_kv_shared_layers=0,
                         laurel_rank=8, final_logit_softcapping=30.0),
           variants={
               # llama.cpp has the rank, what layers are given, the softcap, and which layers are sparse, by no key.
               "gemma3n": ("four streams, a learned residual, what the gate has above its mean and deviations; values normed; "
                           "each layer is given a part of every token; a window in four of five layers",
                           dict(hidden_size_per_layer_input=256, laurel_rank=64, activation_sparsity_pattern=[0.95] * 5)),
               "gemma3n-shared": ("layers of both kinds share; FFNs of other widths in these; gates cut at their mean, above and "
                                  "below it; own head",
                                  dict(num_hidden_layers=6, layer_types=kinds(6), num_kv_shared_layers=3,
                                       tie_word_embeddings=False, intermediate_size=[256, 256, 256, 192, 192, 320],
                                       activation_sparsity_pattern=[0.95, 0.5, 0.25, 0.0, 0.8, 0.0])),
               "gemma3n-dense": ("no layer is sparse; a softcap that bends", dict(final_logit_softcapping=3.0)),
               "gemma3n-active": ("three streams, of which layers compute the second, and read it without a scale",
                                  dict(altup_num_inputs=3, altup_active_idx=1, altup_correct_scale=False)),
           }),
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
