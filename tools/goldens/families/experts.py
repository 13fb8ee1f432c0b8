"""Decoders with experts."""
import transformers as tf

from .dense import YARN, changed, granite_keys, llama_keys, llama_names, rope, two_ropes, vision_model, windows_of
from .family import *
from .weights import *

EXPERTS = dict(num_experts_per_tok=3, moe_intermediate_size=16)


def expert_names(block="mlp", router="gate"):
    """Stacked experts: transformers has gate and up in one parameter, the file has one tensor for each."""
    return {f"{block}.{router}": "ffn_gate_inp",
            f"{block}.experts.gate_up_proj": joined("blk.{}.ffn_gate_exps.weight", "blk.{}.ffn_up_exps.weight", axis=1),
            f"{block}.experts.down_proj": "ffn_down_exps.weight"}


def shared_names(name):
    return {f"mlp.{name}.{part}_proj": f"ffn_{part}_shexp" for part in ("gate", "up", "down")}


def qwen_keys(c):
    keys = decoder_keys(c) | {"expert_feed_forward_length": c.moe_intermediate_size}
    if getattr(c, "shared_expert_intermediate_size", None):
        keys["expert_shared_feed_forward_length"] = c.shared_expert_intermediate_size
    return keys


def qwen2moe_names(c):
    return decoder_names(expert_names(), shared_names("shared_expert"), {"mlp.shared_expert_gate": "ffn_gate_inp_shexp"})


def gpt_oss_names(c):
    experts = {"mlp.router": "ffn_gate_inp", "self_attn.sinks": "attn_sinks.weight",
               "post_attention_layernorm": "post_attention_norm",
               "mlp.experts.gate_up_proj": alternating("blk.{}.ffn_gate_exps.weight", "blk.{}.ffn_up_exps.weight"),
               "mlp.experts.gate_up_proj_bias": alternating("blk.{}.ffn_gate_exps.bias", "blk.{}.ffn_up_exps.bias"),
               "mlp.experts.down_proj": transposed("blk.{}.ffn_down_exps.weight"),
               "mlp.experts.down_proj_bias": "ffn_down_exps.bias"}
    return decoder_names(experts)


def gpt_oss_keys(c):
    return decoder_keys(c) | {"attention.sliding_window": c.sliding_window, "expert_feed_forward_length": c.intermediate_size}


def gpt_oss_spikes(c):
    """Biases of one layer's experts that go beyond the clamp of SwiGLU (7 for the gate; -7 and 7 for up)."""
    spikes = {"gate": [8.0, -8.0, 0.5, 7.5, -0.25], "up": [0.5, 8.0, -8.0, -0.25, 7.5, -7.5, 0.125]}
    return {f"blk.1.ffn_{part}_exps.bias":
            [[values[(row * c.intermediate_size + i) % len(values)] for i in range(c.intermediate_size)]
             for row in range(c.num_local_experts)] for part, values in spikes.items()}


def granitemoe_names(c):
    shared = {"shared_mlp.input_linear": joined("blk.{}.ffn_gate_shexp", "blk.{}.ffn_up_shexp"),
              "shared_mlp.output_linear": "ffn_down_shexp"}
    return decoder_names(turning_neighbours(c), expert_names("block_sparse_moe", "router"), shared)


def granitemoe_keys(c):
    keys = granite_keys(c)
    if getattr(c, "shared_intermediate_size", 0):
        keys["expert_shared_feed_forward_length"] = c.shared_intermediate_size
    return keys


def glm4moe_keys(c):
    keys = decoder_keys(c) | {
        "rope.dimension_count": int(head_dim(c) * c.rope_parameters["partial_rotary_factor"]),
        "expert_feed_forward_length": c.moe_intermediate_size, "expert_shared_count": c.n_shared_experts,
        "leading_dense_block_count": c.first_k_dense_replace, "expert_gating_func": 2,
        "expert_weights_scale": float(c.routed_scaling_factor), "expert_weights_norm": c.norm_topk_prob,
        "nextn_predict_layers": c.num_mtp_layers}
    return keys


