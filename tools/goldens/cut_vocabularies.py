#!/usr/bin/env python3
"""Vocabularies small enough to be kept here, cut from those of real models, with token ids that nobody here computed.

    python3 tools/goldens/cut_vocabularies.py DATA_DIR tests/data/vocabularies

DATA_DIR holds tokenizers/ggml-vocab-{gpt-2,qwen2}.gguf with llama.cpp's vectors beside them (.inp, .out), and
models/stories260K.gguf. Writes NAME.gguf and NAME.jsonl, whose lines are [text, ids]. Needs PyPI's gguf and tokenizers.

BPE applies, of the merges that are possible, the first of the list, until none is. So whatever merges are taken away,
a text that needs none of them gives the same pieces. A cut keeps those that make the pieces of its texts, and the first
KEPT_MERGES of the list as well, so that wrong ways are open too. Ids are the original ones, counted anew without the
gaps: llama.cpp's for its own texts, those of Hugging Face's tokenizers with the whole vocabulary for the random ones.

llama-bpe and deepseek-llm have the expressions of those models over pieces of Qwen 2, whose licence lets them be here.
"""
import json
import pathlib
import random
import sys
import unicodedata

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

import tokenizer_goldens as goldens

KEPT_MERGES = 1000
SEPARATOR = "\n__ggml_vocab_test__\n"
NORMAL, CONTROL, USER_DEFINED = 1, 3, 4


def tokenizer_of(tokens, merges, expressions, ignore_merges, composes=False):
    vocab = {token: index for index, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=pairs, ignore_merges=ignore_merges))
    if composes:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        *(pre_tokenizers.Split(Regex(expression), behavior="isolated") for expression in expressions),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    return tokenizer


def ids_of(tokenizer, texts):
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def published_vectors(path):
    texts = pathlib.Path(f"{path}.inp").read_bytes().decode().split(SEPARATOR)[:-1]
    ids = [[int(word) for word in line.split()] for line in open(f"{path}.out")]
    assert len(texts) == len(ids) > 40
    return texts, ids


class Vocabulary:
    def __init__(self, path):
        reader = gguf.GGUFReader(path)
        self.tokens = goldens.strings(reader, "tokens")
        self.types = goldens.numbers(reader, "token_type")
        self.merges = goldens.strings(reader, "merges")
        self.rank = {merge.replace(" ", ""): index for index, merge in enumerate(self.merges)}
        assert len(self.rank) == len(self.merges), "a piece is made by one merge"
        self.begins = goldens.numbers(reader, "bos_token_id")[0]
        self.ends = goldens.numbers(reader, "eos_token_id")[0]

    def cut(self, used_ids):
        """Tokens, types, merges, and where each original id went."""
        kept, todo = set(range(KEPT_MERGES)), [self.tokens[id] for id in used_ids]
        while todo:
            rank = self.rank.get(todo.pop())
            if rank is not None and rank not in kept:
                kept.add(rank)
                todo += self.merges[rank].split(" ")
        for rank in range(KEPT_MERGES):
            assert all(self.rank.get(part, 0) < rank or len(part) == 1 for part in self.merges[rank].split(" "))
        merges = [self.merges[rank] for rank in sorted(kept)]
        names = {merge.replace(" ", "") for merge in merges}
        ids = [id for id, token in enumerate(self.tokens)
               if token in names or self.types[id] == CONTROL or (self.types[id] == NORMAL and len(token) == 1)]
        return [self.tokens[id] for id in ids], [self.types[id] for id in ids], merges, {id: new for new, id in enumerate(ids)}


def write(out, name, tokens, types, merges, begin, end, texts, ids):
    writer = gguf.GGUFWriter(out / f"{name}.gguf", "gpt2")
    writer.add_name(f"{name}, cut")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(name)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(begin)
    writer.add_eos_token_id(end)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    write_vectors(out, name, texts, ids)


def write_vectors(out, name, texts, ids):
    with open(out / f"{name}.jsonl", "w", encoding="utf-8") as lines:
        for text, row in zip(texts, ids, strict=True):
            lines.write(json.dumps([text, row], separators=(",", ":")) + "\n")


def cut_as_it_is(whole, name, texts, ids, random_texts, marked_texts, out):
    expressions, composes = goldens.EXPRESSIONS[name], name in goldens.COMPOSES
    if composes:  # which llama.cpp does not
        same = [index for index, text in enumerate(texts) if unicodedata.normalize("NFC", text) == text]
        texts, ids = [texts[index] for index in same], [ids[index] for index in same]
        random_texts = random_texts + marked_texts
    texts = texts + random_texts
    ids = ids + ids_of(tokenizer_of(whole.tokens, whole.merges, expressions, False, composes), random_texts)
    tokens, types, merges, moved = whole.cut({id for row in ids for id in row})
    ids = [[moved[id] for id in row] for row in ids]
    assert ids_of(tokenizer_of(tokens, merges, expressions, False, composes), texts) == ids, f"{name}: the cut changes ids"
    write(out, name, tokens, types, merges, moved[whole.begins], moved[whole.ends], texts, ids)


def cut_with_expressions_of(name, whole, texts, out):
    expressions, ignore_merges = goldens.EXPRESSIONS[name], name == "llama-bpe"
    ids = ids_of(tokenizer_of(whole.tokens, whole.merges, expressions, ignore_merges), texts)
    tokens, types, merges, moved = whole.cut({id for row in ids for id in row})
    if ignore_merges:  # pieces that no merge makes: such a vocabulary finds them as whole words
        parts = {part for merge in merges for part in merge.split(" ")}
        last = [merge for merge in merges[KEPT_MERGES:] if merge.replace(" ", "") not in parts]
        merges = [merge for merge in merges if merge not in set(last[::3])]
    ids = ids_of(tokenizer_of(tokens, merges, expressions, ignore_merges), texts)
    if ignore_merges:
        merged = ids_of(tokenizer_of(tokens, merges, expressions, False), texts)
        assert sum(a != b for a, b in zip(ids, merged)) > 20, "whole words must matter"
    # Some of these put a first token before a prompt, and then it should not be the one that ends.
    write(out, name, tokens, types, merges, tokens.index("<|im_start|>"), moved[whole.ends], texts, ids)


def main():
    data, out = map(pathlib.Path, sys.argv[1:3])
    rng = random.Random(goldens.SEED)
    random_texts = [goldens.random_text(rng) for _ in range(goldens.TEXTS)]
    marked_texts = [goldens.random_text(rng, goldens.MARKED_POOLS) for _ in range(goldens.MARKED_TEXTS)]
    for name in ["gpt-2", "qwen2"]:
        path = data / f"tokenizers/ggml-vocab-{name}.gguf"
        whole = Vocabulary(path)
        texts, ids = published_vectors(path)
        cut_as_it_is(whole, name, texts, ids, random_texts, marked_texts, out)
    for name in ["llama-bpe", "deepseek-llm"]:
        cut_with_expressions_of(name, whole, texts + random_texts, out)
    # SentencePiece needs no cut: this vocabulary is small, and free.
    stories = goldens.sentencepiece(gguf.GGUFReader(data / "models/stories260K.gguf"))
    texts = [text for text in texts + random_texts if text]
    write_vectors(out, "stories260K", texts, ids_of(stories, texts))


main()
