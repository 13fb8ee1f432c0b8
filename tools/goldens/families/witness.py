"""llama.cpp beside transformers, on the file of a golden."""
import pathlib
import subprocess
import tempfile

import numpy as np

from .family import VOCAB

HERE = pathlib.Path(__file__).parent


def write_file(golden, path):
    """The golden as a file, with a vocabulary, which llama.cpp asks for."""
    import gguf  # here: with --converter it is the one that comes with it
    writer = gguf.GGUFWriter(str(path), golden.family.architecture)
    for key, value in golden.metadata.items():
        if key == "general.architecture":
            continue
        (kind, content), = value.items()
        if kind.endswith("[]"):
            writer.add_key_value(key, content, gguf.GGUFValueType.ARRAY, gguf.GGUFValueType[kind[:-2].upper()])
        else:
            writer.add_key_value(key, content, gguf.GGUFValueType[kind.upper()])
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([f"t{i}" for i in range(VOCAB)])
    writer.add_token_types([1] * VOCAB)
    writer.add_token_merges(["t 1", "t 2"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    for name, array in golden.tensors.arrays.items():
        writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def llama_cpp(golden, kind, peers):
    """What llama.cpp gives of this kind, or why it gives nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_file(golden, folder / "model.gguf")
        ran = subprocess.run(["node", HERE / "llama_cpp.mjs", peers.resolve() / "llama.mjs", kind, folder / "model.gguf",
                              folder / "out", *map(str, golden.tokens)], capture_output=True, text=True)
        if ran.returncode != 0:
            return (ran.stderr.strip() or "failed").splitlines()[-1]
        return np.fromfile(folder / "out", "<f4")


def compare(golden, results, peers):
    """A line for each output."""
    for kind, expected in results.items():
        if kind == "rows":
            continue
        found = llama_cpp(golden, kind, peers)
        if isinstance(found, str):
            yield f"{kind}: {found}"
            continue
        difference = np.abs(found.reshape(expected.shape) - expected)
        yield f"{kind}: max {difference.max():.1e} mean {difference.mean():.1e} of deviation {expected.std():.2f}"