def guessing_keys(c):
    return glm4moe_keys(c) | {"nextn_predict_layers": 1, "block_count": c.num_hidden_layers + 1}


def guessing_layer(c):
    """A layer after the model's own, which guesses the token after the next. No parameter is read from it."""
    block, width, ffn, experts = f"blk.{c.num_hidden_layers}.", c.hidden_size, c.moe_intermediate_size, c.n_routed_experts
    q_width, kv_width = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    shapes = {"nextn.eh_proj": (width, 2 * width), "nextn.enorm": (width,), "nextn.hnorm": (width,),
              "nextn.shared_head_norm": (width,), "attn_norm": (width,), "post_attention_norm": (width,),
              "attn_q": (q_width, width), "attn_k": (kv_width, width), "attn_v": (kv_width, width),
              "attn_output": (width, q_width), "ffn_gate_inp": (experts, width),
              "ffn_gate_exps": (experts, ffn, width), "ffn_up_exps": (experts, ffn, width),
              "ffn_down_exps": (experts, width, ffn), "ffn_gate_shexp": (ffn, width), "ffn_up_shexp": (ffn, width),
              "ffn_down_shexp": (width, ffn)}
    biases = {"attn_q": q_width, "attn_k": kv_width, "attn_v": kv_width, "exp_probs_b": experts}
    return ({f"{block}{name}.weight": shape for name, shape in shapes.items()}
            | {f"{block}{name}.bias": (size,) for name, size in biases.items()})


def glm4moe_names(c):
    corrections = {"mlp.gate.e_score_correction_bias": "exp_probs_b.bias",
                   "post_attention_layernorm": "post_attention_norm"}
    return decoder_names(expert_names(), shared_names("shared_experts"), corrections)


def minimax_keys(c):
    return decoder_keys(c) | {"expert_feed_forward_length": c.intermediate_size, "rope.dimension_count": c.rotary_dim,
                              "expert_gating_func": 2}


def minimax_names(c):
    return decoder_names(expert_names(), {"mlp.e_score_correction_bias": "exp_probs_b.bias"})


def laguna_names(c):
    more = {"self_attn.g_proj": "attn_gate", "mlp.gate.e_score_correction_bias": "exp_probs_b.bias"}
    return decoder_names(expert_names(), shared_names("shared_experts"), more)


def laguna_keys(c):
    turning = lambda kind: int(c.head_dim * c.rope_parameters[kind].get("partial_rotary_factor", 1.0))
    keys = decoder_keys(c) | {
        "vocab_size": c.vocab_size, "attention.head_count": list(c.num_attention_heads_per_layer),
        "expert_feed_forward_length": c.moe_intermediate_size, "expert_gating_func": 2,
        "expert_shared_feed_forward_length": c.shared_expert_intermediate_size, "expert_weights_norm": True,
        "expert_weights_scale": float(c.moe_routed_scaling_factor),
        "leading_dense_block_count": c.mlp_layer_types.index("sparse"), "rope.dimension_count": turning("full_attention")}
    if c.sliding_window:
        keys["attention.sliding_window"] = c.sliding_window
    if "sliding_attention" in c.rope_parameters:
        keys["rope.dimension_count_swa"] = turning("sliding_attention")
    return keys


LAGUNA_LAYERS = ["full_attention"] + ["sliding_attention"] * 3 + ["full_attention"]


def muse_names(c):
    text = c.text_config
    norms = {"input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
             "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm"}
    names = decoder_names(turning_neighbours(text), through(shifted, norms), {"self_attn.gate_proj": "attn_gate"})
    return under("model.language_model", names)


def muse_keys(c):
    text = c.text_config
    return decoder_keys(text) | {
        "final_logit_softcapping": float(text.final_logit_softcapping), "logit_scale": float(text.output_multiplier),
        "attention.sliding_window": text.sliding_window, "attention.sliding_window_pattern": windows_of(text)}


