#!/usr/bin/env python3
"""Masks of quire beside those of llguidance and xgrammar: the same tokens, or a reason for each that differs.

    compare.py PROGRAM VOCABULARY.gguf SCHEMAS.jsonl [--schemas N] [--positions N] [--seed N] [--examples N]

Of the schemas that all three take, N at equal distances; answers of each are drawn by chance out of what all three let
come. A token that one lets come and another does not is explained: the answer is finished as the one goes on (quire by
the shortest way, the others by that way too where they take it, else by chance), and the text judged by jsonschema; what
is valid is written as the other might want it. Tokens that are alike (in one place of a schema, their texts made of the
same kinds of bytes) are explained once. What remains in capitals is to be looked at.
"""

import argparse
import collections
import json
import sys

import explain
import json_text
import numpy
import peers


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("program", "vocabulary", "file"):
        parser.add_argument(name)
    for name, value in (("schemas", 100), ("positions", 200), ("seed", 1), ("examples", 1)):
        parser.add_argument("--" + name, type=int, default=value)
    return parser.parse_args()


def kind_of(text):
    """What a token's text is made of: the kinds of its first bytes, runs of one kind taken together."""
    kinds = []
    for byte in text:
        letter = chr(byte)
        kind = "é" if byte >= 128 else "a" if letter.isalpha() else "0" if letter.isdigit() else letter
        kind = "." if kind in "!#$%&'()*;<=>?@^_`|~" else kind
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
    return "".join(kinds[:3])


class Comparison:
    def __init__(self, quire, others, options, random):
        self.quire, self.others, self.options, self.random = quire, others, options, random
        self.explainer = explain.Explainer(quire)
        self.positions = 0
        # By peer: positions of the same tokens, ... but for how a text is written; tokens that one of the two lets come.
        self.same, self.alike, self.compared = (collections.Counter() for _ in range(3))
        self.reasons = set()  # of this position and peer
        self.tokens = collections.Counter()  # (peer, reason): tokens
        self.places = collections.defaultdict(set)  # ...: schemas
        self.examples = collections.defaultdict(list)
        self.known = {}
        kinds = {}
        self.kinds = numpy.array([kinds.setdefault(kind_of(text), len(kinds)) for text in quire.texts])

    def choose(self, masks):
        """A token that all let come: half of the time one that JSON is made of, where there is one."""
        both = numpy.logical_and.reduce(masks)
        both[self.quire.ends] = False
        tokens = both.nonzero()[0]
        if len(tokens) == 0:
            return None
        if self.random.random() < 0.5:
            marks = [t for t in tokens if self.quire.texts[t][:2].translate(None, b"\"{}[],:") != self.quire.texts[t][:2]]
            tokens = marks or tokens
        return int(self.random.choice(tokens))

    def schema(self, name, schema):
        left = self.options.positions
        while left > 0:
            answers = [one.start() for one in (self.quire, *self.others)]
            tokens = []
            while left > 0:
                masks = [answer.mask() for answer in answers]
                left -= 1
                self.positions += 1
                self.differ(name, schema, tokens, masks)
                token = self.choose(masks)
                if token is None:
                    break
                for answer in answers:
                    answer.accept(token)
                tokens.append(token)

    def groups(self, mask):
        """The tokens of a mask by kind: (kind, tokens) each."""
        tokens = mask.nonzero()[0]
        tokens = tokens[self.kinds[tokens].argsort(kind="stable")]
        kinds = self.kinds[tokens]
        groups = numpy.split(tokens, numpy.diff(kinds).nonzero()[0] + 1) if len(tokens) else []
        return [(int(self.kinds[group[0]]), group) for group in groups]

    def differ(self, name, schema, tokens, masks):
        where = json_text.place(b"".join(self.quire.texts[token] for token in tokens))
        for peer, mask in zip(self.others, masks[1:]):
            any_end = [bool(one[self.quire.ends].any()) for one in (masks[0], mask)]
            ours, theirs = masks[0].copy(), mask.copy()
            ours[self.quire.ends], theirs[self.quire.ends] = False, False
            ours[self.quire.ends[0]], theirs[self.quire.ends[0]] = any_end
            self.compared[peer.name] += int((ours | theirs).sum())
            self.reasons = set()
            for only, sign in ((ours & ~theirs, "only quire"), (theirs & ~ours, "only " + peer.name)):
                for kind, group in self.groups(only):
                    self.explain(name, schema, peer, sign, (kind, where), tokens, group)
            self.same[peer.name] += int((ours == theirs).all())
            self.alike[peer.name] += int(all("otherwise" in reason for reason in self.reasons))

    def explain(self, name, schema, peer, sign, alike, tokens, group):
        key = (name, peer.name, sign, alike)
        if key not in self.known:
            token = int(group[self.random.integers(len(group))])
            why = self.explainer.why_only_quire if sign == "only quire" else self.explainer.why_only_peer
            reason, text = why(peer, schema, [*tokens, token])
            self.known[key] = reason
            examples = self.examples[(peer.name, sign, reason)]
            if len(examples) < self.options.examples:
                before = b"".join(self.quire.texts[one] for one in tokens)[-60:]
                examples.append(f"{name}: {before!r} + {self.quire.texts[token]!r} -> {str(text)[:150]}")
        self.count(name, peer, sign, self.known[key], len(group))

    def count(self, name, peer, sign, reason, tokens):
        self.reasons.add(reason)
        self.tokens[(peer.name, sign, reason)] += tokens
        self.places[(peer.name, sign, reason)].add(name)

    def report(self, names):
        print(f"{len(names)} schemas, {self.positions} positions, vocabulary of {self.quire.size}")
        for peer in self.others:
            same = self.same[peer.name]
            alike = self.alike[peer.name]
            print(f"{peer.name}: the same tokens at {same} positions ({100 * same / self.positions:.1f} %), and but for how "
                  f"a text is written at {alike} ({100 * alike / self.positions:.1f} %)")
            print(f"  of {self.compared[peer.name]} tokens that one of the two lets come:")
            for reason, count in self.tokens.most_common():
                if reason[0] == peer.name:
                    print(f"  {reason[1]}: {count:9} tokens in {len(self.places[reason]):3} schemas: {reason[2]}")
                    for example in self.examples[reason]:
                        print(f"      {example}")
        return not any(reason[2].isupper() or "QUIRE" in reason[2] for reason in self.tokens)


def main():
    options = arguments()
    quire = peers.Quire(options.program, options.vocabulary)
    random = numpy.random.default_rng(options.seed)
    others = [peers.Llguidance(quire, random), peers.Xgrammar(quire, random)]
    comparison = Comparison(quire, others, options, random)
    with open(options.file, encoding="utf-8") as file:
        lines = list(peers.schemas(file))
    names, index, refused = [], 0, collections.Counter()
    step = max(1, len(lines) // options.schemas)
    while index < len(lines) and len(names) < options.schemas:
        name, schema = lines[index]
        try:
            for one in (quire, *others):
                one.compile(json.dumps(schema, ensure_ascii=True))
        except ValueError as error:
            refused[str(error)[:60]] += 1
            index += 1
            continue
        names.append(name)
        index += step - index % step
        comparison.schema(name, schema)
        print(f"{len(names)}: {name}, {comparison.positions} positions", file=sys.stderr, flush=True)
    good = comparison.report(names)
    print(f"passed over, since one of the three refuses it: {sum(refused.values())}")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
