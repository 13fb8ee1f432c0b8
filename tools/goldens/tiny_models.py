#!/usr/bin/env python3
"""Tiny random models of three architectures as F32 GGUF files, for tests that need some model.

    python3 tools/goldens/tiny_models.py tests/data/tiny_models

Needs torch, transformers, gguf and numpy from PyPI. For each model NAME it writes NAME.gguf: the weights of one that
transformers made, converted here tensor by tensor (llama: q and k permuted as GGUF wants them). What such models compute is
tested by other goldens (tools/goldens/families).
"""
import pathlib
import sys

import gguf
import numpy as np
import torch
import transformers

VOCAB = 48


def permute(weight, heads):
    """Rows (heads, 2, half) -> (heads, half, 2): elements that turn together become neighbours."""
    return weight.reshape(heads, 2, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def randomize(model, seed):
    """Weights of unit gain, so that every part of a layer matters in the logits."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.named_parameters():
        noise = torch.randn(tensor.shape, generator=generator)
        if "norm" in name:
            tensor.data = 1.0 + 0.2 * noise
        elif tensor.dim() == 1:
            tensor.data = 0.5 * noise
        elif "embed" in name:
            tensor.data = noise
        else:
            tensor.data = noise * (1.4 / tensor.shape[1] ** 0.5)


def tensor_names(layer):
    p, b = f"model.layers.{layer}.", f"blk.{layer}."
    return {
        p + "input_layernorm.weight": b + "attn_norm.weight",
        p + "self_attn.q_proj.weight": b + "attn_q.weight",
        p + "self_attn.k_proj.weight": b + "attn_k.weight",
        p + "self_attn.v_proj.weight": b + "attn_v.weight",
        p + "self_attn.q_proj.bias": b + "attn_q.bias",
        p + "self_attn.k_proj.bias": b + "attn_k.bias",
        p + "self_attn.v_proj.bias": b + "attn_v.bias",
        p + "self_attn.q_norm.weight": b + "attn_q_norm.weight",
        p + "self_attn.k_norm.weight": b + "attn_k_norm.weight",
        p + "self_attn.o_proj.weight": b + "attn_output.weight",
        p + "post_attention_layernorm.weight": b + "ffn_norm.weight",
        p + "mlp.gate_proj.weight": b + "ffn_gate.weight",
        p + "mlp.up_proj.weight": b + "ffn_up.weight",
        p + "mlp.down_proj.weight": b + "ffn_down.weight",
    }


def write_gguf(path, arch, config, model, rope):
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(rope["rope_theta"])
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if head_dim != config.hidden_size // config.num_attention_heads:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "llama3":
        plain = 1.0 / (rope["rope_theta"] ** (np.arange(0, head_dim, 2, dtype=np.float64) / head_dim))
        scaled = model.model.rotary_emb.inv_freq.double().numpy()
        writer.add_tensor("rope_freqs.weight", (plain / scaled).astype(np.float32))

    names = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if not config.tie_word_embeddings:
        names["lm_head.weight"] = "output.weight"
    for layer in range(config.num_hidden_layers):
        names |= tensor_names(layer)
    state = {name: tensor.detach().float().numpy() for name, tensor in model.state_dict().items()}
    for source, target in names.items():
        if source not in state:
            continue
        value = state.pop(source)
        if arch == "llama" and ".q_proj." in source:
            value = permute(value, config.num_attention_heads)
        if arch == "llama" and ".k_proj." in source:
            value = permute(value, config.num_key_value_heads)
        writer.add_tensor(target, np.ascontiguousarray(value))
    state.pop("lm_head.weight", None)
    assert not state, f"tensors that were not converted: {sorted(state)}"
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(folder, name, arch, seed, rope=None, **changes):
    classes = {
        "llama": (transformers.LlamaConfig, transformers.LlamaForCausalLM),
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
        "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
    }
    rope = {"rope_type": "default", "rope_theta": 10000.0} | (rope or {})
    settings = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, max_position_embeddings=256, rms_norm_eps=1e-5, tie_word_embeddings=False,
                    rope_parameters=rope, attn_implementation="eager", pad_token_id=0, bos_token_id=1, eos_token_id=2)
    make_config, make_model = classes[arch]
    config = make_config(**(settings | changes))
    model = make_model(config).float().eval()
    randomize(model, seed)
    write_gguf(folder / f"{name}.gguf", arch, config, model, rope)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    make(folder, "llama-tied", "llama", 1, tie_word_embeddings=True)
    make(folder, "llama-factors", "llama", 2, head_dim=12,
         rope=dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                   original_max_position_embeddings=32))
    make(folder, "llama-linear", "llama", 3, num_key_value_heads=4, rope=dict(rope_type="linear", factor=4.0))
    make(folder, "qwen2", "qwen2", 4, tie_word_embeddings=True, rope=dict(rope_theta=1000000.0))
    make(folder, "qwen3", "qwen3", 5, head_dim=16, num_key_value_heads=1, rope=dict(rope_theta=1000000.0))


if __name__ == "__main__":
    main()
