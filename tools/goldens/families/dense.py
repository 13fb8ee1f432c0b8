"""Decoders without experts."""
import math

import transformers as tf

from .family import *
from .weights import *


def rope(kind="default", theta=10000.0, **more):
    return {"rope_parameters": dict(rope_type=kind, rope_theta=theta, **more)}


def two_ropes(full, window):
    return {"rope_parameters": {"full_attention": full["rope_parameters"], "sliding_attention": window["rope_parameters"]}}


LLAMA3 = rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)
# Of heads of 8 or 16 elements: some pairs turn as ever, some are slowed down, some are in between.
YARN = rope("yarn", 1000.0, factor=8.0, beta_fast=32.0, beta_slow=1.0, original_max_position_embeddings=512)


def changed(settings, **more):
    """A rope with other parameters."""
    return {"rope_parameters": settings["rope_parameters"] | more}


def windows_of(c):
    return [kind == "sliding_attention" for kind in c.layer_types]


def llama_keys(c):
    return decoder_keys(c) | {"vocab_size": c.vocab_size, "rope.dimension_count": head_dim(c)}


def llama_names(c):
    return decoder_names(turning_neighbours(c))


def gemma_names(c):
    """All norms add 1 in transformers; the norm before the FFN is another one."""
    norms = {"input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
             "pre_feedforward_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
             "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
    return decoder_names(through(shifted, norms)) | {"model.norm": shifted("output_norm")}


def gemma2_keys(c):
    keys = {key: value for key, value in decoder_keys(c).items() if not key.startswith("rope.")}
    return keys | {"attn_logit_softcapping": float(c.attn_logit_softcapping), "attention.sliding_window": c.sliding_window,
                   "final_logit_softcapping": float(c.final_logit_softcapping)}


def gemma3_keys(c):
    keys = decoder_keys(c)
    if c.final_logit_softcapping:
        keys["final_logit_softcapping"] = float(c.final_logit_softcapping)
    return keys | {"attention.sliding_window": c.sliding_window}


def cohere_keys(c):
    return decoder_keys(c) | {"attention.layer_norm_epsilon": float(c.layer_norm_eps), "logit_scale": float(c.logit_scale),
                              "rope.scaling.type": "none"}


def cohere2_keys(c):
    return cohere_keys(c) | {"attention.sliding_window": c.sliding_window, "vocab_size": c.vocab_size,
                             "rope.dimension_count": head_dim(c)}


def olmo3_keys(c):
    return decoder_keys(c) | {"attention.sliding_window": c.sliding_window, "attention.sliding_window_pattern": windows_of(c)}


def fused_names(*tables):
    return decoder_names({"self_attn.qkv_proj": "attn_qkv", "mlp.gate_up_proj": "ffn_up"}, *tables)


def phi3_keys(c):
    original = c.rope_parameters["original_max_position_embeddings"]
    rotary = int(head_dim(c) * c.rope_parameters["partial_rotary_factor"])
    keys = {key: value for key, value in decoder_keys(c).items() if key != "rope.scaling.type"}
    if "long_factor" in c.rope_parameters:
        scale = c.max_position_embeddings / original
        keys["rope.scaling.attn_factor"] = math.sqrt(1 + math.log(scale) / math.log(original)) if scale > 1 else 1.0
    return keys | {"rope.scaling.original_context_length": original, "rope.dimension_count": rotary,
                   "attention.sliding_window": c.sliding_window or 0}


def phi3_factors(c):
    return {f"rope_factors_{kind}.weight": c.rope_parameters[f"{kind}_factor"] for kind in ("long", "short")
            if f"{kind}_factor" in c.rope_parameters}


def long_rope(rotary, original, **more):
    factors = {"long_factor": [1.0 + 0.75 * i for i in range(rotary // 2)],
               "short_factor": [1.0 + 0.125 * i for i in range(rotary // 2)]}
    return dict(original_max_position_embeddings=original,
                **rope("longrope", original_max_position_embeddings=original, **factors, **more))


def granite_keys(c):
    return llama_keys(c) | {"attention.scale": float(c.attention_multiplier), "embedding_scale": float(c.embedding_multiplier),
                            "residual_scale": float(c.residual_multiplier), "logit_scale": float(c.logits_scaling)}


def glm4_keys(c):
    return decoder_keys(c) | {"rope.dimension_count": int(head_dim(c) * c.rope_parameters["partial_rotary_factor"])}


GLM4_NORMS = {"post_self_attn_layernorm": "post_attention_norm", "post_mlp_layernorm": "post_ffw_norm"}


def exaone4_keys(c):
    keys = decoder_keys(c) | {"vocab_size": c.vocab_size}
    if c.sliding_window is not None:
        keys |= {"attention.sliding_window": c.sliding_window, "attention.sliding_window_pattern": windows_of(c)}
    return keys


def ministral3_keys(c):
    return llama_keys(c) | {"rope.scaling.yarn_log_multiplier": float(c.rope_parameters["mscale_all_dim"]),
                            "attention.temperature_scale": float(c.rope_parameters["llama_4_scaling_beta"])}


def ministral3_rope(mscale, beta):
    """An original context that is shorter than the text, for the temperature; so slow turns that yarn's ramp has pairs."""
    return rope("yarn", 100.0, factor=16.0, original_max_position_embeddings=16, beta_fast=2.0, beta_slow=0.0625,
                mscale_all_dim=mscale, mscale=1.0, llama_4_scaling_beta=beta)


def hunyuan_keys(c):
    keys = decoder_keys(c)
    if c.rope_parameters["rope_type"] == "dynamic":
        scaled = c.rope_parameters["rope_theta"] * c.rope_parameters["alpha"] ** (c.head_dim / (c.head_dim - 2))
        keys |= {"rope.freq_base": scaled, "rope.scaling.type": "none", "rope.scaling.factor": 1.0,
                 "rope.scaling.original_context_length": 262144, "context_length": 262144}
    return keys


def starcoder2_keys(c):
    return decoder_keys(c) | {"attention.layer_norm_epsilon": float(c.norm_epsilon)}


def stablelm_keys(c):
    keys = {key: value for key, value in decoder_keys(c).items() if not key.startswith("rope.")}
    return keys | {"rope.dimension_count": int(head_dim(c) * c.rope_parameters["partial_rotary_factor"]),
                   "use_parallel_residual": c.use_parallel_residual, "attention.layer_norm_epsilon": float(c.layer_norm_eps)}


def stablelm_names(c):
    """Each head's norm is a parameter of its own; the file has them in one tensor."""
    names = decoder_names()
    for letter, heads in (("q", c.num_attention_heads), ("k", c.num_key_value_heads)):
        for head in range(heads):
            names[f"model.layers.{{}}.self_attn.{letter}_layernorm.norms.{head}"] = head_row(
                f"blk.{{}}.attn_{letter}_norm", head, heads)
    return names


def head_row(name, head, heads):
    return lambda take, shape: take(name, (heads, *shape))[head]


def vision_model(config, **vision):
    """A config whose text part has the settings, beside a vision part as small as it may be."""
    return lambda **settings: config(text_config=settings, vision_config=vision,
                                     tie_word_embeddings=settings["tie_word_embeddings"])


def text_names(c):
    return under("model.language_model", decoder_names())


NO_WINDOW = dict(sliding_window=None, layer_types=["full_attention"] * 4)
QWEN2_VISION = dict(depth=1, embed_dim=8, hidden_size=32, num_heads=2, mlp_ratio=1)
QWEN3_VISION = dict(depth=1, hidden_size=8, intermediate_size=8, num_heads=2, out_hidden_size=32, num_position_embeddings=4,
                    deepstack_visual_indexes=[0])


def sections(*counts, **more):
    return rope(theta=1e6, mrope_section=list(counts), **more)


FAMILIES = [
    Family("llama", tf.LlamaConfig, tf.LlamaForCausalLM, names=llama_names, keys=llama_keys, listed=llama3_factors,
           variants={
               "llama": ("tied head, as many heads of keys as of queries", dict(tie_word_embeddings=True, num_key_value_heads=4)),
               "llama-factors": ("Llama 3's factors, a head size that is not width / heads, own head", dict(head_dim=12, **LLAMA3)),
               "llama-linear": ("linear scaling of positions", rope("linear", factor=4.0)),
               "llama-yarn": ("yarn", dict(max_position_embeddings=4096, head_dim=16, **YARN)),
               "llama-biases": ("biases of q, k, v, output, gate, up and down", dict(attention_bias=True, mlp_bias=True)),
           }),
    Family("qwen2", tf.Qwen2Config, tf.Qwen2ForCausalLM, names=lambda c: decoder_names(), keys=decoder_keys,
           variants={
               "qwen2": ("biases of q, k, v; tied head", dict(tie_word_embeddings=True, **rope(theta=1e6))),
               "qwen2-yarn": ("yarn with other ends of the ramp, own head", changed(YARN, beta_fast=8.0, beta_slow=2.0)),
               "qwen2-yarn-factor": ("yarn with a table factor of its own", changed(YARN, attention_factor=1.25)),
           }),
    Family("qwen3", tf.Qwen3Config, tf.Qwen3ForCausalLM, names=lambda c: decoder_names(), keys=decoder_keys,
           variants={
               "qwen3": ("norms of q's and k's heads, which are larger than width / heads; one head of keys",
                         dict(head_dim=16, num_key_value_heads=1, **rope(theta=1e6))),
               "qwen3-tied": ("tied head", dict(head_dim=8, tie_word_embeddings=True)),
           }),
    Family("gemma3", tf.Gemma3TextConfig, tf.Gemma3ForCausalLM, names=gemma_names, keys=gemma3_keys,
           settings=dict(tie_word_embeddings=True, num_hidden_layers=7, head_dim=16, query_pre_attn_scalar=16, sliding_window=8),
           variants={
               "gemma3": ("window in five of six layers, by no key; rope base of windows", {}),
               "gemma3-linear": ("linear scaling in full layers only, softcap of logits",
                                 dict(final_logit_softcapping=2.0,
                                      **two_ropes(rope("linear", 1e6, factor=8.0), rope(theta=10000.0)))),
               "gemma3-27b": ("62 layers: scores are scaled by 1 / sqrt(width / heads), by no key",
                              dict(num_hidden_layers=62, query_pre_attn_scalar=8)),
           }),
    Family("gemma2", tf.Gemma2Config, tf.Gemma2ForCausalLM, names=gemma_names, keys=gemma2_keys,
           settings=dict(tie_word_embeddings=True, num_hidden_layers=4, head_dim=16, query_pre_attn_scalar=16, sliding_window=8,
                         attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
           variants={
               "gemma2": ("window in even layers, by no key; softcaps of scores and logits, which bend both", {}),
               "gemma2-27b": ("46 layers: scores are scaled by 1 / sqrt(width / heads), by no key",
                              dict(num_hidden_layers=46, query_pre_attn_scalar=8)),
           }),
    Family("olmo2", tf.Olmo2Config, tf.Olmo2ForCausalLM, keys=decoder_keys,
           names=lambda c: decoder_names(POST_NORM_NAMES),
           variants={
               "olmo2": ("norms after attention and FFN, none before; norms of whole q and k rows", dict(num_key_value_heads=4)),
               "olmo2-grouped": ("two heads of keys", {}),
           }),
    Family("olmo2", tf.Olmo3Config, tf.Olmo3ForCausalLM, names=lambda c: decoder_names(POST_NORM_NAMES), keys=olmo3_keys,
           settings=dict(num_hidden_layers=5, sliding_window=8),
           variants={
               "olmo3": ("olmo2 with windows in three of four layers", {}),
               "olmo3-yarn": ("yarn in full layers, plain rope in those with a window", two_ropes(YARN, rope(theta=1000.0))),
           }),
    Family("phi3", tf.Phi3Config, tf.Phi3ForCausalLM, names=lambda c: fused_names(), keys=phi3_keys, listed=phi3_factors,
           settings=dict(original_max_position_embeddings=256,
                         **rope(original_max_position_embeddings=256, partial_rotary_factor=1.0)),
           variants={
               "phi3": ("q, k, v in one matrix, gate and up in one; window of 0", {}),
               "phi3-window": ("a window", dict(sliding_window=8)),
               "phi3-long": ("a context beyond the original one: long factors; half of each head turns; tied head",
                             dict(head_dim=..., tie_word_embeddings=True, **long_rope(4, 32, partial_rotary_factor=0.5))),
               "phi3-short": ("a context within the original one: short factors, the table's factor all the same",
                              dict(max_position_embeddings=1024, **long_rope(8, 256, partial_rotary_factor=1.0))),
           }),
    Family("granite", tf.GraniteConfig, tf.GraniteForCausalLM, names=llama_names, keys=granite_keys, listed=llama3_factors,
           settings=dict(embedding_multiplier=6.0, logits_scaling=4.0, residual_multiplier=0.25, attention_multiplier=0.5),
           variants={
               "granite": ("four scales, tied head", dict(tie_word_embeddings=True)),
               "granite-biases": ("biases, own head", dict(attention_bias=True, mlp_bias=True)),
               "granite-ones": ("scales of 1, of scores too", dict(embedding_multiplier=1.0, logits_scaling=1.0,
                                                                residual_multiplier=1.0, attention_multiplier=1.0)),
           }),
    Family("cohere2", tf.Cohere2Config, tf.Cohere2ForCausalLM, names=lambda c: decoder_names(), keys=cohere2_keys,
           settings=dict(num_hidden_layers=5, sliding_window=8, tie_word_embeddings=True, logit_scale=0.25, rotary_pct=1.0),
           variants={
               "cohere2": ("parallel block, LayerNorm without bias, no rope in full layers, windows in three of four", {}),
           }),
    Family("command-r", tf.CohereConfig, tf.CohereForCausalLM, names=lambda c: decoder_names(), keys=cohere_keys,
           settings=dict(tie_word_embeddings=True, logit_scale=0.25),
           variants={
               "command-r": ("parallel block, LayerNorm without bias", {}),
               "command-r-norms": ("LayerNorms of q's and k's heads, each head with its own weights; 64 layers, as llama.cpp expects then", dict(use_qk_norm=True, num_hidden_layers=64)),
           }),
    Family("smollm3", tf.SmolLM3Config, tf.SmolLM3ForCausalLM, names=llama_names, keys=llama_keys,
           settings=dict(num_hidden_layers=5),
           variants={
               "smollm3": ("no rope in each fourth layer, by no key; tied head", dict(tie_word_embeddings=True)),
               "smollm3-own": ("own head", dict(num_hidden_layers=4)),
           }),
    Family("glm4", tf.Glm4Config, tf.Glm4ForCausalLM, names=lambda c: fused_names(GLM4_NORMS), keys=glm4_keys,
           settings=dict(head_dim=8, **rope(partial_rotary_factor=0.5)),
           variants={
               "glm4": ("norms before and after, half of each head turns, biases of q, k, v", dict(attention_bias=True)),
               "glm4-plain": ("no biases; a head size that is not width / heads", dict(attention_bias=False, head_dim=16)),
           }),
    Family("exaone4", tf.Exaone4Config, tf.Exaone4ForCausalLM, names=lambda c: decoder_names(POST_NORM_NAMES), keys=exaone4_keys,
           listed=llama3_factors, settings=dict(num_hidden_layers=4),
           variants={
               "exaone4": ("norms after, norms of q's and k's heads, no window: all layers turn; tied head",
                           dict(tie_word_embeddings=True, **NO_WINDOW)),
               "exaone4-factors": ("Llama 3's factors", NO_WINDOW | LLAMA3),
               "exaone4-window": ("windows in three of four layers, no rope in the others", dict(sliding_window=8)),
               "exaone4-32b": ("the same with 64 layers, where llama.cpp reads the window", dict(sliding_window=8,
                                                                                         num_hidden_layers=64)),
           }),
    Family("seed_oss", tf.SeedOssConfig, tf.SeedOssForCausalLM,
           names=lambda c: decoder_names({"post_attention_layernorm": "post_attention_norm"}), keys=decoder_keys,
           settings=dict(head_dim=16),
           variants={
               "seed_oss": ("biases of q, k, v; a head size that is not width / heads", dict(attention_bias=True)),
               "seed_oss-plain": ("no biases, tied head", dict(attention_bias=False, tie_word_embeddings=True)),
           }),
    Family("mistral3", tf.Ministral3Config, tf.Ministral3ForCausalLM, names=llama_names, keys=ministral3_keys,
           settings=dict(head_dim=16),
           variants={
               "mistral3": ("yarn without a table factor, temperature of later positions", ministral3_rope(1.0, 0.1)),
               "mistral3-cold": ("no temperature, tied head", dict(tie_word_embeddings=True, **ministral3_rope(1.0, 0.0))),
               "mistral3-mscale": ("yarn with a table factor", ministral3_rope(0.5, 0.1)),
           }),
    Family("hunyuan-dense", tf.HunYuanDenseV1Config, tf.HunYuanDenseV1ForCausalLM, keys=hunyuan_keys,
           names=lambda c: decoder_names({"self_attn.query_layernorm": "attn_q_norm", "self_attn.key_layernorm": "attn_k_norm"}),
           settings=dict(head_dim=16),
           variants={
               "hunyuan-dense": ("norms of q's and k's heads after rope; tied head", dict(tie_word_embeddings=True)),
               "hunyuan-dense-alpha": ("rope base scaled by alpha, own head",
                                       dict(max_position_embeddings=32768, **rope("dynamic", factor=1.0, alpha=50.0))),
           }),
    Family("ernie4_5", tf.Ernie4_5Config, tf.Ernie4_5ForCausalLM, names=lambda c: decoder_names(), keys=decoder_keys,
           settings=dict(head_dim=16),
           variants={
               "ernie4_5": ("llama with rope over neighbours; tied head", dict(tie_word_embeddings=True)),
               "ernie4_5-own": ("own head", {}),
           }),
    Family("starcoder2", tf.Starcoder2Config, tf.Starcoder2ForCausalLM, keys=starcoder2_keys,
           names=lambda c: decoder_names({"mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}),
           variants={
               "starcoder2": ("LayerNorm, biases everywhere, GELU without gate; tied head", dict(tie_word_embeddings=True)),
               "starcoder2-own": ("own head", {}),
           }),
    Family("internlm2", tf.LlamaConfig, tf.LlamaForCausalLM, names=llama_names, keys=decoder_keys,
           converts="transformers has no InternLM 2; its arithmetic is llama's",
           variants={"internlm2": ("llama under another name (the checkpoint's one matrix of q, k, v is three in the file)",
                                   dict(num_key_value_heads=2))}),
    Family("stablelm", tf.StableLmConfig, tf.StableLmForCausalLM, names=stablelm_names, keys=stablelm_keys,
           settings=rope(partial_rotary_factor=0.25) | dict(hidden_size=64, num_key_value_heads=4),
           variants={
               "stablelm": ("LayerNorm with biases, a quarter of each head turns, biases of q, k, v", dict(use_qkv_bias=True)),
               "stablelm-norms": ("LayerNorms of q's and k's heads, each head with its own weights; no biases",
                                  dict(qk_layernorm=True, num_key_value_heads=2)),
               "stablelm-parallel": ("parallel block: no norm before the FFN", dict(use_parallel_residual=True)),
           }),
    Family("qwen2vl", vision_model(tf.Qwen2VLConfig, **QWEN2_VISION), tf.Qwen2VLForConditionalGeneration, names=text_names,
           keys=lambda c: decoder_keys(c.text_config), beside=("visual",),
           variants={"qwen2vl": ("rope in sections, which are equal in a text", sections(2, 1, 1))}),
    Family("qwen3vl", vision_model(tf.Qwen3VLConfig, **QWEN3_VISION), tf.Qwen3VLForConditionalGeneration, names=text_names,
           keys=lambda c: decoder_keys(c.text_config) | {"n_deepstack_layers": 1}, beside=("visual",),
           settings=dict(head_dim=16),
           variants={
               "qwen3vl": ("interleaved sections, norms of q's and k's heads; tied head",
                           dict(tie_word_embeddings=True, **sections(3, 3, 2, mrope_interleaved=True))),
               "qwen3vl-rest": ("a pair that the interleaving leaves over turns by the first section's positions; own head",
                                sections(4, 2, 2, mrope_interleaved=True)),
           }),
]
