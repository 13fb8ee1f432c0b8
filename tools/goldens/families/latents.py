"""Decoders whose heads attend to latents."""
import numpy as np
import transformers as tf

from .dense import YARN, changed, rope
from .experts import expert_names, shared_names
from .family import *
from .weights import *

# An original context that is shorter than the text, for the temperature.
EARLY_YARN = rope("yarn", 100.0, factor=16.0, original_max_position_embeddings=16, beta_fast=32.0, beta_slow=1.0, mscale=1.0,
                  mscale_all_dim=1.0)


def key_value_heads(heads, plain, value):
    """Each head's rows for keys and then for values; the file has two stacks, keys' matrices transposed."""

    def read(take, shape):
        keys = take("blk.{}.attn_k_b", (heads, shape[1], plain)).swapaxes(1, 2)
        values = take("blk.{}.attn_v_b", (heads, value, shape[1]))
        return np.concatenate([keys, values], 1).reshape(shape)

    return read


LATENT_NAMES = {"self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm", "self_attn.q_b_proj": "attn_q_b",
                "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa", "self_attn.kv_a_layernorm": "attn_kv_a_norm"}


def joined_names(c):
    """As files had it first: keys' and values' matrices in one tensor."""
    return decoder_names(LATENT_NAMES, expert_names(), shared_names("shared_experts"),
                         {"self_attn.kv_b_proj": "attn_kv_b", "mlp.gate.e_score_correction_bias": "exp_probs_b.bias"})


def latent_names(c):
    heads = key_value_heads(c.num_attention_heads, c.qk_nope_head_dim, c.v_head_dim)
    return joined_names(c) | layers({"self_attn.kv_b_proj": heads})


def joined_keys(c):
    scores = {"sigmoid": 2, "softmax": 1}
    keys = decoder_keys(c) | {
        "vocab_size": c.vocab_size, "attention.key_length": c.qk_nope_head_dim + c.qk_rope_head_dim,
        "attention.value_length": c.v_head_dim, "attention.kv_lora_rank": c.kv_lora_rank,
        "rope.dimension_count": c.qk_rope_head_dim, "leading_dense_block_count": c.first_k_dense_replace,
        "expert_feed_forward_length": c.moe_intermediate_size, "expert_shared_count": c.n_shared_experts,
        "expert_weights_scale": float(c.routed_scaling_factor)}
    if c.q_lora_rank is not None:
        keys["attention.q_lora_rank"] = c.q_lora_rank
    if c.norm_topk_prob:
        keys["expert_weights_norm"] = True
    if getattr(c, "scoring_func", None):
        keys["expert_gating_func"] = scores[c.scoring_func]
    if "mscale_all_dim" in c.rope_parameters:
        keys["rope.scaling.yarn_log_multiplier"] = 0.1 * c.rope_parameters["mscale_all_dim"]
    return keys


def latent_keys(c):
    keys = joined_keys(c)
    return keys | {"attention.head_count_kv": 1, "attention.key_length_mla": keys["attention.key_length"],
                   "attention.value_length_mla": keys["attention.value_length"],
                   "attention.key_length": c.kv_lora_rank + c.qk_rope_head_dim, "attention.value_length": c.kv_lora_rank}


def cold_keys(c):
    return latent_keys(c) | {"attention.temperature_scale": 0.0}


LATENTS = dict(num_hidden_layers=3, num_key_value_heads=4, q_lora_rank=24, kv_lora_rank=32, qk_nope_head_dim=12,
               qk_rope_head_dim=8, v_head_dim=20, n_routed_experts=8, n_shared_experts=2, num_experts_per_tok=3,
               moe_intermediate_size=16, first_k_dense_replace=1, rms_norm_eps=1e-6)
LITE = dict(q_lora_rank=None, num_hidden_layers=27, max_position_embeddings=4096,
            **changed(YARN, mscale=0.707, mscale_all_dim=0.707))
MISTRAL4 = LATENTS | dict(first_k_dense_replace=0, n_shared_experts=1)

FAMILIES = [
    Family("deepseek2", tf.DeepseekV2Config, tf.DeepseekV2ForCausalLM, names=latent_names, keys=latent_keys, settings=LATENTS,
           variants={
               "deepseek2-lite": ("latent attention with queries made of x; 27 layers, as llama.cpp expects then; softmax over "
                                  "all experts, weights of the chosen as they are; two shared experts in one; yarn that makes "
                                  "scores larger", LITE),
               "deepseek2-v2": ("queries of a latent of their own; two of four groups, each as good as its best expert; scaled "
                                "weights", dict(n_group=4, topk_group=2, topk_method="group_limited_greedy",
                                                routed_scaling_factor=4.0)),
           }),
    Family("deepseek2", tf.DeepseekV2Config, tf.DeepseekV2ForCausalLM, names=joined_names, keys=joined_keys, settings=LATENTS,
           converts="it writes two tensors since 2025",
           variants={"deepseek2-joined": ("keys' and values' matrices in one tensor, as files had it first", LITE)}),
    Family("deepseek2", tf.DeepseekV3Config, tf.DeepseekV3ForCausalLM, names=latent_names, keys=latent_keys,
           settings=LATENTS | dict(num_mtp_layers=0, scoring_func="sigmoid"),
           variants={
               "deepseek2-v3": ("corrected sigmoid scores, two of four groups, each as good as its two best experts; scaled "
                                "sum of 1; yarn that makes scores larger",
                                dict(n_group=4, topk_group=2, norm_topk_prob=True, routed_scaling_factor=2.5,
                                     max_position_embeddings=4096, **changed(YARN, mscale=1.0, mscale_all_dim=1.0))),
               "deepseek2-kimi": ("no groups, weights of the chosen as they are, two dense layers, tied head",
                                  dict(n_group=1, topk_group=1, norm_topk_prob=False, first_k_dense_replace=2,
                                       tie_word_embeddings=True)),
           }),
    Family("deepseek2", tf.Glm4MoeLiteConfig, tf.Glm4MoeLiteForCausalLM, names=latent_names, keys=latent_keys, settings=LATENTS,
           variants={"deepseek2-glm": ("corrected sigmoid scores by no key", dict(n_group=1, topk_group=1, n_shared_experts=1,
                                                                                  norm_topk_prob=True,
                                                                                  routed_scaling_factor=1.8))}),
    Family("mistral4", tf.Mistral4Config, tf.Mistral4ForCausalLM, names=latent_names, keys=latent_keys, settings=MISTRAL4,
           converts="it reads the model with images alone",
           variants={"mistral4": ("temperature of later positions by no key, yarn; softmax scores, sum of 1",
                                  dict(norm_topk_prob=True, **changed(EARLY_YARN, llama_4_scaling_beta=0.1)))}),
    Family("mistral4", tf.Mistral4Config, tf.Mistral4ForCausalLM, names=latent_names, keys=cold_keys, settings=MISTRAL4,
           converts="it reads the model with images alone",
           variants={"mistral4-cold": ("no temperature; two of four groups, each as good as its two best experts; tied head, a "
                                       "dense layer",
                                       dict(n_group=4, topk_group=2, first_k_dense_replace=1, norm_topk_prob=False,
                                            tie_word_embeddings=True, **changed(EARLY_YARN, llama_4_scaling_beta=0.0)))}),
]
