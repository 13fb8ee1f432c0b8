"""Prints examples as JSON lines: python -m corpus --seed 1 --count 1000 [--kind story] [--held-out]"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from .mix import generate, generate_kind, makers, token_shares


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--kind", help="only this kind: " + ", ".join(makers()))
    parser.add_argument("--held-out", action="store_true", help="those that are never trained on")
    parser.add_argument("--text", action="store_true", help="as a person reads them, not JSON")
    parser.add_argument("--shares", action="store_true", help="print each kind's share of the tokens instead")
    arguments = parser.parse_args()
    if arguments.shares:
        for kind, share in token_shares().items():
            print(f"{kind:20} {100 * share:6.2f} %")
        return
    if arguments.kind:
        examples = generate_kind(arguments.kind, arguments.seed, arguments.count, arguments.held_out)
    else:
        examples = generate(arguments.seed, arguments.count, arguments.held_out)
    for example in examples:
        if arguments.text:
            print(f"[{example.kind}]", *(f"{role}: {text}" for role, text in example.messages), "", sep="\n")
        else:
            print(json.dumps(asdict(example)))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.stderr.close()
