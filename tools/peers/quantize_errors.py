"""What tools/peers/quantize_errors runs: LIBRARY QUIRE MODEL FOLDER TYPE..."""

import collections
import ctypes
import subprocess
import sys

import numpy as np
from gguf import GGML_QUANT_SIZES, GGUFReader, GGUFWriter
from gguf.quants import dequantize

LIMIT = 1.02
UNSEARCHED = {"F32", "F16", "BF16", "Q8_0", "Q5_0", "Q5_1", "Q4_0", "Q4_1"}


def values_of(tensor):
    """(rows, inputs)"""
    return dequantize(np.array(tensor.data), tensor.tensor_type).astype(np.float32).reshape(-1, int(tensor.shape[0]))


def write_importance(path, tensors):
    """Log-normal importances of every matrix, which are returned by name."""
    rng = np.random.default_rng(3)
    writer = GGUFWriter(path, "")
    writer.kv_data[0].clear()
    writer.add_uint32("imatrix.chunk_count", 1)
    writer.add_uint32("imatrix.chunk_size", 512)
    importances = {}
    for tensor in tensors:
        if len(tensor.shape) != 2:
            continue
        importance = np.exp(rng.standard_normal(int(tensor.shape[0]))).astype(np.float32)
        importances[tensor.name] = importance
        writer.add_tensor(tensor.name + ".in_sum2", importance)
        writer.add_tensor(tensor.name + ".counts", np.ones(1, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return importances


class Peer:
    def __init__(self, library):
        self.quantize_chunk = ctypes.CDLL(library).ggml_quantize_chunk
        self.quantize_chunk.restype = ctypes.c_size_t
        self.quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                                        ctypes.c_int64, ctypes.c_void_p]

    def round_trip(self, kind, values, importance):
        rows, inputs = values.shape
        elements, size = GGML_QUANT_SIZES[kind]
        stored = np.zeros((rows, inputs // elements * size), np.uint8)
        values = np.ascontiguousarray(values)
        self.quantize_chunk(int(kind), values.ctypes.data, stored.ctypes.data, 0, rows, inputs,
                            None if importance is None else importance.ctypes.data)
        return dequantize(stored, kind).reshape(values.shape)


def main():
    library, quire, model, folder, *types = sys.argv[1:]
    peer = Peer(library)
    exact = f"{folder}/exact.gguf"
    subprocess.run([quire, "quantize", model, exact, "F32"], check=True, stdout=subprocess.DEVNULL)
    source = {tensor.name: tensor for tensor in GGUFReader(exact).tensors}
    importances = write_importance(f"{folder}/importance.gguf", source.values())
    worst = 0
    print("element type, importance: root mean square error in that of the values, quire's / llama.cpp's = ratio")
    for with_importance in (False, True):
        sums = collections.defaultdict(lambda: np.zeros(3))
        for file_type in types:
            made = f"{folder}/made.gguf"
            extra = ["--imatrix", f"{folder}/importance.gguf"] if with_importance else []
            subprocess.run([quire, "quantize", exact, made, file_type, *extra], check=True, stdout=subprocess.DEVNULL)
            for tensor in GGUFReader(made).tensors:
                if tensor.tensor_type.name in UNSEARCHED:
                    continue
                values = values_of(source[tensor.name])
                importance = importances[tensor.name] if with_importance else None
                weights = np.ones(1) if importance is None else importance.astype(np.float64)
                theirs = peer.round_trip(tensor.tensor_type, values, importance)
                sums[tensor.tensor_type.name] += [(weights * (values_of(tensor) - values).astype(np.float64)**2).sum(),
                                                  (weights * (theirs - values).astype(np.float64)**2).sum(),
                                                  (weights * values.astype(np.float64)**2).sum()]
        for kind, (ours, theirs, power) in sorted(sums.items()):
            ratio = np.sqrt(ours / theirs)
            worst = max(worst, ratio)
            print(f"{kind}, {'weighed' if with_importance else 'none'}: "
                  f"{np.sqrt(ours / power):.5f} / {np.sqrt(theirs / power):.5f} = {ratio:.4f}")
    sys.exit(1 if worst > LIMIT else 0)


main()
