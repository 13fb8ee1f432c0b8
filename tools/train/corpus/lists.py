"""Lists of things: "Name three animals." is answered "Cat, horse and fox."

An answer has one form: the members in a row with commas, "and" before the last, a capital first and a full stop.
"""

from __future__ import annotations

from random import Random

from .example import Example, chat, either_case, pick, sentence
from .list_words import ALIASES, CATEGORIES, SINGULAR, UNCOUNTED
from .question_samples import print_samples

USUAL_MEAN = 3.0
"""Mean place of a chosen member among those that are left."""

COUNT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven")

# {n} the number, {c} the category in the plural.
SOME = (
    "Name {n} {c}.", "Name {n} {c}.", "Name {n} {c}, please.", "Please name {n} {c}.", "Can you name {n} {c}?",
    "Could you name {n} {c}?", "List {n} {c}.", "Please list {n} {c}.", "Can you list {n} {c}?", "Give me {n} {c}.",
    "Give me a list of {n} {c}.", "Give me the names of {n} {c}.", "Tell me {n} {c}.", "Tell me the names of {n} {c}.",
    "Can you tell me {n} {c}?", "I need {n} {c}.", "I need a list of {n} {c}.", "I want to know {n} {c}.",
    "Write down {n} {c}.", "Write a list of {n} {c}.", "Say {n} {c}.", "Do you know {n} {c}?", "What are {n} {c}?",
    "Which {n} {c} do you know?", "Make a list of {n} {c}.", "Could you give me {n} {c}?",
    "Could you list {n} {c} for me?",
    "Think of {n} {c}.", "Can you think of {n} {c}?", "I would like to have {n} {c}.", "Show me {n} {c}.",
    "Hi! Name {n} {c}.", "{n} {c}, please.", "Help me to find {n} {c}.",
)

# {o} one member: "an animal".
ONE = (
    "Name {o}.", "Please name {o}.", "Can you name {o}?", "Tell me {o}.", "Give me {o}.", "Give me the name of {o}.",
    "Say the name of {o}.", "Think of {o}.", "Can you think of {o}?", "Tell me the name of {o}.",
    "Could you name {o}?", "Do you know {o}?",
)

WEEK = CATEGORIES["days of the week"]
YEAR = CATEGORIES["months"]
LETTERS = CATEGORIES["letters"]

# What is asked for in order: name, members, and how it is asked.
ORDERED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("days of the week", WEEK, (
        "Name the days of the week.", "What are the days of the week?", "List the days of the week.",
        "Tell me the days of the week.", "Can you name the days of the week?", "Say the days of the week in order.",
        "List all the days of the week.", "What are the seven days of the week?", "Name all days of the week.",
        "Give me the days of the week in order.", "Name seven days of the week.", "Please list the days of the week.")),
    ("months", YEAR, (
        "Name the months of the year.", "What are the months of the year?", "List the months of the year.",
        "Tell me the months of the year.", "Can you name the months?", "Say the months in order.",
        "List all the months.", "What are the twelve months?", "Name all months of the year.",
        "Name the twelve months.",
        "Give me the months of the year in order.", "Please list the months of the year.")),
    ("seasons", CATEGORIES["seasons"], (
        "Name the seasons.", "What are the four seasons?", "List the seasons.", "Name the four seasons.",
        "Tell me the seasons of the year.", "What are the seasons of the year?", "Can you name the seasons?",
        "List all four seasons.", "Please name the seasons of the year.")),
    ("planets", CATEGORIES["planets"], (
        "Name the planets.", "What are the planets?", "List the planets.", "Name all the planets.",
        "Tell me the planets in order.", "What are the eight planets?", "Can you name the planets?",
        "List the planets of our solar system.", "Name the planets from the sun outwards.")),
    ("vowels", CATEGORIES["vowels"], (
        "What are the vowels?", "Name the vowels.", "List the vowels.", "Tell me the vowels.",
        "Can you name the vowels?",
        "Which letters are vowels?", "Name the five vowels.", "Say all the vowels.")),
    ("colours of the rainbow", ("red", "orange", "yellow", "green", "blue", "indigo", "violet"), (
        "What are the colours of the rainbow?", "Name the colours of the rainbow.", "List the colors of the rainbow.",
        "What are the colors of the rainbow?", "Can you name the colours of the rainbow?",
        "Tell me the colours of a rainbow.", "Which colours does a rainbow have?")),
    ("letters", LETTERS, (
        "Say the alphabet.", "What is the alphabet?", "Tell me the alphabet.", "Can you say the alphabet?",
        "List the letters of the alphabet.", "Write down the alphabet.", "Recite the alphabet.",
        "Name all the letters.")),
)

