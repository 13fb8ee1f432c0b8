"""What a plot is, and how one story is made of it.

A plot's text is a small language, so that a plot reads like the story that it makes:

    a blank line ends a section; each line of a section is another way to say the same thing
    "? " before any of a section's lines: the section is left out in three quarters of the stories
    "((" , "||" and "))" on lines of their own: one of several courses that the story can take
    "---" on a line of its own: a new paragraph
    [this|that] inside a line: one of these
    {h}: a slot, see `fields`; {ONEDAY}: a phrase of PHRASES
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from .example import pick, with_article
from .words import PRONOUNS, Food, Place

PHRASES: dict[str, str] = {
    "ONEDAY": "[One day|One morning|One afternoon|One Saturday|One fine day|One Sunday]",
    "SUNNY": "[One sunny morning|One warm afternoon|On a bright summer day|One sunny day|One clear morning|"
             "On a warm spring day]",
    "colourword": "[red|blue|green|yellow|orange|white]",
    "OPEN": "[Once upon a time, there was|Once there was|There once was|There was once|"
            "Once upon a time, there lived|Long ago, there lived] {intro}",
}

OPTIONAL_SHARE = 0.25

CHOICE = re.compile(r"\[([^\[\]]*)\]")
FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Who:
    """A character. kind: child, animal or role; noun: "girl", "fox", "wizard"; pronoun: he or she."""

    name: str
    pronoun: str
    kind: str
    noun: str
    adjective: str


@dataclass(frozen=True)
class Slots:
    """What one story is about. `thing` and `animal` are nouns; what a plot does not use is None."""

    hero: Who
    friend: Who | None = None
    third: Who | None = None
    place: Place | None = None
    thing: str | None = None
    colour: str | None = None
    animal: str | None = None
    food: Food | None = None


@dataclass(frozen=True)
class Plot:
    """name    of the plot
    text    in the language above
    hero    kinds of heroes: child, animal, role, sea (an animal that cannot leave the water)
    place, thing, animal   the kinds that fit, or "=noun,noun" for just these; "" where there is none
    pet     the animal belongs to the hero
    food    "any", or "cooked" where the story has it made
    themes  what a request can ask the story to be about, separated by "|"
    asks    what the hero does, as a request would say it: "loses {act}" """

    name: str
    text: str
    themes: str
    asks: str = ""
    hero: str = "child animal role"
    place: str = ""
    thing: str = ""
    animal: str = ""
    pet: bool = False
    food: str = "any"

    def uses(self, *names: str) -> bool:
        """True if one of these slots occurs in the text."""
        return any("{" + name + "}" in self.text for name in names)


def parse(text: str) -> list:
    """The sections in order: ("lines", optional, [line..]), ("branch", [[section..]..]) or ("break",)."""
    stack: list[list] = [[]]
    branches: list[list] = []
    lines: list[str] = []

    def flush() -> None:
        if lines:
            optional = any(line.startswith("? ") for line in lines)
            stack[-1].append(("lines", optional, [line.removeprefix("? ") for line in lines]))
            lines.clear()

    for line in (raw.strip() for raw in text.split("\n")):
        if line not in ("", "((", "||", "))", "---"):
            lines.append(line)
            continue
        flush()
        if line == "---":
            stack[-1].append(("break",))
        elif line == "((":
            branches.append([])
            stack.append([])
        elif line == "||":
            branches[-1].append(stack.pop())
            stack.append([])
        elif line == "))":
            branches[-1].append(stack.pop())
            stack[-1].append(("branch", branches.pop()))
    flush()
    return stack[0]


def _line_up(rng: Random, sections: list, lines: list[str]) -> None:
    """Appends one drawn line of each section; a paragraph break is the line "---"."""
    for section in sections:
        if section[0] == "break":
            lines.append("---")
        elif section[0] == "branch":
            _line_up(rng, pick(rng, section[1]), lines)
        elif not section[1] or rng.random() < OPTIONAL_SHARE:
            lines.append(pick(rng, section[2]))


def fields(slots: Slots) -> dict[str, str]:
    """What stands for each slot in a text."""
    hero = slots.hero
    values = {"h": hero.name, "kid": hero.noun, "child": PRONOUNS[hero.pronoun]["parent"]}
    for word in ("he", "him", "his", "himself"):
        values[word] = PRONOUNS[hero.pronoun][word]
    akid = with_article(f"{hero.adjective} {hero.noun}".strip())
    values["akid"] = akid
    for prefix, who in (("f", slots.friend), ("g", slots.third)):
        if who is None:
            continue
        values[prefix] = who.name
        for word in ("he", "him", "his", "himself"):
            values[prefix + word] = PRONOUNS[who.pronoun][word]
        values[prefix + "n"] = who.name if who.kind == "child" else f"{who.name} the {who.noun}"
        values[prefix + "kid"] = who.noun
        values[prefix + "intro"] = f"{with_article(who.noun)} named {who.name}"
    if slots.place:
        values["p"] = "the " + slots.place.noun
        values["at"] = slots.place.where
        values["pn"] = slots.place.noun
    if slots.thing:
        values["t"] = slots.thing
        values["ct"] = f"{slots.colour} {slots.thing}" if slots.colour else slots.thing
        values["att"] = with_article(slots.thing)
        values["act"] = with_article(values["ct"])
    if slots.animal:
        values["a"] = slots.animal
        values["aa"] = with_article(slots.animal)
    if slots.food:
        values["food"] = slots.food.noun
        values["some"] = slots.food.some
        values["it"] = "them" if slots.food.plural else "it"
        values["was"] = "were" if slots.food.plural else "was"
        values["smelled"] = "they" if slots.food.plural else "it"
    return values


def fill(rng: Random, text: str, values: dict[str, str]) -> str:
    """The text with its phrases, choices and slots filled, from left to right."""
    for name, phrase in PHRASES.items():
        text = text.replace("{" + name + "}", phrase)
    if "{intro}" in text:
        intro = f"{values['akid']} [named|named|called] {values['h']}"
        text = text.replace("{intro}", intro)
    while (choice := CHOICE.search(text)) is not None:
        text = text[:choice.start()] + pick(rng, choice.group(1).split("|")) + text[choice.end():]
    return FIELD.sub(lambda match: values[match.group(1)], text)


SENTENCE_START = re.compile(r'(^"?|[.!?] "?|\." )([a-z])')


def render(rng: Random, sections: list, slots: Slots, closing: str = "") -> str:
    """One story. `closing` is one more line for its end."""
    lines: list[str] = []
    _line_up(rng, sections, lines)
    if closing:
        lines.append(closing)
    values = fields(slots)
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line == "---":
            paragraphs.append([])
            continue
        written = fill(rng, line, values)
        written = re.sub(r"  +", " ", written)
        paragraphs[-1].append(SENTENCE_START.sub(lambda m: m.group(1) + m.group(2).upper(), written))
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)


def sentences(story: str) -> list[str]:
    """The sentences, so split that a stop inside quotation marks ends one, too."""
    return [part.strip(" \"'\n").lower() for part in re.split(r"[.!?]+", story) if part.strip(" \"'\n")]


def repeats(story: str) -> bool:
    """True if a sentence occurs twice, however sentences are split.

    A short remark such as 'said Mia' counts too: what the model never reads it will seldom write."""
    parts = sentences(story)
    return len(set(parts)) < len(parts)
