"""Writes the tokens that a run consumes, each once, and those that it is judged by.

    python data.py --tokenizer build/tokenizer.json --out build/data --tokens 25000000

A folder with one set of rows for each phase of the training (train.py's PHASES) and one of held-out rows:
    NAME.tokens.npy    (rows, row_tokens) uint16
    NAME.classes.npy   the same shape, uint8: whether the loss counts a token (chat.py)
    data.json          what made it, how many rows, and which held-out rows are of which kind
Every row begins with a document, holds whole documents only, and is filled up with padding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from bisect import bisect_left, insort
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Iterable, Iterator

import numpy as np
from tokenizers import Tokenizer

from chat import PAD, UNCOUNTED, encode_conversations
from corpus.mix import generate, generate_kind, makers

Document = tuple[np.ndarray, np.ndarray]

PHASES = (("short", 512, 0.7), ("long", 1024, 0.3))
"""Name, tokens of a row, share of the tokens: short rows are faster, long ones teach the whole context."""

CHUNK_EXAMPLES = 4000
"""Examples made from one seed. Chunk i of a data set is the same for any number of processes."""

OPEN_ROWS_MAX = 256
"""Rows that documents may still be put into; more waste less and hold memory."""

HELD_OUT_ROW_TOKENS = 1024
HELD_OUT_SEED = 900_000_000


class Packer:
    """Puts documents into the fullest open row that has room. Rows come out in the order in which they were begun."""

    def __init__(self, row_tokens: int):
        self.row_tokens = row_tokens
        self.open: list[tuple[int, int]] = []  # (room left, row), ascending
        self.rows: dict[int, list[Document]] = {}
        self.begun = 0
        self.left_out = 0
        self.order = Random(row_tokens)

    def add(self, document: Document) -> Iterator[Document]:
        """Takes a document; gives the rows that this closes."""
        size = len(document[0])
        if size > self.row_tokens:
            self.left_out += 1
            return
        at = bisect_left(self.open, (size, -1))
        if at < len(self.open):
            room, row = self.open.pop(at)
        else:
            room, row = self.row_tokens, self.begun
            self.begun += 1
            self.rows[row] = []
        self.rows[row].append(document)
        insort(self.open, (room - size, row))
        if len(self.open) > OPEN_ROWS_MAX:
            _, fullest = self.open.pop(0)
            yield self.joined(self.rows.pop(fullest))

    def rest(self) -> Iterator[Document]:
        for row in sorted(self.rows):
            yield self.joined(self.rows[row])
        self.rows, self.open = {}, []

    def joined(self, documents: list[Document]) -> Document:
        # The fullest row takes what is short: without this, rows would begin with long documents only.
        self.order.shuffle(documents)
        tokens = np.full(self.row_tokens, PAD, dtype=np.uint16)
        classes = np.full(self.row_tokens, UNCOUNTED, dtype=np.uint8)
        at = 0
        for document_tokens, document_classes in documents:
            end = at + len(document_tokens)
            tokens[at:end], classes[at:end] = document_tokens, document_classes
            at = end
        return tokens, classes


def make_chunk(tokenizer_path: str, seed: int) -> list[Document]:
    tokenizer = Tokenizer.from_file(tokenizer_path)
    examples = list(generate(seed, CHUNK_EXAMPLES))
    named = [example.check.get("story", ()) for example in examples]
    return encode_conversations(tokenizer, [example.messages for example in examples], named)


def chunks(tokenizer_path: Path, first_seed: int, processes: int) -> Iterator[list[Document]]:
    """The documents of one seed after another, without end."""
    seed = first_seed
    if processes == 1:
        while True:
            yield make_chunk(str(tokenizer_path), seed)
            seed += 1
    with ProcessPoolExecutor(processes) as pool:
        while True:
            seeds = range(seed, seed + 2 * processes)
            yield from pool.map(make_chunk, repeat(str(tokenizer_path)), seeds)
            seed = seeds.stop


def pack(documents: Iterable[Document], row_tokens: int, rows_wanted: int) -> tuple[np.ndarray, np.ndarray, int]:
    """(tokens, classes, documents that are longer than a row)."""
    packer = Packer(row_tokens)
    tokens = np.empty((rows_wanted, row_tokens), dtype=np.uint16)
    classes = np.empty((rows_wanted, row_tokens), dtype=np.uint8)
    row = 0
    for document in documents:
        for tokens[row], classes[row] in packer.add(document):
            row += 1
        if row == rows_wanted:
            break
    return tokens, classes, packer.left_out


def write_phase(folder: Path, name: str, tokens: np.ndarray, classes: np.ndarray) -> dict:
    np.save(folder / f"{name}.tokens.npy", tokens)
    np.save(folder / f"{name}.classes.npy", classes)
    digest = hashlib.sha256(tokens.tobytes() + classes.tobytes()).hexdigest()
    padding = float((tokens == PAD).mean())
    return {"rows": len(tokens), "row_tokens": tokens.shape[1], "padding": round(padding, 4), "sha256": digest}


def write_held_out(folder: Path, tokenizer: Tokenizer, tokens_of_a_kind: int) -> dict:
    """Rows of one kind each, so that the loss can be told by kind. Only documents that no training row can hold."""
    all_tokens, all_classes, row_kinds = [], [], []
    for kind in makers():
        packer = Packer(HELD_OUT_ROW_TOKENS)
        taken = 0
        for example in generate_kind(kind, HELD_OUT_SEED, 10 * tokens_of_a_kind, held_out_wanted=True):
            [document] = encode_conversations(tokenizer, [example.messages])
            if len(document[0]) > HELD_OUT_ROW_TOKENS:
                continue
            for _ in packer.add(document):
                raise AssertionError("a kind's held-out rows stay open until all are there")
            taken += len(document[0])
            if taken >= tokens_of_a_kind:
                break
        rows = list(packer.rest())
        all_tokens += [row[0] for row in rows]
        all_classes += [row[1] for row in rows]
        row_kinds += [kind] * len(rows)
    written = write_phase(folder, "held_out", np.stack(all_tokens), np.stack(all_classes))
    return {**written, "row_kinds": row_kinds}


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the tokens of a training run.")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokens", type=int, required=True, help="of all phases together, padding included")
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=1, help="changes the time only")
    parser.add_argument("--held-out-tokens", type=int, default=3000, help="of each kind")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    record: dict = {"seed": arguments.seed, "tokens": arguments.tokens, "phases": {}}
    record["tokenizer_sha256"] = hashlib.sha256(arguments.tokenizer.read_bytes()).hexdigest()
    for index, (name, row_tokens, share) in enumerate(PHASES):
        begin = time.monotonic()
        rows = max(1, round(arguments.tokens * share / row_tokens))
        seeds_from = arguments.seed + 1_000_000 * index
        documents = (document for chunk in chunks(arguments.tokenizer, seeds_from, arguments.processes) for document in chunk)
        tokens, classes, left_out = pack(documents, row_tokens, rows)
        written = write_phase(arguments.out, name, tokens, classes) | {"too_long": left_out}
        record["phases"][name] = written
        rate = tokens.size / (time.monotonic() - begin)
        print(f"{name}: {written}; {rate:,.0f} tokens/s", flush=True)
    record["held_out"] = write_held_out(arguments.out, Tokenizer.from_file(str(arguments.tokenizer)), arguments.held_out_tokens)
    (arguments.out / "data.json").write_text(json.dumps(record, indent=1) + "\n")
    print(f"held_out: {record['held_out']['rows']} rows")


if __name__ == "__main__":
    main()
