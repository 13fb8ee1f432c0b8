"""Decoders with recurrent layers. What judges is the form step by step: transformers' chunked one is 1e-4 away."""
import numpy as np
import torch
import transformers as tf

from .dense import granite_keys, rope
from .experts import EXPERTS, expert_names, shared_names
from .family import *
from .weights import *


def step_by_step(model, tokens):
    cache, rows = None, []
    for i in range(tokens.shape[1]):
        out = model(input_ids=tokens[:, i:i + 1], past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        rows.append(out.logits[0, 0])
    return {"logits": torch.stack(rows)}


def taps(name):
    """(channels, taps) in the file, (channels, 1, taps) in transformers."""
    return lambda take, shape: take(name, (shape[0], shape[-1])).reshape(shape)


def heads_of_kv(c):
    return [c.num_key_value_heads if kind == "full_attention" else 0 for kind in c.layer_types]


def lfm2_keys(c):
    return decoder_keys(c) | {"attention.head_count_kv": heads_of_kv(c), "vocab_size": c.vocab_size,
                              "shortconv.l_cache": c.conv_L_cache, "attention.layer_norm_rms_epsilon": float(c.norm_eps)}


LFM2_NAMES = {"operator_norm": "attn_norm", "ffn_norm": "ffn_norm", "self_attn.out_proj": "attn_output",
              "self_attn.q_layernorm": "attn_q_norm", "self_attn.k_layernorm": "attn_k_norm",
              "conv.conv.weight": taps("blk.{}.shortconv.conv.weight"), "conv.in_proj": "shortconv.in_proj",
              "conv.out_proj": "shortconv.out_proj", "feed_forward.w1": "ffn_gate", "feed_forward.w3": "ffn_up",
              "feed_forward.w2": "ffn_down"}


def lfm2_names(c, *tables):
    return decoder_names(LFM2_NAMES, *tables) | {"model.embedding_norm": "token_embd_norm"}


def lfm2moe_names(c):
    experts = {"feed_forward.gate": "ffn_gate_inp", "feed_forward.expert_bias": "exp_probs_b.bias",
               "feed_forward.experts.gate_up_proj": joined("blk.{}.ffn_gate_exps.weight", "blk.{}.ffn_up_exps.weight", axis=1),
               "feed_forward.experts.down_proj": "ffn_down_exps.weight"}
    return lfm2_names(c, experts)


def lfm2moe_keys(c):
    return lfm2_keys(c) | {"expert_feed_forward_length": c.moe_intermediate_size, "expert_gating_func": 2,
                           "leading_dense_block_count": c.num_dense_layers}


def delta_net_keys(c):
    get = lambda name: getattr(c, name, None)
    keys = decoder_keys(c) | {
        "ssm.conv_kernel": c.linear_conv_kernel_dim, "ssm.state_size": c.linear_key_head_dim,
        "ssm.group_count": c.linear_num_key_heads, "ssm.time_step_rank": c.linear_num_value_heads,
        "ssm.inner_size": c.linear_value_head_dim * c.linear_num_value_heads, "full_attention_interval": 4,
        "attention.recurrent_layers": [kind == "linear_attention" for kind in c.layer_types],
        "rope.dimension_count": int(head_dim(c) * c.rope_parameters["partial_rotary_factor"])}
    if get("moe_intermediate_size"):
        keys |= {"expert_feed_forward_length": c.moe_intermediate_size,
                 "expert_shared_feed_forward_length": c.shared_expert_intermediate_size}
    return keys


def decay_rates(c):
    """Negative, from slow to fast."""
    return {f"blk.{i}.ssm_a": [-(0.25 + 0.5 * j) for j in range(c.linear_num_value_heads)]
            for i, kind in enumerate(c.layer_types) if kind == "linear_attention"}


def tiled(name, c, axis=0, skipped=0):
    """Heads of v: those of one head of k stand together in transformers, and in the file one of each head of k. Of the rows
    behind `skipped`."""
    def read(take, shape):
        array = np.moveaxis(take(name, shape), axis, 0)
        kept, heads = array[:skipped], array[skipped:]
        per_key = c.linear_num_value_heads // c.linear_num_key_heads
        by_head = heads.reshape(per_key, c.linear_num_key_heads, -1, *heads.shape[1:]).swapaxes(0, 1).reshape(heads.shape)
        return np.moveaxis(np.concatenate([kept, by_head]), 0, axis)

    return read


def one_more(reader):
    """A parameter of transformers with one dimension more, of one element, before the last."""
    return lambda take, shape: reader(take, (shape[0], shape[-1])).reshape(shape)


def delta_net_norms():
    return {"model.norm": shifted("output_norm")} | layers(through(shifted, {
        "input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm", "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm"}))


def qwen35_names(c, *tables):
    keys = 2 * c.linear_num_key_heads * c.linear_key_head_dim
    net = {"linear_attn.in_proj_qkv": tiled("blk.{}.attn_qkv", c, skipped=keys),
           "linear_attn.in_proj_z": tiled("blk.{}.attn_gate", c),
           "linear_attn.in_proj_a": tiled("blk.{}.ssm_alpha", c), "linear_attn.in_proj_b": tiled("blk.{}.ssm_beta", c),
           "linear_attn.conv1d.weight": one_more(tiled("blk.{}.ssm_conv1d.weight", c, skipped=keys)),
           "linear_attn.dt_bias": tiled("blk.{}.ssm_dt.bias", c),
           "linear_attn.A_log": lambda take, shape: np.log(-tiled("blk.{}.ssm_a", c)(take, shape)),
           "linear_attn.norm": "ssm_norm", "linear_attn.out_proj": tiled("blk.{}.ssm_out", c, axis=1)}
    return decoder_names(net, *tables) | delta_net_norms()


def qwen_experts():
    return {"mlp.gate": "ffn_gate_inp", "mlp.experts.gate_up_proj":
            joined("blk.{}.ffn_gate_exps.weight", "blk.{}.ffn_up_exps.weight", axis=1),
            "mlp.experts.down_proj": "ffn_down_exps.weight", "mlp.shared_expert_gate": "ffn_gate_inp_shexp"}


def qwen35moe_names(c):
    return qwen35_names(c, qwen_experts(), shared_names("shared_expert"))


def qkvz(c):
    key, value = c.linear_key_head_dim, c.linear_value_head_dim * c.linear_num_value_heads // c.linear_num_key_heads
    heads = c.linear_num_key_heads

    def read(take, shape):
        qkv = take("blk.{}.attn_qkv", (heads * (2 * key + value), shape[1]))
        z = take("blk.{}.attn_gate", (heads * value, shape[1]))
        q, k, v = np.split(qkv, [heads * key, 2 * heads * key])
        parts = [part.reshape(heads, -1, shape[1]) for part in (q, k, v, z)]
        return np.concatenate(parts, 1).reshape(shape)

    return read


def qwen3next_names(c):
    net = {"linear_attn.in_proj_qkvz": qkvz(c), "linear_attn.in_proj_ba": "ssm_ba",
           "linear_attn.conv1d.weight": taps("blk.{}.ssm_conv1d.weight"), "linear_attn.dt_bias": "ssm_dt.bias",
           "linear_attn.A_log": negated_log("blk.{}.ssm_a"), "linear_attn.norm": "ssm_norm",
           "linear_attn.out_proj": "ssm_out"}
    return decoder_names(net, qwen_experts(), shared_names("shared_expert")) | delta_net_norms()


def sectioned(keys):
    return lambda c: keys(c) | {"rope.dimension_sections": list(c.rope_parameters["mrope_section"]) + [0]}


def mamba_names(block, heads):
    """Mamba 2's; rates and skips are columns in the file."""
    column = lambda name: lambda take, shape: take(name, (*shape, 1)).reshape(shape)
    return {f"{block}.in_proj": "ssm_in", f"{block}.conv1d.weight": taps("blk.{}.ssm_conv1d.weight"),
            f"{block}.conv1d.bias": "ssm_conv1d.bias", f"{block}.dt_bias": "ssm_dt.bias",
            f"{block}.A_log": lambda take, shape: np.log(-column("blk.{}.ssm_a")(take, shape)),
            f"{block}.D": column("blk.{}.ssm_d"), f"{block}.out_proj": "ssm_out",
            f"{block}.norm.weight": lambda take, shape: take("blk.{}.ssm_norm.weight", (heads, shape[0] // heads)).reshape(shape)}


def mamba_rates(layers_of, heads):
    return lambda c: {f"blk.{i}.ssm_a": [[-(0.25 + 0.5 * j)] for j in range(getattr(c, heads))]
                      for i, kind in enumerate(layers_of(c)) if kind == "linear_attention"}


def nemotron_keys(c):
    kinds = c.layers_block_type
    keys = {key: value for key, value in decoder_keys(c).items() if not key.startswith(("rope.", "expert_"))} | {
        "block_count": len(kinds), "vocab_size": c.vocab_size, "attention.layer_norm_rms_epsilon": float(c.layer_norm_epsilon),
        "attention.head_count_kv": [c.num_key_value_heads if kind == "full_attention" else 0 for kind in kinds],
        "feed_forward_length": [{"mlp": c.intermediate_size, "moe": c.moe_intermediate_size}.get(kind, 0) for kind in kinds],
        "ssm.conv_kernel": c.conv_kernel, "ssm.state_size": c.ssm_state_size, "ssm.group_count": c.n_groups,
        "ssm.inner_size": c.mamba_num_heads * c.mamba_head_dim, "ssm.time_step_rank": c.mamba_num_heads}
    if "moe" in kinds:
        keys |= {"expert_count": c.n_routed_experts, "expert_used_count": c.num_experts_per_tok,
                 "expert_feed_forward_length": c.moe_intermediate_size, "expert_shared_count": c.n_shared_experts,
                 "expert_shared_feed_forward_length": c.moe_shared_expert_intermediate_size,
                 "expert_weights_norm": c.norm_topk_prob, "expert_weights_scale": float(c.routed_scaling_factor),
                 "expert_group_count": c.n_group}
    if c.moe_latent_size:
        keys["moe_latent_size"] = c.moe_latent_size
    return keys


def nemotron_names(c):
    parts = {"norm": "attn_norm", "mixer.q_proj": "attn_q", "mixer.k_proj": "attn_k", "mixer.v_proj": "attn_v",
             "mixer.o_proj": "attn_output", "mixer.up_proj": "ffn_up", "mixer.down_proj": "ffn_down",
             "mixer.gate": "ffn_gate_inp", "mixer.gate.e_score_correction_bias": "exp_probs_b.bias",
             "mixer.experts.up_proj": "ffn_up_exps.weight", "mixer.experts.down_proj": "ffn_down_exps.weight",
             "mixer.fc1_latent_proj": "ffn_latent_down", "mixer.fc2_latent_proj": "ffn_latent_up",
             "mixer.shared_experts.up_proj": "ffn_up_shexp", "mixer.shared_experts.down_proj": "ffn_down_shexp"}
    return layers(parts, mamba_names("mixer", c.n_groups)) | {
        "model.embeddings": "token_embd", "model.norm_f": "output_norm", "lm_head": "output"}


def granitehybrid_keys(c):
    keys = granite_keys(c) | {
        "attention.head_count_kv": heads_of_kv(c), "rope.scaling.finetuned": False,
        "ssm.conv_kernel": c.mamba_d_conv, "ssm.state_size": c.mamba_d_state, "ssm.group_count": c.mamba_n_groups,
        "ssm.inner_size": c.mamba_n_heads * c.mamba_d_head, "ssm.time_step_rank": c.mamba_n_heads}
    return keys | {"expert_shared_feed_forward_length": c.shared_intermediate_size}


def granitehybrid_names(c):
    shared = "_shexp" if c.num_local_experts else ""
    parts = {"shared_mlp.input_linear": joined(f"blk.{{}}.ffn_gate{shared}", f"blk.{{}}.ffn_up{shared}"),
             "shared_mlp.output_linear": f"ffn_down{shared}"}
    return decoder_names(turning_neighbours(c), expert_names("block_sparse_moe", "router"), parts,
                         mamba_names("mamba", c.mamba_n_groups))


def falcon_keys(c):
    return decoder_keys(c) | {
        "vocab_size": c.vocab_size, "ssm.conv_kernel": c.mamba_d_conv, "ssm.state_size": c.mamba_d_state,
        "ssm.group_count": c.mamba_n_groups, "ssm.inner_size": c.mamba_d_ssm, "ssm.time_step_rank": c.mamba_n_heads}


def scaled(name, *factors):
    """Parts of the rows, of (count, factor) each: the file has them multiplied. A count of None: what is left."""
    def read(take, shape):
        array, begin = take(name, shape).astype(np.float64), 0
        for count, factor in factors:
            end = shape[0] if count is None else begin + count
            array[begin:end] /= factor
            begin = end
        return array.astype(np.float32)

    return read


def falcon_names(c):
    """Scales of transformers are in the file's weights."""
    whole = lambda name, factor: scaled(f"blk.{{}}.{name}", (None, factor))
    inner, group = c.mamba_d_ssm, c.mamba_n_groups * c.mamba_d_state
    parts = {"pre_ff_layernorm.weight": "ffn_norm", "feed_forward.gate_proj": whole("ffn_gate", c.mlp_multipliers[0]),
             "feed_forward.up_proj": "ffn_up", "feed_forward.down_proj": whole("ffn_down", c.mlp_multipliers[1]),
             "self_attn.q_proj": whole("attn_q", c.attention_in_multiplier),
             "self_attn.k_proj": whole("attn_k", c.attention_in_multiplier * c.key_multiplier),
             "self_attn.v_proj": whole("attn_v", c.attention_in_multiplier),
             "self_attn.o_proj": whole("attn_output", c.attention_out_multiplier)}
    mixer = mamba_names("mamba", c.mamba_n_groups) | {
        "mamba.out_proj": whole("ssm_out", c.ssm_out_multiplier),
        "mamba.in_proj": scaled("blk.{}.ssm_in", *[(count, c.ssm_in_multiplier * factor) for count, factor in
                                                  zip((inner, inner, group, group, None), c.ssm_multipliers)])}
    return decoder_names(parts, mixer) | {
        "model.embed_tokens": scaled("token_embd", (None, c.embedding_multiplier)), "model.final_layernorm": "output_norm",
        "lm_head": scaled("output", (None, c.lm_head_multiplier))}


DELTA_NET = dict(num_hidden_layers=4, head_dim=16, linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8,
                 linear_value_head_dim=8, rms_norm_eps=1e-6,
                 layer_types=["linear_attention"] * 3 + ["full_attention"])
MAMBA = dict(num_hidden_layers=4, head_dim=16, mamba_num_heads=8, mamba_head_dim=8, ssm_state_size=12, n_groups=2,
             time_step_min=1e-30, layer_norm_epsilon=1e-5)  # dt is clamped by the form in chunks alone
SECTIONS = rope(theta=1e7, partial_rotary_factor=0.25, mrope_section=[1, 1, 0])
EXPERTS_OF_EIGHT = EXPERTS | dict(num_experts=8, shared_expert_intermediate_size=24)

FAMILIES = [
    Family("lfm2", tf.Lfm2Config, tf.Lfm2ForCausalLM, names=lfm2_names, keys=lfm2_keys, run=step_by_step,
           settings=dict(num_hidden_layers=4, block_auto_adjust_ff_dim=False, norm_eps=1e-5, tie_word_embeddings=True,
                         **rope(theta=1e6)),
           variants={
               "lfm2": ("short convolutions, attention in each second layer with norms of q's and k's heads; tied head",
                        dict(layer_types=["conv", "full_attention"] * 2)),
               "lfm2-taps": ("a convolution of four rows; attention first; own head",
                             dict(conv_L_cache=4, tie_word_embeddings=False,
                                  layer_types=["full_attention", "conv", "conv", "full_attention"])),
           }),
    Family("lfm2moe", tf.Lfm2MoeConfig, tf.Lfm2MoeForCausalLM, names=lfm2moe_names, keys=lfm2moe_keys, run=step_by_step,
           settings=EXPERTS | dict(num_hidden_layers=4, num_experts=8, norm_eps=1e-5, num_dense_layers=1,
                                   tie_word_embeddings=True, layer_types=["conv", "conv", "full_attention", "conv"],
                                   **rope(theta=1e6)),
           variants={"lfm2moe": ("experts behind a dense layer, by corrected sigmoid scores made to sum to 1", {})}),
    Family("qwen35", tf.Qwen3_5TextConfig, tf.Qwen3_5ForCausalLM, names=qwen35_names, keys=sectioned(delta_net_keys),
           listed=decay_rates, run=step_by_step, settings=DELTA_NET | SECTIONS,
           variants={
               "qwen35": ("gated delta nets, whose heads of v are tiled; attention with a gate beside q and a quarter of each "
                          "head turning; own head", {}),
               "qwen35-tied": ("as many heads of v as of k; attention in each second layer; tied head",
                               dict(linear_num_value_heads=2, tie_word_embeddings=True,
                                    layer_types=["linear_attention", "full_attention"] * 2)),
           }),
    Family("qwen35moe", tf.Qwen3_5MoeTextConfig, tf.Qwen3_5MoeForCausalLM, names=qwen35moe_names,
           keys=sectioned(delta_net_keys), listed=decay_rates, run=step_by_step,
           settings=DELTA_NET | SECTIONS | EXPERTS_OF_EIGHT | dict(intermediate_size=...),
           variants={"qwen35moe": ("experts, beside them one of all rows, with a gate", {})}),
    Family("qwen3next", tf.Qwen3NextConfig, tf.Qwen3NextForCausalLM, names=qwen3next_names, keys=delta_net_keys,
           listed=decay_rates, run=step_by_step,
           settings=DELTA_NET | EXPERTS_OF_EIGHT | rope(theta=1e7, partial_rotary_factor=0.25),
           variants={"qwen3next": ("delta nets whose heads of v stand beside their head of k, and whose gates are one matrix; "
                                   "experts, one of all rows", {})}),
    Family("nemotron_h", tf.NemotronHConfig, tf.NemotronHForCausalLM, names=nemotron_names, keys=nemotron_keys,
           listed=mamba_rates(lambda c: c.layers_block_type, "mamba_num_heads"), run=step_by_step, settings=MAMBA,
           variants={
               "nemotron_h": ("Mamba 2 with two groups, attention without positions, squared ReLU without a gate; a block a layer",
                              dict(layers_block_type=["linear_attention", "mlp", "full_attention", "linear_attention"])),
           }),
    Family("nemotron_h_moe", tf.NemotronHConfig, tf.NemotronHForCausalLM, names=nemotron_names, keys=nemotron_keys,
           listed=mamba_rates(lambda c: c.layers_block_type, "mamba_num_heads"), run=step_by_step,
           settings=MAMBA | dict(n_routed_experts=8, num_experts_per_tok=3, moe_intermediate_size=16,
                                 moe_shared_expert_intermediate_size=24, routed_scaling_factor=2.5),
           variants={
               "nemotron_h_moe": ("experts by corrected sigmoid scores, scaled; one of all rows",
                                  dict(layers_block_type=["linear_attention", "moe", "full_attention", "moe"])),
               "nemotron_h_moe-latent": ("experts read a projection of the row that is narrower, and what they give is projected "
                                         "back; the router and the one of all rows read the row itself",
                                         dict(layers_block_type=["linear_attention", "moe", "full_attention", "moe"],
                                              moe_latent_size=24)),
           }),
    Family("granitehybrid", tf.GraniteMoeHybridConfig, tf.GraniteMoeHybridForCausalLM, names=granitehybrid_names,
           keys=granitehybrid_keys, listed=mamba_rates(lambda c: c.layer_types, "mamba_n_heads"), run=step_by_step,
           settings=dict(num_hidden_layers=3, embedding_multiplier=6.0, logits_scaling=2.0, residual_multiplier=0.5,
                         attention_multiplier=0.5, mamba_n_heads=8, mamba_d_head=8, mamba_d_state=16,
                         shared_intermediate_size=24, layer_types=["linear_attention", "full_attention", "linear_attention"]),
           variants={
               "granitehybrid": ("Mamba 2 or attention without positions, Granite's scales", dict(num_local_experts=0, num_experts_per_tok=0, intermediate_size=24)),
               "granitehybrid-experts": ("experts, one of all rows; tied head",
                                         dict(num_local_experts=8, num_experts_per_tok=3, intermediate_size=16,
                                              tie_word_embeddings=True)),
           }),
    Family("falcon-h1", tf.FalconH1Config, tf.FalconH1ForCausalLM, names=falcon_names, keys=falcon_keys, run=step_by_step,
           listed=lambda c: {f"blk.{i}.ssm_a": [[-(0.25 + 0.5 * j)] for j in range(c.mamba_n_heads)]
                             for i in range(c.num_hidden_layers)},
           settings=dict(head_dim=8, mamba_d_ssm=64, mamba_n_heads=8, mamba_d_head=8, mamba_n_groups=2, mamba_d_state=16,
                         rms_norm_eps=1e-5, attention_in_multiplier=0.5, attention_out_multiplier=2.0, key_multiplier=0.5,
                         ssm_in_multiplier=2.0, ssm_out_multiplier=0.5, mlp_multipliers=[0.5, 2.0], embedding_multiplier=4.0,
                         lm_head_multiplier=0.5, ssm_multipliers=[0.5, 2.0, 0.5, 2.0, 0.5], mamba_norm_before_gate=False,
                         **rope(theta=1e6)),
           variants={
               "falcon_h1": ("Mamba 2 beside attention; scales that are in the weights; no norm behind Mamba 2",
                             dict(mamba_rms_norm=False)),
               "falcon_h1-norm": ("a norm of groups behind it", dict(mamba_rms_norm=True)),
           }),
]
