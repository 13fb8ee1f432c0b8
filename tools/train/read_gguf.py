"""Takes a model that export.py wrote back: its tokenizer, and its weights as a checkpoint that a new run can start with.

    python read_gguf.py --model ../../models/quire-tiny.gguf --tokenizer build/tokenizer.json --checkpoint build/start.pt

Quantized weights come back rounded: Q8_0 keeps them to about 0.4 % of the largest of 32, which further training mends.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer, models

from bpe import new_tokenizer
from chat import SPECIAL_TOKENS
from model import Model, ModelConfig

CONFIG_KEYS = {
    "vocab": "llama.vocab_size", "width": "llama.embedding_length", "layers": "llama.block_count",
    "heads": "llama.attention.head_count", "kv_heads": "llama.attention.head_count_kv",
    "head_dim": "llama.attention.key_length", "ffn": "llama.feed_forward_length", "context": "llama.context_length",
    "rope_base": "llama.rope.freq_base", "norm_epsilon": "llama.attention.layer_norm_rms_epsilon",
}


def config_of(reader: gguf.GGUFReader) -> ModelConfig:
    return ModelConfig(**{name: reader.get_field(key).contents() for name, key in CONFIG_KEYS.items()})


def halves(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from pairs to halves: undoes export.neighbours."""
    return weight.reshape(heads, -1, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def read_model(path: Path) -> Model:
    reader = gguf.GGUFReader(path)
    config = config_of(reader)
    values = {
        tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32) for tensor in reader.tensors
    }
    state = {"embedding.weight": values["token_embd.weight"], "norm.weight": values["output_norm.weight"]}
    for index in range(config.layers):
        block, layer = f"blk.{index}.", f"layers.{index}."
        q = halves(values[block + "attn_q.weight"], config.heads)
        k = halves(values[block + "attn_k.weight"], config.kv_heads)
        state[layer + "attention_norm.weight"] = values[block + "attn_norm.weight"]
        state[layer + "attention.qkv.weight"] = np.concatenate([q, k, values[block + "attn_v.weight"]])
        state[layer + "attention.output.weight"] = values[block + "attn_output.weight"]
        state[layer + "ffn_norm.weight"] = values[block + "ffn_norm.weight"]
        state[layer + "ffn.gate_up.weight"] = np.concatenate(
            [values[block + "ffn_gate.weight"], values[block + "ffn_up.weight"]])
        state[layer + "ffn.down.weight"] = values[block + "ffn_down.weight"]
    model = Model(config)
    model.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()})
    return model


def read_tokenizer(path: Path) -> Tokenizer:
    reader = gguf.GGUFReader(path)
    names = reader.get_field("tokenizer.ggml.tokens").contents()
    merges = [tuple(merge.split(" ")) for merge in reader.get_field("tokenizer.ggml.merges").contents()]
    tokenizer = new_tokenizer()
    tokenizer.model = models.BPE({name: index for index, name in enumerate(names)}, merges)
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a GGUF file's tokenizer and weights as training has them.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True, help="for train.py's --start")
    arguments = parser.parse_args()
    for path in (arguments.tokenizer, arguments.checkpoint):
        path.parent.mkdir(parents=True, exist_ok=True)
    model = read_model(arguments.model)
    read_tokenizer(arguments.model).save(str(arguments.tokenizer))
    torch.save({"config": model.config.as_dict(), "model": model.state_dict()}, arguments.checkpoint)
    print(f"{arguments.checkpoint}: {model.parameter_count():,} parameters")


if __name__ == "__main__":
    main()
