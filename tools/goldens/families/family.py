"""What a family is, and what most have in common."""
import dataclasses
import math
import re
from collections.abc import Callable

from .weights import neighbours, same

VOCAB = 64
TOKENS = 48

SETTINGS = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=2, max_position_embeddings=256, tie_word_embeddings=False, attn_implementation="eager",
                pad_token_id=0, bos_token_id=1, eos_token_id=2)


@dataclasses.dataclass
class Family:
    architecture: str                  # general.architecture
    config: type                       # of transformers
    model: type
    variants: dict[str, tuple]         # name of the golden: (what it switches, changes of the settings)
    names: Callable                    # of a config: parameters without ".weight", layers as {}: a name in the file or a reader
    keys: Callable                     # of a config: keys of the file, without the architecture
    settings: dict = dataclasses.field(default_factory=dict)  # that differ from SETTINGS
    listed: Callable = lambda config: {}  # tensors with values of their own, which no parameter is read from
    unread: Callable = lambda config: {}  # tensors that the model does not have: {name: numpy's shape}
    absent: tuple = ()                 # parameters that the file has no place for: they are zero
    beside: tuple = ()                 # parameters of other parts (vision), which text does not go through
    checkpoint: Callable = lambda config: {}  # more files that the converter reads: {name: content of the JSON}
    converts: str = ""                 # why llama.cpp's converter is not asked, where it is not
    run: Callable | None = None        # of (model, tokens): {what the golden holds: array}; None: logits
    double: bool = True                # computes in float64


def decoder_keys(c):
    """What the converter writes for most models, from a config of transformers."""
    get = lambda name: getattr(c, name, None)
    keys = dict(block_count=c.num_hidden_layers, context_length=c.max_position_embeddings, embedding_length=c.hidden_size)
    if get("intermediate_size") is not None:
        keys["feed_forward_length"] = c.intermediate_size
    keys["attention.head_count"] = c.num_attention_heads
    if get("num_key_value_heads") is not None:
        keys["attention.head_count_kv"] = c.num_key_value_heads
    if get("rms_norm_eps") is not None:
        keys["attention.layer_norm_rms_epsilon"] = float(c.rms_norm_eps)
    if get("head_dim") is not None:
        keys["attention.key_length"] = keys["attention.value_length"] = c.head_dim
    return keys | rope_keys(c) | expert_keys(c)


def rope_keys(c):
    parameters = getattr(c, "rope_parameters", None)
    if not parameters:
        return {}
    rope = parameters.get("full_attention", parameters)
    keys = {"rope.freq_base": float(rope["rope_theta"])}
    if "sliding_attention" in parameters:
        keys["rope.freq_base_swa"] = float(parameters["sliding_attention"]["rope_theta"])
    kind = rope.get("rope_type")
    if kind in ("linear", "yarn"):
        keys |= {"rope.scaling.type": kind, "rope.scaling.factor": float(rope["factor"])}
    if kind == "longrope":
        keys["rope.scaling.type"] = kind
    if kind == "yarn":
        keys["rope.scaling.original_context_length"] = rope["original_max_position_embeddings"]
        for name, key in (("attention_factor", "yarn_attn_factor"), ("beta_fast", "yarn_beta_fast"),
                          ("beta_slow", "yarn_beta_slow")):
            if rope.get(name) is not None:
                keys[f"rope.scaling.{key}"] = float(rope[name])
    if "mrope_section" in parameters:
        keys["rope.dimension_sections"] = (list(parameters["mrope_section"]) + [0])[:4]
    return keys


def expert_keys(c):
    keys = {}
    for key, names in (("expert_count", ("num_local_experts", "num_experts", "n_routed_experts")),
                       ("expert_used_count", ("num_experts_per_tok",)), ("expert_group_count", ("n_group",)),
                       ("expert_group_used_count", ("topk_group",))):
        found = [getattr(c, name) for name in names if getattr(c, name, None) is not None]
        if found:
            keys[key] = found[0]
    return keys


def head_dim(c):
    return getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads


TOP_NAMES = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
NORM_NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"}
ATTENTION_NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
                   "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm"}
POST_NORM_NAMES = {"post_attention_layernorm": "post_attention_norm", "post_feedforward_layernorm": "post_ffw_norm"}
FFN_NAMES = {"mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def layers(*tables):
    """Names of a layer's parts, for any layer. A reader is given its own names with "blk.{}."."""
    return {f"model.layers.{{}}.{part}": f"blk.{{}}.{name}" if isinstance(name, str) else name
            for table in tables for part, name in table.items()}


def decoder_names(*tables):
    """A decoder whose layers have q, k, v, output, gate, up and down; `tables` say what is different."""
    return TOP_NAMES | layers(NORM_NAMES, ATTENTION_NAMES, FFN_NAMES, *tables)


def under(prefix, names):
    """The same names of a model that is a part of another."""
    return {re.sub("^model", prefix, part).lstrip("."): name for part, name in names.items()}


def turning_neighbours(c):
    return {"self_attn.q_proj": neighbours("blk.{}.attn_q", c.num_attention_heads),
            "self_attn.k_proj": neighbours("blk.{}.attn_k", c.num_key_value_heads)}


def through(reader, table):
    """The same table with another reader than `same`."""
    return {part: reader(f"blk.{{}}.{name}") for part, name in table.items()}


def llama3_factors(c):
    """What a frequency is divided by under Llama 3's scaling: the published definition."""
    rope = c.rope_parameters.get("full_attention", c.rope_parameters)
    if rope["rope_type"] != "llama3":
        return {}
    factors = []
    for i in range(0, head_dim(c), 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (i / head_dim(c))
        turns = rope["original_max_position_embeddings"] / wavelength
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        smooth = min(max((turns - low) / (high - low), 0.0), 1.0)
        factors.append(1.0 / ((1.0 - smooth) / rope["factor"] + smooth))
    return {"rope_freqs.weight": factors}


__all__ = [name for name in dir() if not name.startswith("_")]
