"""A GGUF file of a sentence-transformers checkpoint of BERT (config.json, model.safetensors, tokenizer.json), with the
names that llama.cpp's converter gives.

    python checkpoint.py FOLDER OUT.gguf F32|F16|Q8_0
"""
import json
import pathlib
import sys

import gguf
import numpy as np
from safetensors.numpy import load_file

TOP = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
       "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm"}
LAYER = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
         "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
         "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
KEPT_EXACT = ("position_embd.weight", "token_types.weight")
NORMAL, CONTROL = 1, 3
SPECIAL = {"bos": "[CLS]", "unknown": "[UNK]", "seperator": "[SEP]", "padding": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"}


def name_of(parameter):
    part, kind = parameter.removeprefix("bert.").rsplit(".", 1)
    if part in TOP:
        return f"{TOP[part]}.{kind}"
    if part.startswith("encoder.layer."):
        layer, block = part.removeprefix("encoder.layer.").split(".", 1)
        return f"blk.{layer}.{LAYER[block]}.{kind}"
    return None  # the pooler and position_ids: no sentence's vector reads them


def add_vocabulary(writer, folder):
    ids = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    pieces = sorted(ids, key=ids.get)
    special = set(SPECIAL.values())
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_list([piece if piece in special else piece[2:] if piece.startswith("##") else "\u2581" + piece
                           for piece in pieces])
    writer.add_token_types([CONTROL if piece in special else NORMAL for piece in pieces])
    for role, piece in SPECIAL.items():
        writer.add_uint32(f"tokenizer.ggml.{role}_token_id", ids[piece])


def main():
    folder, out, kind = pathlib.Path(sys.argv[1]), sys.argv[2], gguf.GGMLQuantizationType[sys.argv[3]]
    config = json.loads((folder / "config.json").read_text())
    writer = gguf.GGUFWriter(out, "bert")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_token_type_count(config["type_vocab_size"])
    add_vocabulary(writer, folder)
    for parameter, values in load_file(folder / "model.safetensors").items():
        name = name_of(parameter)
        if name is None:
            continue
        exact = values.ndim == 1 or name in KEPT_EXACT
        of = gguf.GGMLQuantizationType.F32 if exact else kind
        writer.add_tensor(name, gguf.quants.quantize(values.astype(np.float32), of), raw_dtype=of)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
