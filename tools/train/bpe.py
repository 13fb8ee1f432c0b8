"""Trains quire-tiny's tokenizer: byte-level BPE, cut into words as "qwen2" in GGUF files is.

    python bpe.py --out build/tokenizer.json [--books ../shared/data/corpora/gutenberg-top100.txt.zst]
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from chat import SPECIAL_TOKENS
from corpus.mix import generate

VOCAB = 4096

# The same expression as in src/text/pretokenizer.cpp. Source: Qwen2's tokenizer.json.
QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

BOOKS_SKIPPED_BYTES = 1_000_000
"""Where the text that is taken from the books begins: past the first one's title pages and contents."""


def new_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(QWEN2_WORDS), behavior="isolated")
    spelled = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, spelled])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def corpus_texts(seed: int, characters: int) -> Iterator[str]:
    """Examples of the mixture, message by message, until there are so many characters."""
    taken = 0
    for example in generate(seed, characters, held_out=False):
        for _, text in example.messages:
            taken += len(text)
            yield text
        if taken >= characters:
            return


def plain_ascii(text: str) -> str:
    """Books' typography as the keyboard has it; what remains of other scripts is left out."""
    for fancy, plain in (("\u2019", "'"), ("\u2018", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u2014", " - ")):
        text = text.replace(fancy, plain)
    return text.replace("_", "").encode("ascii", "ignore").decode()


def book_texts(path: Path, characters: int) -> list[str]:
    """Paragraphs from all over the books, each of one line."""
    whole = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
    pieces = 50
    piece_bytes = characters // pieces
    stride = max(1, (len(whole) - BOOKS_SKIPPED_BYTES) // pieces)
    paragraphs: list[str] = []
    for begin in range(BOOKS_SKIPPED_BYTES, len(whole) - piece_bytes, stride):
        text = plain_ascii(whole[begin : begin + piece_bytes].decode("utf-8", "ignore"))
        paragraphs += [" ".join(paragraph.split()) for paragraph in text.split("\n\n")[1:-1]]
    return [paragraph for paragraph in paragraphs if paragraph]


def train(texts: Iterator[str]) -> Tokenizer:
    tokenizer = new_tokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if tokenizer.get_vocab_size() != VOCAB:
        raise ValueError(f"{tokenizer.get_vocab_size()} tokens, expected {VOCAB}: train on more text")
    for index, name in enumerate(SPECIAL_TOKENS):
        assert tokenizer.token_to_id(name) == index, name
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the tokenizer of quire-tiny.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--characters", type=int, default=12_000_000, help="of the corpus")
    parser.add_argument("--books", type=Path, help="public-domain text (zstd), for English beyond the templates")
    parser.add_argument("--books-share", type=float, default=0.15, help="of all characters")
    arguments = parser.parse_args()
    books: list[str] = []
    if arguments.books and arguments.books.exists():
        wanted = arguments.characters * arguments.books_share / (1 - arguments.books_share)
        books = book_texts(arguments.books, int(wanted))

    def texts() -> Iterator[str]:
        yield from corpus_texts(arguments.seed, arguments.characters)
        yield from books

    tokenizer = train(texts())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(arguments.out))
    sample = list(corpus_texts(arguments.seed + 1, 500_000))
    tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch(sample))
    print(f"{arguments.out}: {VOCAB} tokens; {sum(map(len, sample)) / tokens:.2f} characters a token on the corpus")


if __name__ == "__main__":
    main()
