"""JSON as text: where a beginning of it stands, and how it could have been written otherwise."""

import json
import math
import re

LEXEME = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null|[\[\]{},:]|[ \t\r\n]+', re.S)


def place(text):
    """What the bytes `text`, the beginning of a JSON text, end in (a key, a string, a number, a literal, or between
    those), and the keys that lead there, '*' for an item of a list."""
    path, stack, key, inside, escaped, start = [], [], False, "", False, 0
    text = text.decode("utf-8", "replace")
    for index, letter in enumerate(text):
        if inside in ("string", "key"):
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                if inside == "key":
                    path[-1] = text[start + 1 : index]
                inside = ""
            continue
        if letter in '{}[],: \t\r\n"':
            inside = ""
        if letter == '"':
            inside, start = ("key" if key else "string"), index
        elif letter in "{[":
            stack.append(letter)
            path.append("*" if letter == "[" else "")
            key = letter == "{"
        elif letter in "}]" and stack:
            stack.pop()
            path.pop()
            key = False
        elif letter == ",":
            key = bool(stack) and stack[-1] == "{"
            if key:
                path[-1] = ""
        elif letter == ":":
            key = False
        elif letter not in " \t\r\n":
            inside = "number" if inside in ("", "number") and letter in "-+.eE0123456789" else "literal"
    return (inside or ("between, before a key" if key else "between")), tuple(path)


def has_half_of_a_pair(value):
    """A string of it names half of a surrogate pair: JSON's grammar has that, Unicode does not, UTF-8 cannot write it."""
    return re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)) is not None


def lexemes(text):
    return LEXEME.findall(text)


def beginning_without_space(text):
    """Of bytes that need not be whole: a string may be open at their end."""
    return re.sub(rb'("(?:[^"\\]|\\.)*(?:"|\\?\Z))|[ \t\r\n]+', rb"\1", text, flags=re.S)


def without_space(text):
    return "".join(one for one in lexemes(text) if not one.isspace())


def without_escapes(text):
    def written(one):
        return json.dumps(json.loads(one), ensure_ascii=False) if one.startswith('"') else one

    return "".join(written(one) for one in lexemes(text))


def with_short_numbers(text):
    def written(one):
        if not one[0].isdigit() and not one.startswith("-"):
            return one
        number = float(one)
        if math.isinf(number):
            return one
        return str(int(number)) if number == int(number) and abs(number) < 2**53 else repr(number)

    return "".join(written(one) for one in lexemes(text))