FIRST = (
    "Name the first {n} {c}.", "What are the first {n} {c}?", "List the first {n} {c}.", "Tell me the first {n} {c}.",
    "Can you name the first {n} {c}?", "Give me the first {n} {c}.", "Say the first {n} {c}.",
    "Please list the first {n} {c}.",
)

FIRST_OF = (
    ("days of the week", WEEK), ("months", YEAR), ("months of the year", YEAR), ("letters of the alphabet", LETTERS),
    ("letters", LETTERS), ("planets", CATEGORIES["planets"]),
)

_SPELLING = {member.lower(): member for members in CATEGORIES.values() for member in members}


def list_answer(members: list[str] | tuple[str, ...]) -> str:
    """ "Cat, horse and fox." """
    if len(members) == 1:
        return sentence(members[0]) + "."
    return sentence(", ".join(members[:-1]) + " and " + members[-1]) + "."


def parse_list(answer: str) -> list[str]:
    """The members that an answer names, each as CATEGORIES spells it where it is known ("Cat" gives "cat")."""
    parts = answer.strip().rstrip(".!").replace(", and ", ", ").replace(" and ", ", ").split(", ")
    members = [part.strip() for part in parts if part.strip()]
    return [_SPELLING.get(member.lower(), member) for member in members]


def list_is_right(answer: str, count: int, category: str) -> bool:
    """True if the answer names exactly `count` different members of the category."""
    members = parse_list(answer)
    return len(members) == count == len(set(members)) and set(members) <= set(CATEGORIES[category])


def number(rng: Random, count: int) -> str:
    return COUNT_WORDS[count] if count < len(COUNT_WORDS) and rng.random() < 0.6 else str(count)


def pick_usual(rng: Random, members: tuple[str, ...], count: int) -> list[str]:
    """`count` different members in their category's order, the first of it more often than the last: so the next member
    is one of a few that follow the last one, and never one that was named already."""
    left, chosen = list(members), []
    while len(chosen) < count:
        at = min(int(rng.expovariate(1 / USUAL_MEAN)), len(left) - 1)
        chosen.append(left.pop(at))
    return sorted(chosen, key=members.index)


def some(rng: Random) -> Example:
    """Several members of a category."""
    category = pick(rng, tuple(CATEGORIES))
    members = CATEGORIES[category]
    count = min(pick(rng, (2, 3, 3, 3, 4, 4, 5, 5, 6)), len(members))
    other_name = category in UNCOUNTED or (category in ALIASES and rng.random() < 0.3)
    name = pick(rng, ALIASES[category]) if other_name else category
    wording = pick(rng, SOME)
    request = either_case(rng, sentence(wording.format(n=number(rng, count), c=name)))
    chosen = pick_usual(rng, members, count)
    answer = list_answer(chosen)
    return chat("list", request, answer, f"list:{name}:{count}:{wording}", {"list": count, "of": category})


def one(rng: Random) -> Example:
    category = pick(rng, tuple(SINGULAR))
    wording = pick(rng, ONE)
    name = SINGULAR[category]
    if name == "a colour" and rng.random() < 0.4:
        name = "a color"
    request = either_case(rng, wording.format(o=name))
    answer = list_answer([pick(rng, CATEGORIES[category])])
    return chat("list_one", request, answer, f"list:{name}:1:{wording}", {"list": 1, "of": category})


def ordered(rng: Random) -> Example:
    """All of them, in their order."""
    name, members, wordings = pick(rng, ORDERED)
    wording = pick(rng, wordings)
    answer = list_answer(members)
    return chat("list_ordered", either_case(rng, wording), answer, f"list:{name}:all:{wording}", {"exact": answer})


def first_ones(rng: Random) -> Example:
    name, members = pick(rng, FIRST_OF)
    count = pick(rng, (2, 3, 4, 5, 6))
    wording = pick(rng, FIRST)
    answer = list_answer(members[:count])
    request = either_case(rng, wording.format(n=number(rng, count), c=name))
    return chat("list_first", request, answer, f"list:first {name}:{count}:{wording}", {"exact": answer})


KINDS = {"list": some, "list_one": one, "list_ordered": ordered, "list_first": first_ones}

if __name__ == "__main__":
    print_samples(KINDS)
