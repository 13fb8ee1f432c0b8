"""llama.cpp beside transformers, on the file of a golden."""
import json
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
        if kind == "float32[]":
            content = [float(each) for each in content]  # infinities are strings
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


def answers(jobs, folder, peers):
    """What llama.cpp gives for each job: an array, or why there is none. One process for all: it starts slowly."""
    left = list(range(len(jobs)))
    found = {}
    while left:
        (folder / "jobs.json").write_text(json.dumps([jobs[i] for i in left]))
        ran = subprocess.run(["node", HERE / "llama_cpp.mjs", peers.resolve() / "llama.mjs", folder / "jobs.json"],
                             capture_output=True, text=True)
        for i in list(left):
            out, error = pathlib.Path(jobs[i]["out"]), pathlib.Path(jobs[i]["out"] + ".error")
            if out.exists() or error.exists():
                found[i] = np.fromfile(out, "<f4") if out.exists() else error.read_text()
                left.remove(i)
        if left:  # the process ended at the first of them
            found[left.pop(0)] = (ran.stderr.strip() or f"ended by {ran.returncode}").splitlines()[-1]
    return [found[i] for i in range(len(jobs))]


def compare(made, peers):
    """Lines for each of [(golden, results)]."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        jobs, wanted = [], []
        for golden, results in made:
            path = folder / f"{golden.name}.gguf"
            write_file(golden, path)
            for kind, expected in results.items():
                if kind == "rows":
                    continue
                jobs.append({"kind": kind, "model": str(path), "tokens": golden.tokens, "out": f"{path}.{kind}"})
                wanted.append((golden.name, expected))
        for job, (golden, expected), found in zip(jobs, wanted, answers(jobs, folder, peers)):
            if isinstance(found, str):
                yield f"{golden} {job['kind']}: {found}"
                continue
            if job["kind"] == "pooled":  # only its direction is of interest, and some programs scale it
                found, expected = found / np.linalg.norm(found), expected / np.linalg.norm(expected)
            difference = np.abs(found.reshape(expected.shape) - expected)
            yield (f"{golden} {job['kind']}: max {difference.max():.1e} mean {difference.mean():.1e} "
                   f"deviation {expected.std():.2f}")
