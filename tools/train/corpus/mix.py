"""The mixture that quire-tiny learns from: which abilities, and how much of the text each is."""

from __future__ import annotations

from bisect import bisect_right
from importlib import import_module
from itertools import accumulate
from random import Random
from typing import Callable, Iterator

from .example import Example, held_out

Maker = Callable[[Random], Example]

MODULES = ("stories", "questions", "arithmetic", "lists", "talk")

MIXTURE: dict[str, float] = {
    "story": 0.5,
    "continuation": 0.05,
    "plain_story": 0.01,
    "questions": 0.13,
    "series": 0.15,
    "subtraction": 0.025,
    "word_problem": 0.025,
    "addition": 0.015,
    "arithmetic": 0.045,
    "list": 0.05,
    "lists": 0.015,
    "greeting": 0.008,
    "identity": 0.02,
    "chatting": 0.012,
    "talk": 0.03,
    "dialogue": 0.03,
    "fact": 0.02,
}
"""Share of the tokens, by kind or by module; a module's share is divided equally among its kinds that have none."""

SIZE_SAMPLES = 300
"""Examples of a kind whose mean length turns its share of the tokens into a share of the examples."""

ATTEMPTS_MAX = 10_000
"""Draws after which a kind is said to have no example on the wanted side of the split."""


def makers() -> dict[str, Maker]:
    """Every kind of the package, in the order of the modules."""
    found: dict[str, Maker] = {}
    for name in MODULES:
        for kind, maker in import_module(f".{name}", __package__).KINDS.items():
            if kind in found:
                raise ValueError(f"two modules have a kind named {kind}")
            found[kind] = maker
    return found


def token_shares() -> dict[str, float]:
    """Kind -> its share of the tokens; they add up to 1."""
    shares: dict[str, float] = {}
    for name in MODULES:
        kinds = list(import_module(f".{name}", __package__).KINDS)
        without = [kind for kind in kinds if kind not in MIXTURE]
        shares.update({kind: MIXTURE[kind] for kind in kinds if kind in MIXTURE})
        shares.update({kind: MIXTURE[name] / len(without) for kind in without})
    total = sum(shares.values())
    return {kind: share / total for kind, share in shares.items()}


def mean_size(maker: Maker) -> float:
    """Mean characters of a kind's examples."""
    rng = Random(0)
    return sum(len(text) + 4 for _ in range(SIZE_SAMPLES) for _, text in maker(rng).messages) / SIZE_SAMPLES


def generate_kind(kind: str, seed: int, count: int, held_out_wanted: bool) -> Iterator[Example]:
    """`count` examples of one kind; the same ones for the same arguments."""
    rng = Random(f"{kind}:{seed}")
    maker = makers()[kind]
    for _ in range(count):
        yield make_one(kind, maker, rng, held_out_wanted)


def make_one(kind: str, maker: Maker, rng: Random, held_out_wanted: bool) -> Example:
    for _ in range(ATTEMPTS_MAX):
        example = maker(rng)
        if held_out(example.key) == held_out_wanted:
            return example
    raise ValueError(f"no example of {kind} with held_out = {held_out_wanted} in {ATTEMPTS_MAX} draws")


def generate(seed: int, count: int, held_out: bool = False) -> Iterator[Example]:
    """`count` examples of the mixture; the same ones for the same arguments."""
    rng = Random(seed)
    kinds = makers()
    shares = token_shares()
    names = list(kinds)
    limits = list(accumulate(shares[kind] / mean_size(kinds[kind]) for kind in names))
    for _ in range(count):
        kind = names[min(bisect_right(limits, rng.random() * limits[-1]), len(names) - 1)]
        yield make_one(kind, kinds[kind], rng, held_out)
