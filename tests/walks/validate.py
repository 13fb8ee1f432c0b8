#!/usr/bin/env python3
"""Random walks through constrained generations, judged by Python's jsonschema: each answer that has ended is JSON and
keeps to its schema, and most have ended.

    validate.py CONSTRAINED_WALKS VOCABULARY.gguf SCHEMAS.jsonl COUNT [SEED [own]]
"""

import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("no module jsonschema (Debian's python3-jsonschema)")
    sys.exit(77)


def wrong_with(one):
    try:
        value = json.loads(one["answer"])
    except ValueError as error:
        return str(error)
    schema = one["schema"]
    kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
    # That of its draft: FormatChecker() has every draft's formats, and draft 3 had another "time".
    found = next(kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(value), None)
    return None if found is None else f"{found.validator}: {found.message[:200]}"


def main():
    # Not splitlines(), for which a line may end within a string.
    out = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=True, text=True).stdout
    walks = [line for line in out.split("\n") if line]
    ended = wrong = tokens = 0
    for line in walks:
        one = json.loads(line)
        tokens += one["tokens"]
        if not one["ended"]:
            continue
        ended += 1
        why = wrong_with(one)
        if why is not None:
            wrong += 1
            print(f"{why}\n  seed {one['seed']}, schema {json.dumps(one['schema'])[:500]}\n  answer {one['answer'][:500]}")
    print(f"{len(walks)} answers of {tokens} tokens, {ended} ended, {wrong} of those are wrong")
    return 0 if wrong == 0 and ended >= 0.9 * len(walks) and walks else 1


if __name__ == "__main__":
    sys.exit(main())
