"""What every ability's generator gives: one example, and which side of the split it is on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from random import Random
from typing import Sequence, TypeVar

T = TypeVar("T")

HELD_OUT_ONE_IN = 25
"""One key in this many is never trained on, and only those are used to judge."""


@dataclass(frozen=True)
class Example:
    """One conversation, or one plain text.

    kind      the ability, e.g. "story" or "addition"
    messages  (role, text) pairs, role in {"system", "user", "assistant"}; the last is the assistant's.
              A plain text (no template around it) is one pair with the role "text".
    key       what training and held-out examples must never share
    check     how an answer to the last user turn is judged; empty where it is not
    """

    kind: str
    messages: tuple[tuple[str, str], ...]
    key: str
    check: dict = field(default_factory=dict)


def chat(kind: str, request: str, answer: str, key: str, check: dict | None = None) -> Example:
    """An example of one request and its answer."""
    return Example(kind, (("user", request), ("assistant", answer)), key, check or {})


def held_out(key: str) -> bool:
    """True for the keys that are kept away from training: a function of the key alone."""
    digest = hashlib.sha256(key.encode()).digest()
    return int.from_bytes(digest[:8], "little") % HELD_OUT_ONE_IN == 0


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of the options; the one way that generators choose, so that the draw count is easy to follow."""
    return options[rng.randrange(len(options))]


def pick_distinct(rng: Random, options: Sequence[T], count: int) -> list[T]:
    """`count` different options, in drawn order. REQUIRES: count <= len(options)."""
    return rng.sample(list(options), count)


def with_article(noun: str) -> str:
    """"a kite", "an apple". By the first letter, with the exceptions that the word lists hold."""
    if noun.split()[0] in ("hour", "honest"):
        return "an " + noun
    if noun.startswith(("uni", "use", "eu", "one")):
        return "a " + noun
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def sentence(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[0].upper() + text[1:]


def either_case(rng: Random, request: str) -> str:
    """People type as they like: now and then without the capital, now and then without the final stop."""
    draw = rng.random()
    if draw < 0.08:
        request = request[0].lower() + request[1:]
    if draw < 0.16 and request.endswith((".", "?")):
        request = request[:-1]
    return request