def muse_norms(c):
    """The file's norms of q's and k's heads are constants: transformers has a factor there."""
    text = c.text_config
    return {f"blk.{i}.attn_{letter}_norm.weight": [scale] * text.head_dim for i in range(text.num_hidden_layers)
            for letter, scale in (("q", text.qk_scale_factor), ("k", 1.0))}


MUSE_VISION = dict(patch_size=2, pos_emb_height=2, pos_emb_width=2, num_attention_heads=2, num_hidden_layers=1, hidden_size=8,
                   intermediate_size=8, merge_size=1)

FAMILIES = [
    Family("qwen3moe", tf.Qwen3MoeConfig, tf.Qwen3MoeForCausalLM, names=lambda c: decoder_names(expert_names()),
           keys=qwen_keys, settings=EXPERTS | dict(num_experts=8, norm_topk_prob=True, head_dim=16),
           variants={
               "qwen3moe": ("softmax over all experts, weights of the chosen made to sum to 1", {}),
               "qwen3moe-tied": ("tied head, one expert of four", dict(tie_word_embeddings=True, num_experts=4,
                                                                      num_experts_per_tok=1)),
           }),
    Family("qwen2moe", tf.Qwen2MoeConfig, tf.Qwen2MoeForCausalLM, names=qwen2moe_names, keys=qwen_keys,
           settings=EXPERTS | dict(num_experts=8, shared_expert_intermediate_size=24),
           variants={"qwen2moe": ("weights of the chosen as they are; a shared expert times a sigmoid; biases of q, k, v", {})}),
    Family("llama", tf.MixtralConfig, tf.MixtralForCausalLM, names=lambda c: llama_names(c) | layers(expert_names()),
           keys=llama_keys, settings=dict(num_local_experts=8, head_dim=8),
           variants={
               "mixtral": ("llama with experts, two of eight", dict(num_experts_per_tok=2)),
               "mixtral-tied": ("tied head, three of four", dict(num_experts_per_tok=3, num_local_experts=4,
                                                               tie_word_embeddings=True)),
           }),
    Family("gpt-oss", tf.GptOssConfig, tf.GptOssForCausalLM, names=gpt_oss_names, keys=gpt_oss_keys, listed=gpt_oss_spikes,
           settings=dict(num_hidden_layers=4, num_local_experts=8, num_experts_per_tok=3, head_dim=16, intermediate_size=32,
                         sliding_window=8, max_position_embeddings=1024),
           variants={
               "gpt-oss": ("sinks, windows in even layers by no key, softmax of the chosen, biases, clamped SwiGLU; yarn whose "
                           "ramp begins and ends between pairs, as the published models have it, by no key",
                           rope("yarn", 150000.0, factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=False,
                                original_max_position_embeddings=64)),
               "gpt-oss-truncated": ("the same keys, but a ramp rounded to whole pairs, as llama.cpp takes it",
                                     rope("yarn", 150000.0, factor=32.0, beta_fast=32.0, beta_slow=1.0, truncate=True,
                                          original_max_position_embeddings=64)),
           }),
    Family("granitemoe", tf.GraniteMoeConfig, tf.GraniteMoeForCausalLM, names=granitemoe_names, keys=granitemoe_keys,
           settings=dict(intermediate_size=16, num_local_experts=8, num_experts_per_tok=3, embedding_multiplier=6.0,
                         logits_scaling=2.0, residual_multiplier=0.5, attention_multiplier=0.5),
           variants={"granitemoe": ("Granite's four scales, tied head", dict(tie_word_embeddings=True))}),
    Family("granitemoe", tf.GraniteMoeSharedConfig, tf.GraniteMoeSharedForCausalLM, names=granitemoe_names,
           keys=granitemoe_keys,
           settings=dict(intermediate_size=16, num_local_experts=8, num_experts_per_tok=3, embedding_multiplier=6.0,
                         logits_scaling=2.0, residual_multiplier=0.5, attention_multiplier=0.5),
           variants={"granitemoe-shared": ("a shared expert, own head", dict(shared_intermediate_size=24))}),
    Family("glm4moe", tf.Glm4MoeConfig, tf.Glm4MoeForCausalLM, names=glm4moe_names, keys=glm4moe_keys,
           settings=EXPERTS | dict(num_hidden_layers=3, n_routed_experts=8, n_shared_experts=1, head_dim=16,
                                   first_k_dense_replace=1, num_mtp_layers=0, n_group=1, topk_group=1,
                                   **rope(partial_rotary_factor=0.5)),
           variants={
               "glm4moe": ("sigmoid scores, corrected for choosing; scaled sum of 1; a shared expert; norms of q's and k's "
                           "heads; biases of q, k, v; half of each head turns; first layer dense",
                           dict(use_qk_norm=True, attention_bias=True, routed_scaling_factor=1.5, norm_topk_prob=True)),
               "glm4moe-plain": ("no norms of heads, no biases, weights of the chosen as they are, two dense layers",
                                 dict(use_qk_norm=False, attention_bias=False, norm_topk_prob=False, first_k_dense_replace=2)),
           }),
    Family("glm4moe", tf.Glm4MoeConfig, tf.Glm4MoeForCausalLM, names=glm4moe_names, keys=guessing_keys, unread=guessing_layer,
           converts="the layer that guesses is in no model of transformers",
           settings=EXPERTS | dict(n_routed_experts=8, n_shared_experts=1, head_dim=16, first_k_dense_replace=1,
                                   num_mtp_layers=0, n_group=1, topk_group=1, attention_bias=True, norm_topk_prob=True,
                                   **rope(partial_rotary_factor=0.5)),
           variants={"glm4moe-guesses": ("a layer that guesses a further token, to be skipped", {})}),
    Family("minimax-m2", tf.MiniMaxM2Config, tf.MiniMaxM2ForCausalLM, names=minimax_names, keys=minimax_keys,
           settings=dict(head_dim=16, intermediate_size=16, num_local_experts=8, num_experts_per_tok=3, scoring_func="sigmoid",
                         rotary_dim=8, **rope(theta=5e6, partial_rotary_factor=0.5)),
           variants={"minimax-m2": ("norms of whole q and k rows, half of each head turns, corrected sigmoid scores", {})}),
    Family("laguna", tf.LagunaConfig, tf.LagunaForCausalLM, names=laguna_names, keys=laguna_keys,
           settings=EXPERTS | dict(num_hidden_layers=5, num_experts=8, shared_expert_intermediate_size=24, head_dim=16,
                                   moe_routed_scaling_factor=2.5),
           variants={
               "laguna": ("heads by layer, a softplus gate per head, a window in three of four layers from the second on, by no "
                          "key; yarn and half a head in full layers, plain rope and all of it in windows",
                          dict(num_attention_heads_per_layer=[4, 8, 8, 8, 4], sliding_window=8, layer_types=LAGUNA_LAYERS,
                               gating=True,
                               **two_ropes(changed(YARN, partial_rotary_factor=0.5), rope(partial_rotary_factor=1.0)))),
               "laguna-full": ("no windows, a softplus gate per element, two dense layers",
                               dict(num_hidden_layers=4, sliding_window=0, gating="per-element",
                                    mlp_layer_types=["dense"] * 2 + ["sparse"] * 2,
                                    rope_parameters={"full_attention": rope(partial_rotary_factor=0.5)["rope_parameters"]})),
           }),
    Family("muse-glimmer", vision_model(tf.MuseGlimmerConfig, **MUSE_VISION), tf.MuseGlimmerForConditionalGeneration,
           names=muse_names, keys=muse_keys, listed=muse_norms, beside=("vision",),
           settings=dict(num_hidden_layers=5, head_dim=16, sliding_window=8, final_logit_softcapping=2.0, qk_scale_factor=2.0,
                         output_multiplier=0.5, post_norm_eps=1e-8),
           variants={
               "muse-glimmer": ("embeddings normed; rope over neighbours in window layers only; a sigmoid gate per element; "
                                "norms before and after; scaled and softcapped logits", dict(num_hidden_layers=4)),
           }),
]
