#!/usr/bin/env python3
"""Token ids of random texts by Hugging Face's tokenizers, from the vocabularies of GGUF files.

    python3 tools/goldens/tokenizer_goldens.py VOCABULARIES_DIR tests/data/tokenizers

VOCABULARIES_DIR holds ggml-vocab-NAME.gguf. Writes one file a vocabulary, NAME.jsonl, whose lines are [text, ids].
Needs PyPI's gguf and tokenizers.
"""
import json
import pathlib
import random
import sys

import gguf
import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

SEED = 20260921
TEXTS = 150
MARKED_TEXTS = 96

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# Ranges of code points, in hexadecimal.
DEEPSEEK_LETTERS = (
    "41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386 388-38A 38C "
    "38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA 1CBD-1CBF 1D00-1D2B "
    "1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 "
    "1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 "
    "2115 2119-211D 2124 2126 2128 212A-212D 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B "
    "2C7E-2CE4 2CEB-2CEE 2CF2 2CF3 A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 "
    "FB13-FB17 FF21-FF3A FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF "
    "1E900-1E943"
)
DEEPSEEK = [
    r"[\r\n]",
    r"\s?[" + "".join("-".join(chr(int(end, 16)) for end in r.split("-")) for r in DEEPSEEK_LETTERS.split()) + "]+",
    "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
    r"\s+$",
    "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
    r"\p{N}+",
]
EXPRESSIONS = {"gpt-2": [GPT2], "llama-bpe": [LLAMA3], "qwen2": [QWEN2], "deepseek-llm": DEEPSEEK}
COMPOSES = ["qwen2"]  # brings text into NFC first
SENTENCEPIECE = ["llama-spm"]

# What texts are made of: one pool a kind, so that kinds meet at every border.
POOLS = [
    list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ["the", " of", " and", "ing", " token", "izer", "Hello", " world", "'s", "'S", "'re", "'LL", "don't", "I've", "y'all"],
    list("0123456789") + ["2026", "1000000", "\u0663\u0664", "\u00bd", "\u216b", "\u2460"],
    list(".,;:!?-_()[]{}<>/\\|@#$%^&*+=~`\"'"),
    [" ", " ", " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u2003", "\u3000", "\u0085", "\u180e", "\x0b", "\x1f"],
    list("\u00e9\u00fc\u00f1\u00df\u00c5\u0153\u0142\u0151\u1ebf\u0111\u017f\u0130\u01c5"),
    list("\u043f\u0440\u0438\u0432\u0435\u0442\u041c\u0438\u0440\u0436\u03b1\u03b2\u03b3\u03a9"),
    list("\u4f60\u597d\u4e16\u754c\u6f22\u5b57\u3053\u3093\u306b\u3061\u306f\u30ab\u30bf\u30ca\ud55c\uad6d\uc5b4\uff0c\u3002\uff01"),
    list("\u0645\u0631\u062d\u0628\u0627\u05e9\u05dc\u05d5\u05dd\u0928\u092e\u0938\u094d\u0924\u0947\u0e2a\u0e27\u0e31\u0e2a"),
    ["\U0001f680", "\U0001f636\u200d\U0001f32b\ufe0f", "\u2705", "\U0001f999", "e\u0301", "\u200b", "\ufeff", "\ufffd", "\U0001d400",
     "\U00020000", "\u2028", "\x00", "\x7f"],
]
# Characters in parts, marks in any order and without a letter, letters that NFC replaces, syllables in parts.
MARKED_POOLS = [
    list("aeiouncszAEOUNC\u03b1\u03b9\u03c9\u0438\u0435\u0443\u05e9\u0627"),
    list("\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0323\u0327\u0328\u0313\u0314\u0342\u0345\u0306\u05c1\u05bc\u0653\u0655"),
    list("\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0323\u0327\u0328\u0344\u0340\u0341\u034f"),
    ["\u212b", "\u2126", "\u212a", "\u1fef", "\u037e", "\u1fbe", "\uf900", "\U0002f800", "\u0958", "\u0387", "\u2000"],
    ["\u1112\u1161\u11ab", "\u1100\u1173\u11af", "\u1100\u1161", "\ud55c", "\uac00\u11a8", "\u11a8"],
    ["\u0928\u093c", "\u09c7\u09be", "\u0bc6\u0bbe", "\u0cc6\u0cc2\u0cd5", "\u0dd9\u0dcf\u0dca", "\u304b\u3099", "\u30cf\u309a"],
    ["\u1ea5", "\u00e9\u0301", "\u01d5", "\u1e69", "s\u0323\u0307", "s\u0307\u0323", "caf\u0065\u0301", " r\u0065\u0301sume\u0301"],
    [" ", "\n", "the", ".", "1", "'s", "\U0001f680"],
]


def random_text(rng, pools=POOLS):
    pieces = []
    for _ in range(rng.randint(1, 12)):
        pool = rng.choice(pools)
        pieces += [rng.choice(pool) for _ in range(rng.randint(1, 5))]
    return "".join(pieces)


def field(reader, key):
    return reader.fields["tokenizer.ggml." + key]


def strings(reader, key):
    f = field(reader, key)
    return [bytes(f.parts[i]).decode("utf-8", "surrogateescape") for i in f.data]


def numbers(reader, key):
    f = field(reader, key)
    return [f.parts[i][0].item() for i in f.data]


def byte_level(reader, expressions, ignore_merges, composes):
    vocab = {name: i for i, name in enumerate(strings(reader, "tokens"))}
    merges = [tuple(line.split(" ")) for line in strings(reader, "merges")]
    tokenizer = tokenizers.Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=ignore_merges))
    if composes:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(expression), behavior="isolated") for expression in expressions),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    user_defined = [name for name, kind in zip(strings(reader, "tokens"), numbers(reader, "token_type")) if kind == 4]
    tokenizer.add_tokens([AddedToken(name, normalized=False) for name in user_defined])
    return tokenizer


def sentencepiece(reader):
    names, scores, types = strings(reader, "tokens"), numbers(reader, "scores"), numbers(reader, "token_type")
    vocab = {name: i for i, name in enumerate(names)}
    normal = {name for name, kind in zip(names, types) if kind == 1}
    merges = []
    for name in normal:
        for cut in range(1, len(name)):
            left, right = name[:cut], name[cut:]
            if left in normal and right in normal:
                merges.append((scores[vocab[name]], vocab[left], vocab[right], left, right))
    # The best score first. Pieces that tie were numbered in the order they were learned.
    merges.sort(key=lambda m: (-m[0], m[1], m[2]))
    tokenizer = tokenizers.Tokenizer(
        models.BPE(vocab=vocab, merges=[(m[3], m[4]) for m in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    return tokenizer


def main():
    vocabularies, out = map(pathlib.Path, sys.argv[1:3])
    rng = random.Random(SEED)
    texts = [random_text(rng) for _ in range(TEXTS)]
    marked = [random_text(rng, MARKED_POOLS) for _ in range(MARKED_TEXTS)]
    for name in list(EXPRESSIONS) + SENTENCEPIECE:
        reader = gguf.GGUFReader(vocabularies / f"ggml-vocab-{name}.gguf")
        if name in SENTENCEPIECE:
            tokenizer = sentencepiece(reader)
        else:
            tokenizer = byte_level(reader, EXPRESSIONS[name], name == "llama-bpe", name in COMPOSES)
        with open(out / f"{name}.jsonl", "w", encoding="utf-8") as lines:
            for text in texts + (marked if name in COMPOSES else []):
                ids = tokenizer.encode(text, add_special_tokens=False).ids
                lines.write(json.dumps([text, ids], separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
