"""Why one lets a token come that another does not: the text is gone on with to its end, and judged."""

import json

import jsonschema
import json_text

TOKENS_MAX = 400


class Explainer:
    def __init__(self, quire, seed):
        self.quire, self.random = quire, seed
        texts = quire.texts
        # What ends a text soonest comes first; blanks last. Ties are broken by chance.
        self.rank = seed.random(quire.size)
        for token, text in enumerate(texts):
            self.rank[token] += self.rank_of(text)
        for end in quire.ends:
            self.rank[end] = -1

    @staticmethod
    def rank_of(text):
        if text == b'"':
            return 0
        if text in (b"}", b"]"):
            return 1
        if text == b",":
            return 2
        if len(text) == 1 and text.isalnum():
            return 3
        if text in (b":", b"{", b"[", b"-"):
            return 4
        return 9 if text.strip(b" \t\r\n") != text or not text.isascii() else 5

    def finish(self, peer, tokens):
        """The whole text of an answer that begins with `tokens`, as `peer` lets it go on; None: it does not end."""
        text = b"".join(self.quire.texts[token] for token in tokens)
        if tokens[-1] in self.quire.ends:
            return text
        answer = peer.start(tokens)
        for _ in range(TOKENS_MAX):
            mask = answer.mask()
            if not mask.any():
                return None
            token = int((self.rank + (~mask) * 100.0).argmin())
            if token in self.quire.ends:
                return text
            answer.accept(token)
            text += self.quire.texts[token]
        return None

    def judge(self, schema, text):
        """None: it keeps to the schema; else what it breaks."""
        try:
            value = json.loads(text.decode("utf-8"))
        except UnicodeDecodeError:
            return "not UTF-8"
        except ValueError:
            return "not JSON"
        kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        wrong = next(iter(kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(value)), None)
        if wrong is None:
            return None
        return "format " + str(wrong.validator_value) if wrong.validator == "format" else wrong.validator

    def rewritten(self, other, text, rearranges):
        """How `text` would have to be written for `other`."""
        ways = [
            ("blanks", json_text.without_space),
            ("escapes", json_text.without_escapes),
            ("DEL as an escape", lambda text: text.replace("\x7f", "\\u007f")),
            ("digits of numbers", json_text.with_short_numbers),
        ]
        for name, change in ways:
            if other.writes(change(text)):
                return name
        for _, change in ways:
            text = change(text)
        if other.writes(text):
            return "several of blanks, escapes and digits"
        return "order of members" if rearranges(text) else None

    def reordered(self, peer, schema, text):
        """The members that the schema names in its order, then the others; and the other way round."""
        value = json.loads(text)

        def sort(one, schema, first):
            if isinstance(one, list):
                items = schema.get("items") if isinstance(schema, dict) else None
                return [sort(item, items, first) for item in one]
            if not isinstance(one, dict):
                return one
            named = schema.get("properties", {}) if isinstance(schema, dict) else {}
            required = schema.get("required", []) if isinstance(schema, dict) else []
            order = [key for key in named if key in one] if first != "required" else []
            order += [key for key in required if key in one and key not in order]
            order += [key for key in one if key not in order]
            return {key: sort(one[key], named.get(key), first) for key in order}

        def written(first):
            text = json.dumps(sort(value, schema, first), separators=(",", ":"), ensure_ascii=False)
            return text.replace("\x7f", "\\u007f")

        return any(peer.writes(written(first)) for first in ("properties", "required"))

    def why_only_peer(self, peer, schema, tokens):
        """`peer` lets the last of `tokens` come, quire does not."""
        text = self.finish(peer, tokens)
        if text is None:
            return f"{peer.name} comes to no end", None
        wrong = self.judge(schema, text)
        if wrong is not None:
            return f"{peer.name} is looser: {wrong}", text
        text = text.decode("utf-8")
        reason = self.rewritten(self.quire, text, self.quire.writes_rearranged)
        return ("QUIRE IS NARROWER" if reason is None else f"quire writes it otherwise: {reason}"), text

    def why_only_quire(self, peer, schema, tokens):
        text = self.finish(self.quire, tokens)
        if text is None:
            return "QUIRE COMES TO NO END", None
        wrong = self.judge(schema, text)
        if wrong is not None:
            return f"QUIRE IS LOOSER: {wrong}", text
        text = text.decode("utf-8")
        reason = self.rewritten(peer, text, lambda plain: self.reordered(peer, schema, plain))
        if reason is not None:
            return f"{peer.name} writes it otherwise: {reason}", text
        where, _ = json_text.place(b"".join(self.quire.texts[token] for token in tokens[:-1]))
        return f"{peer.name} is narrower ({where})", text
