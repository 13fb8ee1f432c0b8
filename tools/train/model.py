"""The llama architecture in PyTorch: what train.py trains and export.py writes as GGUF.

RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied embeddings, no biases. Matrices that read the same
input are stored as one (q, k and v; gate and up), which is faster; `named_matrices` gives them one by one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Iterator

import torch
import torch.nn.functional as functional
from torch import Tensor, nn


@dataclass(frozen=True)
class ModelConfig:
    """A model's shape. REQUIRES: width and ffn are multiples of 256 where the export is to be Q4_K or Q6_K."""

    vocab: int = 4096
    width: int = 256
    layers: int = 8
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    ffn: int = 768
    context: int = 1024
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    def as_dict(self) -> dict:
        return asdict(self)


def rope_turns(config: ModelConfig) -> tuple[Tensor, Tensor]:
    """Cosines and sines of every position: (context, head_dim / 2) each."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    angles = torch.outer(torch.arange(config.context, dtype=torch.float64), config.rope_base**-exponents)
    return angles.cos().float(), angles.sin().float()


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turns (batch, position, head, head_dim): element i with element i + head_dim / 2.

    GGUF's llama turns neighbours instead; export.py reorders the rows of q and k, which is the same model.
    """
    first, second = x.chunk(2, dim=-1)
    turned = (first * cosines - second * sines, second * cosines + first * sines)
    return torch.cat(turned, dim=-1).to(x.dtype)


QUERY_BLOCK = 256
"""Positions whose attention is computed together on a CPU; keys after the block are never looked at."""


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of (batch, head, position, head_dim) each.

    On a CPU plain products: compiled and in bf16 they are a third faster than PyTorch's fused kernel (which is best on
    a GPU).
    """
    if q.is_cuda:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    q = q * q.shape[-1] ** -0.5
    positions = torch.arange(q.shape[2])
    blocks = []
    for begin in range(0, q.shape[2], QUERY_BLOCK):
        end = min(begin + QUERY_BLOCK, q.shape[2])
        scores = q[:, :, begin:end] @ k[:, :, :end].transpose(-1, -2)
        later = positions[None, :end] > positions[begin:end, None]
        shares = torch.softmax(scores.float().masked_fill(later, float("-inf")), dim=-1)
        blocks.append(shares.to(v.dtype) @ v[:, :, :end])
    return torch.cat(blocks, dim=2)


class Norm(nn.Module):
    def __init__(self, width: int, epsilon: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return functional.rms_norm(x, x.shape[-1:], self.weight, self.epsilon)


class Attention(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        q_width, kv_width = config.heads * config.head_dim, config.kv_heads * config.head_dim
        self.rows = (q_width, kv_width, kv_width)
        self.qkv = nn.Linear(config.width, sum(self.rows), bias=False)
        self.output = nn.Linear(q_width, config.width, bias=False)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
        batch, positions, _ = x.shape
        q, k, v = (
            part.view(batch, positions, -1, self.config.head_dim) for part in self.qkv(x).split(self.rows, dim=-1)
        )
        q, k = rotate(q, cosines, sines), rotate(k, cosines, sines)
        group = self.config.heads // self.config.kv_heads
        q, k, v = (part.transpose(1, 2) for part in (q, k, v))
        k, v = (part.repeat_interleave(group, dim=1) for part in (k, v))
        mixed = attend(q, k, v)
        return self.output(mixed.transpose(1, 2).reshape(batch, positions, -1))


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.rows = (config.ffn, config.ffn)
        self.gate_up = nn.Linear(config.width, sum(self.rows), bias=False)
        self.down = nn.Linear(config.ffn, config.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(functional.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.attention_norm = Norm(config.width, config.norm_epsilon)
        self.attention = Attention(config)
        self.ffn_norm = Norm(config.width, config.norm_epsilon)
        self.ffn = FeedForward(config)

    def forward(self, x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), cosines, sines)
        return x + self.ffn(self.ffn_norm(x))


class Model(nn.Module):
    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab, config.width)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = Norm(config.width, config.norm_epsilon)
        cosines, sines = rope_turns(config)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def initialise(self, seed: int) -> None:
        """Weights of a new model. What a layer adds begins small, so that the depth does not matter at first."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in self.named_parameters():
                if weight.dim() == 1:
                    weight.fill_(1.0)
                elif name == "embedding.weight":
                    weight.normal_(0.0, 0.02, generator=generator)
                else:
                    adds_to_stream = name.endswith(("output.weight", "down.weight"))
                    gain = 0.5 / (2 * self.config.layers) ** 0.5 if adds_to_stream else 0.7
                    weight.normal_(0.0, gain / weight.shape[1] ** 0.5, generator=generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """(batch, position) token ids -> (batch, position, vocab) logits. REQUIRES: position < context."""
        x = self.embedding(tokens)
        cosines = self.cosines[: tokens.shape[1], None, :].to(x.device)
        sines = self.sines[: tokens.shape[1], None, :].to(x.device)
        for layer in self.layers:
            x = layer(x, cosines, sines)
        return functional.linear(self.norm(x), self.embedding.weight)

    def parameter_count(self) -> int:
        return sum(weight.numel() for weight in self.parameters())

    def stacked_matrices(self) -> Iterator[tuple[str, nn.Parameter, tuple[int, ...]]]:
        """The layers' matrices as they are stored, each with the row counts of the matrices stacked in it."""
        for index, layer in enumerate(self.layers):
            prefix = f"layers.{index}."
            yield prefix + "qkv", layer.attention.qkv.weight, layer.attention.rows
            yield prefix + "output", layer.attention.output.weight, (layer.attention.output.weight.shape[0],)
            yield prefix + "gate_up", layer.ffn.gate_up.weight, layer.ffn.rows
            yield prefix + "down", layer.ffn.down.weight, (layer.ffn.down.weight.shape[0],)
