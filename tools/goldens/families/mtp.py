"""Decoders with an MTP block (multi-token prediction), which transformers does not compute: its own layers and norms, wired
as vLLM's qwen3_next_mtp does. The model's last layer here is the block's.

Of the tokens t and the model's states h behind its last norm, the block's row at position p is made of t[p + 1] and h[p], and
says what comes behind t[p + 1]. What comes behind that is said by a row made of that guess and of the block's own state."""
import copy

import torch
import transformers as tf

from .family import *
from .recurrent import (DELTA_NET, EXPERTS_OF_EIGHT, SECTIONS, decay_rates, delta_net_keys, qwen35_names, qwen35moe_names,
                        qwen3next_names, rope, sectioned)
from .weights import values_of


def block_name(c, name):
    return f"blk.{c.num_hidden_layers - 1}.nextn.{name}.weight"


def block_tensors(c):
    width = c.hidden_size
    return {block_name(c, "eh_proj"): (width, 2 * width), block_name(c, "enorm"): (width,), block_name(c, "hnorm"): (width,),
            block_name(c, "shared_head_norm"): (width,)}


def own_tables(c):
    shape = (c.vocab_size, c.hidden_size)
    return block_tensors(c) | {block_name(c, "embed_tokens"): shape, block_name(c, "shared_head_head"): shape}


def states_of(model, tokens):
    """Behind the last norm, step by step."""
    cache, rows = None, []
    for i in range(tokens.shape[1]):
        out = model(input_ids=tokens[:, i:i + 1], cache=cache, use_cache=True)
        cache = out.cache
        rows.append(out.last_hidden_state[0, 0])
    return torch.stack(rows)


class Block:
    def __init__(self, model, tensors):
        config = copy.deepcopy(model.config)
        config.num_hidden_layers, config.layer_types = 1, ["full_attention"]
        self.values = {name: torch.from_numpy(values_of(name, shape)).double() for name, shape in tensors.items()}
        self.name = lambda name: block_name(model.config, name)
        self.layer = type(model.model)(config).double().eval()
        self.layer.layers[0].load_state_dict(model.model.layers[-1].state_dict())
        self.layer.norm = self.norm("shared_head_norm")
        self.norms = [self.norm("enorm"), self.norm("hnorm")]
        self.embedding = self.values.get(self.name("embed_tokens"), model.model.embed_tokens.weight)
        self.output = self.values.get(self.name("shared_head_head"), model.lm_head.weight)

    def norm(self, name):
        norm = copy.deepcopy(self.layer.norm)
        norm.weight.copy_(self.values[self.name(name)] - 1.0)
        return norm

    def inputs(self, tokens, states):
        joined = torch.cat([self.norms[0](self.embedding[tokens]), self.norms[1](states)], -1)
        return joined @ self.values[self.name("eh_proj")].T

    def states(self, rows):
        return self.layer(inputs_embeds=rows[None], use_cache=False).last_hidden_state[0]


def with_block(tensors):
    def run(model, tokens):
        block = Block(model, tensors(model.config))
        model.model.layers = model.model.layers[:-1]
        states = states_of(model.model, tokens)
        rows = block.inputs(tokens[0, 1:], states[:-1])
        guessing = block.states(rows)
        guesses = guessing @ block.output.T
        second = block.inputs(guesses[-1:].argmax(-1), guessing[-1:])
        return {"logits": states @ model.lm_head.weight.T, "guesses": guesses,
                "second guess": block.states(torch.cat([rows, second]))[-1] @ block.output.T}

    return run


def predicting(keys):
    return lambda c: keys(c) | {"nextn_predict_layers": 1}


THREE_LAYERS = dict(num_hidden_layers=3, layer_types=["linear_attention", "full_attention", "full_attention"])
NOT_CONVERTED = "it takes the block from checkpoints, which transformers' model does not have"


def family(architecture, config, model, names, keys, settings, variants, tensors=block_tensors):
    return Family(architecture, config, model, names=names, keys=predicting(keys), listed=decay_rates, run=with_block(tensors),
                  unread=tensors, settings=DELTA_NET | settings | THREE_LAYERS, variants=variants, converts=NOT_CONVERTED)


FAMILIES = [
    family("qwen35", tf.Qwen3_5TextConfig, tf.Qwen3_5ForCausalLM, qwen35_names, sectioned(delta_net_keys), SECTIONS,
           {"qwen35-mtp": ("an MTP block, with the model's embedding and head", {})}),
    family("qwen35", tf.Qwen3_5TextConfig, tf.Qwen3_5ForCausalLM, qwen35_names, sectioned(delta_net_keys), SECTIONS,
           {"qwen35-mtp-own": ("an MTP block with an embedding and a head of its own; the model's head is tied",
                               dict(tie_word_embeddings=True))}, own_tables),
    family("qwen35moe", tf.Qwen3_5MoeTextConfig, tf.Qwen3_5MoeForCausalLM, qwen35moe_names, sectioned(delta_net_keys),
           SECTIONS | EXPERTS_OF_EIGHT | dict(intermediate_size=...), {"qwen35moe-mtp": ("an MTP block of experts", {})}),
    family("qwen3next", tf.Qwen3NextConfig, tf.Qwen3NextForCausalLM, qwen3next_names, delta_net_keys,
           EXPERTS_OF_EIGHT | rope(theta=1e7, partial_rotary_factor=0.25),
           {"qwen3next-mtp": ("an MTP block of experts", {})}),
]
