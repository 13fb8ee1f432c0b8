#!/usr/bin/env python3
"""Importance matrices as llama.cpp's imatrix tool writes them, made with PyPI's gguf and by hand.

Writes tests/data/importance/two.gguf and two.dat (the form before GGUF) with the same two tensors, and seeds for
fuzz/importance_fuzz.cpp. Given a file, prints what PyPI's gguf reads in it. Needs gguf and numpy; run from the
repository's root.
"""

import pathlib
import shutil
import struct
import sys

import numpy as np
from gguf import GGUFReader, GGUFWriter

CHUNKS, CHUNK_SIZE, DATASET = 3, 512, "texts/wiki.train.raw"
# tensor: (sums (matrices, inputs), tokens of each matrix)
TENSORS = {
    "blk.0.attn_q.weight": (np.array([[1.5, 0.0, 2.25, 1536.0]], np.float32), [1536]),
    "blk.0.ffn_down_exps.weight": (np.array([[3.0, 6.0, 0.125], [0.0, 0.0, 0.0]], np.float32), [700, 0]),
}


def write_gguf(path):
    writer = GGUFWriter(path, "")
    writer.kv_data[0].clear()  # no architecture
    writer.add_string("general.type", "imatrix")
    writer.add_array("imatrix.datasets", [DATASET])
    writer.add_uint32("imatrix.chunk_count", CHUNKS)
    writer.add_uint32("imatrix.chunk_size", CHUNK_SIZE)
    for name, (sums, tokens) in TENSORS.items():
        counts = np.array(tokens, np.float32).reshape(-1, 1)
        # Dimensions of 1 at the end are not written, as ggml does not.
        writer.add_tensor(name + ".in_sum2", sums if len(tokens) > 1 else sums[0])
        writer.add_tensor(name + ".counts", counts if len(tokens) > 1 else counts[0])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_older(path):
    with open(path, "wb") as file:
        file.write(struct.pack("<i", len(TENSORS)))
        for name, (sums, tokens) in TENSORS.items():
            calls = (max(tokens) + CHUNK_SIZE - 1) // CHUNK_SIZE
            counts = np.array(tokens, np.float32).reshape(-1, 1)
            # A matrix that no token used is all ones.
            values = np.where(counts > 0, sums / np.maximum(counts, 1), 1) * calls
            file.write(struct.pack("<i", len(name)) + name.encode())
            file.write(struct.pack("<ii", calls, values.size) + values.astype("<f4").tobytes())
        file.write(struct.pack("<ii", CHUNKS, len(DATASET)) + DATASET.encode())


def main():
    if len(sys.argv) > 1:
        reader = GGUFReader(sys.argv[1])
        for field in reader.fields.values():
            print(field.name, field.contents())
        for tensor in reader.tensors:
            print(tensor.name, tensor.tensor_type.name, tensor.shape.tolist(), tensor.data.reshape(-1)[:8].tolist())
        return
    out = pathlib.Path("tests/data/importance")
    corpus = pathlib.Path("fuzz/corpus/importance")
    for folder in (out, corpus):
        folder.mkdir(parents=True, exist_ok=True)
    write_gguf(out / "two.gguf")
    write_older(out / "two.dat")
    for name in ("two.gguf", "two.dat"):
        shutil.copy(out / name, corpus / name)


main()
