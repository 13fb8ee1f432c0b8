#!/usr/bin/env python3
"""Goldens for tests/tensor, from PyPI's gguf: what blocks mean, and what its quantizers make of values.

Writes dequantize.bin, dequantize_random.bin and quantize.bin in tests/data/tensor. Needs gguf and numpy; run from the
repository's root.
All numbers are little-endian. A record of dequantize.bin: element type (uint32), elements (uint32), stored bytes,
float32 values of the first 512 elements at most, FNV-1a (64 bits) over the float32 values of all of them.
A record of dequantize_random.bin: element type (uint32), blocks (uint32), FNV-1a over 32-bit words of the float32 values
of that many blocks of random_bytes(), whose f16 scale is made finite: finite_offsets() says by which bytes.
quantize.bin: elements (uint32), their float32 values, and records of an element type with its stored bytes.
"""

import pathlib
import struct

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize

BLOCKS = 40
VALUES_SHOWN = 512
TYPES = [Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q4_K, Type.Q5_K,
         Type.Q6_K]
# Their records came later, and are drawn after those of the others.
MORE_TYPES = [Type.Q3_K, Type.Q2_K, Type.MXFP4, Type.NVFP4, Type.IQ4_NL, Type.IQ4_XS, Type.IQ3_S, Type.IQ3_XXS,
              Type.IQ2_S, Type.IQ2_XS, Type.IQ2_XXS, Type.IQ1_M, Type.IQ1_S, Type.TQ2_0, Type.TQ1_0]
MORE_BLOCKS = 12
RANDOM_BLOCKS = 1024  # each of the 2048 codes of IQ1 comes in them
# Byte offsets of the f16 scales in a block.
SCALES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q4_K: [0, 2],
          Type.Q5_K: [0, 2], Type.Q6_K: [208], Type.Q3_K: [108], Type.Q2_K: [80, 82], Type.MXFP4: [], Type.NVFP4: [],
          Type.IQ4_NL: [0], Type.IQ4_XS: [0], Type.IQ3_S: [0], Type.IQ3_XXS: [0], Type.IQ2_S: [0], Type.IQ2_XS: [0],
          Type.IQ2_XXS: [0], Type.IQ1_M: [], Type.IQ1_S: [0], Type.TQ2_0: [64], Type.TQ1_0: [52]}
# Zeros, the smallest and largest subnormals, the smallest normal, the largest number, and ordinary ones.
EDGE_SCALES = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00, 0xBC00, 0x1234, 0x9999]


def fnv1a(data) -> int:
    value = 0xCBF29CE484222325
    for piece in data:
        value = ((value ^ piece) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def random_bytes(count):
    """splitmix64 from state 0, little-endian."""
    with np.errstate(over="ignore"):
        word = np.arange(1, count // 8 + 2, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (word ^ (word >> np.uint64(31))).astype("<u8").view(np.uint8)[:count].copy()


def finite_offsets(kind):
    """The bytes of a block in which bit 6 is cleared: it is the highest of an f16 scale's exponent."""
    return [55] if kind == Type.IQ1_M else [offset + 1 for offset in SCALES[kind]]


def scaled_random_blocks(kind, count):
    block_bytes = GGML_QUANT_SIZES[kind][1]
    blocks = random_bytes(count * block_bytes).reshape(count, block_bytes)
    blocks[:, finite_offsets(kind)] &= 0xBF
    return blocks.reshape(-1)


def finite_words(rng, count, exponent_mask, dtype):
    """Random bits that are no infinity or NaN."""
    words = rng.integers(0, np.iinfo(dtype).max, size=count, dtype=dtype, endpoint=True)
    return np.where((words & exponent_mask) == exponent_mask, dtype(0x1234), words).astype(dtype)


def random_blocks(rng, kind, count=BLOCKS):
    block_bytes = GGML_QUANT_SIZES[kind][1]
    if kind == Type.F32:
        return finite_words(rng, 512, np.uint32(0x7F800000), np.uint32).view(np.uint8)
    if kind == Type.F16:
        return finite_words(rng, 512, np.uint16(0x7C00), np.uint16).view(np.uint8)
    if kind == Type.BF16:
        return finite_words(rng, 512, np.uint16(0x7F80), np.uint16).view(np.uint8)
    blocks = rng.integers(0, 256, size=(count, block_bytes), dtype=np.uint8)
    if kind == Type.IQ1_M:
        blocks[:, finite_offsets(kind)] &= 0xBF
    for place, offset in enumerate(SCALES[kind]):
        words = finite_words(rng, count, np.uint16(0x7C00), np.uint16)
        for i, scale in enumerate(EDGE_SCALES):
            words[(i + place * 5) % len(EDGE_SCALES)] = scale
        blocks[:, offset:offset + 2] = words.view(np.uint8).reshape(count, 2)
    return blocks.reshape(-1)


def values_to_quantize(rng):
    """(64, 32): several widths, a constant row, zeros, one-sided rows, ties between extremes, exact halves."""
    rows = rng.standard_normal((64, 32)).astype(np.float32)
    rows *= (10.0 ** rng.uniform(-4, 3, size=(64, 1))).astype(np.float32)
    rows[0] = 0
    rows[1] = 1.5
    rows[2] = -2.25
    rows[3] = np.abs(rows[3])
    rows[4] = -np.abs(rows[4])
    rows[5] = np.where(np.arange(32) % 2 == 0, 8, -8)
    rows[6] = (np.arange(32) - 16) / 2
    rows[7, 1:] = 0
    return rows


def main():
    out = pathlib.Path("tests/data/tensor")
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20240229)
    more_rng = np.random.default_rng(20261129)
    with open(out / "dequantize.bin", "wb") as file:
        for kind in TYPES + MORE_TYPES:
            stored = random_blocks(rng, kind) if kind in TYPES else random_blocks(more_rng, kind, MORE_BLOCKS)
            values = dequantize(stored, kind).reshape(-1).astype("<f4")
            assert np.isfinite(values).all() or kind == Type.MXFP4
            file.write(struct.pack("<II", kind, values.size))
            file.write(stored.tobytes())
            file.write(values[:VALUES_SHOWN].tobytes())
            file.write(struct.pack("<Q", fnv1a(values.tobytes())))
    with open(out / "dequantize_random.bin", "wb") as file:
        for kind in TYPES[3:] + MORE_TYPES:
            with np.errstate(over="ignore"):  # MXFP4's largest values are infinities
                values = dequantize(scaled_random_blocks(kind, RANDOM_BLOCKS), kind).reshape(-1).astype("<f4")
            assert not np.isnan(values).any()
            words = values.view(np.uint32).tolist()
            file.write(struct.pack("<IIQ", kind, RANDOM_BLOCKS, fnv1a(words)))
    rows = values_to_quantize(rng)
    with open(out / "quantize.bin", "wb") as file:
        file.write(struct.pack("<I", rows.size))
        file.write(rows.astype("<f4").tobytes())
        for kind in [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.MXFP4]:
            stored = quantize(rows, kind)
            file.write(struct.pack("<I", kind))
            file.write(np.ascontiguousarray(stored).tobytes())


main()
