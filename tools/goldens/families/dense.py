"""Decoders without experts."""
import transformers as tf

from .family import *
from .weights import *


def llama_keys(c):
    return decoder_keys(c) | {"vocab_size": c.vocab_size, "rope.dimension_count": head_dim(c)}


def rope(kind="default", theta=10000.0, **more):
    return {"rope_parameters": dict(rope_type=kind, rope_theta=theta, **more)}


LLAMA3 = rope("llama3", 500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32)

FAMILIES = [
    Family("llama", tf.LlamaConfig, tf.LlamaForCausalLM, names=lambda c: decoder_names(turning_neighbours(c)), keys=llama_keys,
           listed=llama3_factors,
           variants={
               "llama": ("tied head, as many heads of keys as of queries", dict(tie_word_embeddings=True, num_key_value_heads=4)),
               "llama-factors": ("Llama 3's factors, a head size that is not width / heads, own head", dict(head_dim=12, **LLAMA3)),
               "llama-linear": ("linear scaling of positions", rope("linear", factor=4.0)),
           }),
    Family("qwen2", tf.Qwen2Config, tf.Qwen2ForCausalLM, names=lambda c: decoder_names(), keys=decoder_keys,
           variants={
               "qwen2": ("biases of q, k, v; tied head", dict(tie_word_embeddings=True, **rope(theta=1e6))),
           }),
    Family("qwen3", tf.Qwen3Config, tf.Qwen3ForCausalLM, names=lambda c: decoder_names(), keys=decoder_keys,
           variants={
               "qwen3": ("norms of q's and k's heads, which are larger than width / heads; one head of keys",
                         dict(head_dim=16, num_key_value_heads=1, **rope(theta=1e6))),
           }),
]
