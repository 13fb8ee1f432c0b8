"""Prints examples of one ability, to be read by a person: `python -m corpus.questions --seed 1 --count 20`."""

from __future__ import annotations

import argparse
from random import Random
from typing import Callable

from .example import Example

Kinds = dict[str, Callable[[Random], Example]]


def print_samples(kinds: Kinds) -> None:
    """`--count` examples of each kind, or of the one that `--kind` names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--kind", choices=list(kinds))
    arguments = parser.parse_args()
    for kind in [arguments.kind] if arguments.kind else list(kinds):
        print(f"=== {kind}")
        rng = Random(f"{arguments.seed}:{kind}")
        for _ in range(arguments.count):
            example = kinds[kind](rng)
            for role, text in example.messages:
                print(f"{role}> {text}")
            print(f"     check {example.check}")
