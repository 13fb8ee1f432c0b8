#!/usr/bin/env python3
"""Seeds for fuzz/gguf_fuzz.cpp, made with PyPI's gguf. Run from the repository's root; writes fuzz/corpus/gguf."""

import pathlib

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, GGUFValueType


def main():
    out = pathlib.Path("fuzz/corpus/gguf")
    out.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(out / "values.gguf", "llama")
    for kind in GGUFValueType:
        if kind not in (GGUFValueType.ARRAY, GGUFValueType.STRING, GGUFValueType.BOOL):
            writer.add_key_value(kind.name, 3, kind)
    writer.add_bool("yes", True)
    writer.add_array("strings", ["a", "", "b c"])
    writer.add_array("numbers", [1, -2, 3])
    writer.add_array("floats", [0.5, 2.0])
    finish(writer)

    writer = GGUFWriter(out / "tensors.gguf", "qwen2")
    writer.add_custom_alignment(64)
    writer.add_tensor("f32", np.arange(6, dtype=np.float32).reshape(2, 3))
    writer.add_tensor("f16", np.arange(8, dtype=np.float16).reshape(1, 2, 2, 2))
    writer.add_tensor("q4_0", np.zeros((2, 18), dtype=np.uint8), raw_dtype=GGMLQuantizationType.Q4_0)
    writer.add_tensor("q6_k", np.zeros((1, 210), dtype=np.uint8), raw_dtype=GGMLQuantizationType.Q6_K)
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
