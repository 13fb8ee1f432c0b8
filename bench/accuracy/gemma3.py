"""What bench/accuracy/gemma3 runs."""

import argparse
import math
import pathlib
import subprocess
import tempfile

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize

HERE = pathlib.Path(__file__).parent
QUIRE = HERE / "../../build/release/quire"
PROMPTS = ["The capital of France is", "Once upon a time, there was a little girl named Lily.",
           "def fibonacci(n):\n", "Water boils at 100 degrees Celsius because"]
BLOCK = 32  # positions whose logits are compared at once, 64 MB a side with 262,144 tokens
LAYERS_OF_27B = 62  # its scores are scaled otherwise, by no key


class Reference:
    """Gemma 3 in float64: plain matrix products over the dequantized weights, all positions at once."""

    def __init__(self, path):
        reader = GGUFReader(path)
        self.tensors = {tensor.name: tensor for tensor in reader.tensors}
        self.fields = reader.fields
        self.vocabulary = self.key("tokenizer.ggml.tokens")
        self.layers, self.width = self.key("gemma3.block_count"), self.key("gemma3.embedding_length")
        self.heads, self.kv_heads = self.key("gemma3.attention.head_count"), self.key("gemma3.attention.head_count_kv")
        self.head_dim = self.key("gemma3.attention.key_length")
        self.window = self.key("gemma3.attention.sliding_window")
        self.epsilon = self.key("gemma3.attention.layer_norm_rms_epsilon")
        if self.layers == LAYERS_OF_27B or "gemma3.rope.scaling.type" in self.fields or "output.weight" in self.tensors:
            raise SystemExit("gemma3.py: not a Gemma 3 of 270M or 1B")
        self.embedding = self.weights("token_embd.weight")

    def key(self, name, otherwise=None):
        return self.fields[name].contents() if name in self.fields else otherwise

    def weights(self, name):
        """(outputs, inputs) or (elements)"""
        tensor = self.tensors[name]
        return dequantize(np.array(tensor.data), tensor.tensor_type).astype(np.float64).reshape(tensor.shape[::-1])

    def norm(self, x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.epsilon) * self.weights(name)

    def turned(self, x, base):
        """x: (positions, heads, head_dim); element i turns with element i + head_dim / 2."""
        half = self.head_dim // 2
        angles = np.arange(len(x))[:, None, None] * base ** (-np.arange(half) / half)
        first, second = x[..., :half], x[..., half:]
        return np.concatenate([first * np.cos(angles) - second * np.sin(angles),
                               second * np.cos(angles) + first * np.sin(angles)], -1)

    def attend(self, x, layer):
        blk = f"blk.{layer}."
        windowed = layer % 6 < 5
        base = self.key("gemma3.rope.freq_base_swa" if windowed else "gemma3.rope.freq_base", 10000.0)
        count = len(x)

        def heads(name, heads):
            return (x @ self.weights(f"{blk}{name}.weight").T).reshape(count, heads, self.head_dim)

        q = self.turned(self.norm(heads("attn_q", self.heads), blk + "attn_q_norm.weight"), base)
        k = self.turned(self.norm(heads("attn_k", self.kv_heads), blk + "attn_k_norm.weight"), base)
        v = heads("attn_v", self.kv_heads)
        behind = np.arange(count)[:, None] - np.arange(count)
        hidden = (behind < 0) | ((behind >= self.window) if windowed else False)
        out = np.empty_like(q)
        for head in range(self.heads):
            kv_head = head // (self.heads // self.kv_heads)
            scores = q[:, head] @ k[:, kv_head].T / math.sqrt(self.head_dim)
            scores[hidden] = -np.inf
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            out[:, head] = weights / weights.sum(-1, keepdims=True) @ v[:, kv_head]
        return out.reshape(count, -1) @ self.weights(blk + "attn_output.weight").T

    def feed(self, x, layer):
        blk = f"blk.{layer}."
        gate, up = (x @ self.weights(f"{blk}ffn_{name}.weight").T for name in ("gate", "up"))
        gelu = 0.5 * gate * (1 + np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
        return (gelu * up) @ self.weights(blk + "ffn_down.weight").T

    def states(self, tokens):
        """What the output matrix reads: (tokens, width)."""
        x = self.embedding[tokens] * math.sqrt(self.width)
        for layer in range(self.layers):
            blk = f"blk.{layer}."
            attended = self.attend(self.norm(x, blk + "attn_norm.weight"), layer)
            x = x + self.norm(attended, blk + "post_attention_norm.weight")
            fed = self.feed(self.norm(x, blk + "ffn_norm.weight"), layer)
            x = x + self.norm(fed, blk + "post_ffw_norm.weight")
        return self.norm(x, "output_norm.weight")

    def text(self, tokens):
        return "".join(self.vocabulary[token] for token in tokens).replace("\u2581", " ")


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


class Engines:
    """quire and llama.cpp, each a process a call."""

    def __init__(self, model, threads, folder):
        self.model, self.threads, self.folder = model, str(threads), pathlib.Path(folder)

    def tokens(self, text):
        found = subprocess.run([QUIRE, "tokenize", "--special", self.model], input=text.encode(), capture_output=True,
                               check=True).stdout
        return [int(token) for token in found.split()]

    def read(self, name, count):
        return np.memmap(self.folder / name, "<f4", "r").reshape(count, -1)

    def quire_logits(self, tokens):
        subprocess.run([QUIRE, "logits", self.model, "--tokens", ",".join(map(str, tokens)), "--out",
                        self.folder / "quire", "--threads", self.threads], check=True, stdout=subprocess.DEVNULL)
        return self.read("quire", len(tokens))

    def llama(self, script, *arguments):
        subprocess.run([HERE / "../peers/node", HERE / script, "--model", self.model, "--threads", self.threads,
                        *arguments], check=True)

    def llama_logits(self, tokens):
        (self.folder / "tokens").write_text(" ".join(map(str, tokens)))
        self.llama("llama_logits.mjs", "--tokens", self.folder / "tokens", "--prompt", self.folder / "prompt",
                   "--generated", self.folder / "generated")
        return [self.read(name, len(tokens)) for name in ("prompt", "generated")]

    def llama_greedy(self, prompts, count):
        (self.folder / "prompts").write_text("\n".join(" ".join(map(str, prompt)) for prompt in prompts))
        self.llama("llama_greedy.mjs", "--prompts", self.folder / "prompts", "--generate", str(count), "--out",
                   self.folder / "greedy")
        return [[int(token) for token in line.split()] for line in (self.folder / "greedy").read_text().splitlines()]


def print_divergences(reference, engines, tokens):
    sides = {"quire": engines.quire_logits(tokens)}
    sides["llama.cpp, prompt"], sides["llama.cpp, generated"] = engines.llama_logits(tokens)
    states = reference.states(tokens)
    divergences, agreeing = {name: [] for name in sides}, dict.fromkeys(sides, 0)
    for begin in range(0, len(states), BLOCK):
        rows = slice(begin, begin + BLOCK)
        expected = log_softmax(states[rows] @ reference.embedding.T)
        for name, logits in sides.items():
            found = log_softmax(logits[rows].astype(np.float64))
            divergences[name].extend((np.exp(expected) * (expected - found)).sum(-1))
            agreeing[name] += (found.argmax(-1) == expected.argmax(-1)).sum()
    print("| rows | mean KL, nats | largest | the reference's likeliest token |\n| --- | --- | --- | --- |")
    for name, values in divergences.items():
        error = np.std(values, ddof=1) / math.sqrt(len(values))
        print(f"| {name} | {np.mean(values):.2e} ± {error:.2e} | {max(values):.2e} | {agreeing[name]} of {len(tokens)} |")


def print_greedy(reference, engines, count):
    """Along what llama.cpp says: where quire would have said something else, and what the reference thinks of both."""
    prompts = [engines.tokens(prompt) for prompt in PROMPTS]
    for prompt, text, said in zip(prompts, PROMPTS, engines.llama_greedy(prompts, count)):
        tokens = prompt + said[:-1]
        first = len(prompt) - 1
        ours = engines.quire_logits(tokens)[first:].argmax(-1)
        expected = reference.states(tokens)[first:] @ reference.embedding.T
        best = expected.argmax(-1)
        print(f"\n{text!r}: llama.cpp goes on {reference.text(said)!r}")
        print(f"of {count} tokens quire chooses the same {(ours == said).sum()} times; the reference's likeliest is "
              f"quire's {(best == ours).sum()} times, llama.cpp's {(best == said).sum()} times")
        for i in np.flatnonzero(ours != said):
            gap = expected[i, ours[i]] - expected[i, said[i]]
            print(f"  token {i}: quire {reference.text([ours[i]])!r}, llama.cpp {reference.text([said[i]])!r}, "
                  f"reference {reference.text([best[i]])!r}; its logit of quire's less llama.cpp's: {gap:.3f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--text", type=pathlib.Path, default=HERE / "text.txt")
    parser.add_argument("--tokens", type=int, default=640)
    parser.add_argument("--generate", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    reference = Reference(options.model)
    with tempfile.TemporaryDirectory() as folder:
        engines = Engines(options.model, options.threads, folder)
        print_divergences(reference, engines, engines.tokens(options.text.read_text())[:options.tokens])
        print_greedy(reference, engines, options.generate)


main()
