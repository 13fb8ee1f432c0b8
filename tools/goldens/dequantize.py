#!/usr/bin/env python3
"""Goldens for tests/tensor, from PyPI's gguf: what blocks mean, and what its quantizers make of values.

Writes tests/data/tensor/dequantize.bin and quantize.bin. Needs gguf and numpy; run from the repository's root.
All numbers are little-endian. A record of dequantize.bin: element type (uint32), elements (uint32), stored bytes,
float32 values of the first 512 elements at most, FNV-1a (64 bits) over the float32 values of all of them.
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
# Byte offsets of the f16 scales in a block.
SCALES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q4_K: [0, 2],
          Type.Q5_K: [0, 2], Type.Q6_K: [208]}
# Zeros, the smallest and largest subnormals, the smallest normal, the largest number, and ordinary ones.
EDGE_SCALES = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x3C00, 0xBC00, 0x1234, 0x9999]


def fnv1a(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def finite_words(rng, count, exponent_mask, dtype):
    """Random bits that are no infinity or NaN."""
    words = rng.integers(0, np.iinfo(dtype).max, size=count, dtype=dtype, endpoint=True)
    return np.where((words & exponent_mask) == exponent_mask, dtype(0x1234), words).astype(dtype)


def random_blocks(rng, kind):
    block_elements, block_bytes = GGML_QUANT_SIZES[kind]
    if kind == Type.F32:
        return finite_words(rng, 512, np.uint32(0x7F800000), np.uint32).view(np.uint8)
    if kind == Type.F16:
        return finite_words(rng, 512, np.uint16(0x7C00), np.uint16).view(np.uint8)
    if kind == Type.BF16:
        return finite_words(rng, 512, np.uint16(0x7F80), np.uint16).view(np.uint8)
    blocks = rng.integers(0, 256, size=(BLOCKS, block_bytes), dtype=np.uint8)
    for place, offset in enumerate(SCALES[kind]):
        words = finite_words(rng, BLOCKS, np.uint16(0x7C00), np.uint16)
        for i, scale in enumerate(EDGE_SCALES):
            words[(i + place * 5) % len(EDGE_SCALES)] = scale
        blocks[:, offset:offset + 2] = words.view(np.uint8).reshape(BLOCKS, 2)
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
    with open(out / "dequantize.bin", "wb") as file:
        for kind in TYPES:
            stored = random_blocks(rng, kind)
            values = dequantize(stored, kind).reshape(-1).astype("<f4")
            assert np.isfinite(values).all()
            file.write(struct.pack("<II", kind, values.size))
            file.write(stored.tobytes())
            file.write(values[:VALUES_SHOWN].tobytes())
            file.write(struct.pack("<Q", fnv1a(values.tobytes())))
    rows = values_to_quantize(rng)
    with open(out / "quantize.bin", "wb") as file:
        file.write(struct.pack("<I", rows.size))
        file.write(rows.astype("<f4").tobytes())
        for kind in [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1]:
            stored = quantize(rows, kind)
            file.write(struct.pack("<I", kind))
            file.write(np.ascontiguousarray(stored).tobytes())


main()
