"""Writes a checkpoint of train.py as GGUF.

    python export.py --run build/run --tokenizer build/tokenizer.json --out build/quire-tiny-f32.gguf \
        [--quire ../../build/release/quire --quantized ../../models/quire-tiny.gguf]

With --quire it also compares quire's logits of the F32 file with PyTorch's, and has quire write the quantized file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

from chat import BOS, CHAT_TEMPLATE, END, PAD, SPECIAL_TOKENS, assemble
from model import Model, ModelConfig

DESCRIPTION = (
    "A small demonstration model that comes with quire, so that it answers without a download. It was trained from "
    "random weights on text made by quire's own templates only (tools/train): children's stories, simple questions, "
    "small sums, lists and greetings. It knows nothing else; do not rely on what it says."
)

LOGITS_ERROR_MAX = 1e-4
"""Relative root mean square. Both compute in f32 and differ in the order of additions only: 1e-6 is usual."""


def load_model(checkpoint: Path) -> Model:
    saved = torch.load(checkpoint, map_location="cpu")
    model = Model(ModelConfig(**saved["config"]))
    model.load_state_dict(saved["model"])
    return model.eval()


def neighbours(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from halves to pairs: elements that rope turns together become neighbours, as GGUF's llama
    wants them."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def tensors(model: Model) -> Iterator[tuple[str, np.ndarray]]:
    config = model.config

    def values(weight: torch.Tensor) -> np.ndarray:
        return weight.detach().float().numpy()

    yield "token_embd.weight", values(model.embedding.weight)
    for index, layer in enumerate(model.layers):
        block = f"blk.{index}."
        q, k, v = (values(part) for part in layer.attention.qkv.weight.split(layer.attention.rows))
        gate, up = (values(part) for part in layer.ffn.gate_up.weight.split(layer.ffn.rows))
        yield block + "attn_norm.weight", values(layer.attention_norm.weight)
        yield block + "attn_q.weight", neighbours(q, config.heads)
        yield block + "attn_k.weight", neighbours(k, config.kv_heads)
        yield block + "attn_v.weight", v
        yield block + "attn_output.weight", values(layer.attention.output.weight)
        yield block + "ffn_norm.weight", values(layer.ffn_norm.weight)
        yield block + "ffn_gate.weight", gate
        yield block + "ffn_up.weight", up
        yield block + "ffn_down.weight", values(layer.ffn.down.weight)
    yield "output_norm.weight", values(model.norm.weight)


def size_label(parameters: int) -> str:
    return f"{parameters / 1e6:.1f}M"


def add_general(writer: gguf.GGUFWriter, model: Model) -> None:
    writer.add_type("model")
    writer.add_name("quire-tiny")
    writer.add_author("quire")
    writer.add_organization("quire")
    writer.add_license("Apache-2.0")
    writer.add_description(DESCRIPTION)
    writer.add_size_label(size_label(model.parameter_count()))
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def add_shape(writer: gguf.GGUFWriter, config: ModelConfig) -> None:
    writer.add_block_count(config.layers)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_feed_forward_length(config.ffn)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_key_length(config.head_dim)
    writer.add_value_length(config.head_dim)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.norm_epsilon)
    writer.add_vocab_size(config.vocab)


def add_tokenizer(writer: gguf.GGUFWriter, path: Path) -> None:
    tokenizer = json.loads(path.read_text())["model"]
    names = sorted(tokenizer["vocab"], key=tokenizer["vocab"].get)
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["merges"]]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(names)
    writer.add_token_types([control if name in SPECIAL_TOKENS else normal for name in names])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(PAD)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def write_gguf(model: Model, tokenizer: Path, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out, "llama")
    add_general(writer, model)
    add_shape(writer, model.config)
    add_tokenizer(writer, tokenizer)
    for name, values in tensors(model):
        writer.add_tensor(name, np.ascontiguousarray(values))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def sample_tokens(tokenizer: Tokenizer) -> list[int]:
    """A conversation as the template writes it, more than two of quire's KV blocks of 32 long."""
    messages = [
        ("user", "Tell me a story about a girl named Lily and a red kite in the park."),
        ("assistant", "Once upon a time there was a girl named Lily. She had a red kite. " * 6),
        ("user", "What is 17 + 25?"),
    ]
    tokens, _ = assemble(messages, [tokenizer.encode(text, add_special_tokens=False).ids for _, text in messages])
    return tokens.tolist()


def logits_error(model: Model, tokenizer: Path, file: Path, quire: Path) -> float:
    """Relative root mean square between quire's logits and PyTorch's."""
    tokens = sample_tokens(Tokenizer.from_file(str(tokenizer)))
    with torch.no_grad():
        expected = model(torch.tensor([tokens]))[0].double().numpy()
    with tempfile.NamedTemporaryFile() as out:
        command = [str(quire), "logits", str(file), "--tokens", ",".join(map(str, tokens)), "--out", out.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = np.fromfile(out.name, dtype=np.float32).reshape(expected.shape).astype(np.float64)
    return float(np.sqrt(((found - expected) ** 2).mean() / (expected**2).mean()))


def check_tokens(tokenizer: Path, file: Path, quire: Path) -> None:
    """The two tokenizers must cut alike, or the model would be asked in a language that it never saw."""
    text = (
        'Once upon a time, Lily\'s dog said: "We\'ll go!" What is 17 + 25 = 42? It isn\'t far - only 3 steps.\n\n'
        "- one; two: three...\nName three animals!  THE END I'M he'd xylophone zebra-like co-op 1,024 3.5"
    )
    expected = Tokenizer.from_file(str(tokenizer)).encode(text, add_special_tokens=False).ids
    result = subprocess.run([str(quire), "tokenize", str(file)], input=text, capture_output=True, text=True)
    found = [int(word) for word in result.stdout.replace(",", " ").split()]
    if found != expected:
        raise SystemExit(f"quire cuts text into other tokens:\n{found}\nexpected\n{expected}\n{result.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a checkpoint as GGUF.")
    parser.add_argument("--run", type=Path, required=True, help="the folder of train.py")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the F32 file")
    parser.add_argument("--quire", type=Path)
    parser.add_argument("--quantized", type=Path)
    parser.add_argument("--type", default="Q8_0", help="of the quantized file")
    arguments = parser.parse_args()
    if arguments.quantized and not arguments.quire:
        parser.error("--quantized needs --quire")
    model = load_model(arguments.run / "checkpoint.pt")
    write_gguf(model, arguments.tokenizer, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes, {model.parameter_count():,} parameters")
    if arguments.quire:
        check_tokens(arguments.tokenizer, arguments.out, arguments.quire)
        error = logits_error(model, arguments.tokenizer, arguments.out, arguments.quire)
        print(f"logits of quire and PyTorch differ by {error:.1e} (relative rms), tokens not at all")
        if error > LOGITS_ERROR_MAX:
            raise SystemExit(f"more than {LOGITS_ERROR_MAX}: the file is not the model")
    if arguments.quantized:
        arguments.quantized.parent.mkdir(parents=True, exist_ok=True)
        command = [arguments.quire, "quantize", arguments.out, arguments.quantized, arguments.type]
        subprocess.run(list(map(str, command)), check=True)
        print(f"{arguments.quantized}: {arguments.quantized.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
