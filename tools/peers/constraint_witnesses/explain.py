"""Why one lets a token come that another does not: the text is gone on with to its end, and judged."""

import json

import jsonschema
import json_text


class Explainer:
    def __init__(self, quire):
        self.quire = quire

    def judge(self, schema, text):
        """None: it keeps to the schema; else what it breaks."""
        try:
            value = json.loads(text.decode("utf-8"))
        except UnicodeDecodeError:
            return "not UTF-8"
        except ValueError:
            return "not JSON"
        if json_text.has_half_of_a_pair(value):
            return "half of a surrogate pair"
        kind = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        wrong = next(iter(kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(value)), None)
        if wrong is None:
            return None
        return "format " + str(wrong.validator_value) if wrong.validator == "format" else wrong.validator

    def rewritten(self, other, text, rearranges):
        """How `text` would have to be written for `other`."""
        ways = [
            ("in other tokens", lambda text: text),
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
        text = peer.ended(tokens)
        if text is None:
            return f"{peer.name} comes to no end", None
        wrong = self.judge(schema, text)
        if wrong is not None:
            return f"{peer.name} is looser: {wrong}", text
        text = text.decode("utf-8")
        if self.quire.writes(text):
            return "QUIRE'S MASK FORBIDS WHAT ITS GRAMMAR HAS", text
        reason = self.rewritten(self.quire, text, self.quire.writes_rearranged)
        return ("QUIRE IS NARROWER" if reason is None else f"quire writes it otherwise: {reason}"), text

    def why_only_quire(self, peer, schema, tokens):
        text = self.quire.ended(tokens)
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
