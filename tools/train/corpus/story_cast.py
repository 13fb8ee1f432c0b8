"""Who and what a story is about: draws the slots that a plot asks for, so that they fit together."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .example import pick
from .story_plot import Plot, Slots, Who
from .words import (ANIMALS, BOYS, COLOURS, CREATURE_NAMES, FOODS, GIRLS, NAMES, PLACES, ROLES, animals_of, places_of,
                    things_of)

SEA_ANIMALS = ("fish", "dolphin", "whale", "octopus", "seal", "crab", "turtle", "mermaid")
WATER_ONLY = ("fish", "dolphin", "whale", "octopus", "mermaid")
"""These cannot walk to a park; they are heroes of plots of the kind "sea" alone."""

SMALL_ANIMALS = ("mouse", "hamster", "hedgehog", "squirrel", "mole", "frog", "ant", "beetle", "spider", "ladybird", "crab",
                 "snail", "caterpillar", "grasshopper", "lizard", "sparrow", "robin", "kitten", "guinea pig")

ADJECTIVES = ("little", "little", "little", "young", "kind", "cheerful", "friendly", "curious", "merry", "clever", "")
ROLE_ADJECTIVES = ("young", "kind", "cheerful", "friendly", "curious", "clever", "")

# Things that a colour does not suit, or that have their own.
PLAIN_THINGS = ("photo", "map", "rainbow", "volcano", "star", "waterfall", "wooden bridge", "sandcastle", "snowman",
                "scarecrow", "dinosaur", "letter", "acorn", "pine cone", "pumpkin", "mirror", "compass", "telescope",
                "magnifying glass", "pearl", "leaf", "palm tree", "hammer", "globe", "net")

RAW_FOODS = ("honey", "cheese", "apples", "pears", "cherries", "strawberries", "blueberries", "carrots", "nuts",
             "oranges", "plums", "rice")

INVENTED_SHARE = 0.06
COLOUR_SHARE = 0.3

_ONSETS = "b d f g h j k l m n p r s t v w z br dr kr tr bl gl pl st sh th".split()
_VOWELS = "a e i o u a o i e ai".split()
_ENDINGS = "n l r s k m x th nda ra lo vi mi na ko".split()


def invented_name(rng: Random) -> str:
    """A name that no list holds, so that the model learns to copy a name from the request."""
    name = pick(rng, _ONSETS) + pick(rng, _VOWELS)
    if rng.random() < 0.6:
        name += pick(rng, ("r", "l", "n", "")) + pick(rng, _ONSETS[:17]) + pick(rng, _VOWELS[:9])
    return (name + pick(rng, _ENDINGS)).capitalize()


def _child(rng: Random, pronoun: str | None = None) -> Who:
    pronoun = pronoun or pick(rng, ("he", "she"))
    name = invented_name(rng) if rng.random() < INVENTED_SHARE else pick(rng, GIRLS if pronoun == "she" else BOYS)
    return Who(name, pronoun, "child", "girl" if pronoun == "she" else "boy", pick(rng, ADJECTIVES))


def _creature_name(rng: Random, pronoun: str) -> str:
    draw = rng.random()
    if draw < INVENTED_SHARE:
        return invented_name(rng)
    pool = NAMES if draw < 0.3 else CREATURE_NAMES
    return pick(rng, [name for name, its in pool if its == pronoun])


def _animal(rng: Random, nouns: list[str]) -> Who:
    pronoun = pick(rng, ("he", "she"))
    noun = pick(rng, nouns)
    if noun in ("hen", "cow"):
        pronoun = "she"
    elif noun == "rooster":
        pronoun = "he"
    return Who(_creature_name(rng, pronoun), pronoun, "animal", noun, pick(rng, ADJECTIVES))


def _role(rng: Random) -> Who:
    noun, fixed = pick(rng, [role for role in ROLES if role[0] not in WATER_ONLY])
    pronoun = fixed or pick(rng, ("he", "she"))
    return Who(_creature_name(rng, pronoun), pronoun, "role", noun, pick(rng, ROLE_ADJECTIVES))


LAND_ANIMALS = [animal.noun for animal in ANIMALS if animal.noun not in WATER_ONLY]
FAMILY = ("mother", "father", "grandmother", "grandfather", "teacher", "aunt", "uncle", "birthday")


def _kind_of_hero(rng: Random, plot: Plot) -> str:
    kinds = plot.hero.split()
    if "role" in kinds and any(word in plot.text for word in FAMILY):
        kinds.remove("role")
    weights = {"child": 62, "animal": 24, "role": 14, "sea": 1, "small": 1}
    return rng.choices(kinds, [weights[kind] for kind in kinds])[0]


def _who(rng: Random, kind: str, pronoun: str | None = None) -> Who:
    if kind == "child":
        return _child(rng, pronoun)
    if kind == "sea":
        who = _animal(rng, list(SEA_ANIMALS))
        if who.noun == "mermaid":
            who = Who(pick(rng, GIRLS), "she", "sea", "mermaid", "young")
        return replace(who, kind="sea")
    if kind == "small":
        return _animal(rng, list(SMALL_ANIMALS))
    return _animal(rng, LAND_ANIMALS) if kind == "animal" else _role(rng)


def _friend(rng: Random, hero: Who, taken: list[Who]) -> Who:
    """Of the hero's kind most often, and of the other pronoun, which keeps "she" clear."""
    other = {"he": "she", "she": "he"}[hero.pronoun]
    pronoun = other if rng.random() < 0.7 else hero.pronoun
    while True:
        kind = hero.kind
        if kind == "role":
            kind = pick(rng, ("child", "animal", "role"))
        elif kind == "child" and rng.random() < 0.1:
            kind = "animal"
        friend = _who(rng, kind, pronoun)
        same_noun = friend.kind != "child" and any(friend.noun == who.noun for who in taken)
        if not same_noun and all(friend.name != who.name for who in taken):
            if kind == "child" or friend.pronoun == pronoun or rng.random() < 0.3:
                return friend


def _of(nouns_or_kinds: str, nouns_of_kinds) -> list[str]:
    if nouns_or_kinds.startswith("="):
        return nouns_or_kinds[1:].split(",")
    return [entry.noun for entry in nouns_of_kinds(*nouns_or_kinds.split())]


def draw_slots(rng: Random, plot: Plot) -> Slots:
    """Everything that the plot's text needs; no two slots hold the same word."""
    kind = _kind_of_hero(rng, plot)
    hero = _who(rng, kind)
    friend = _friend(rng, hero, [hero]) if plot.uses("f", "fn", "fintro") else None
    third = _friend(rng, hero, [hero, friend]) if plot.uses("g", "gn", "gintro") else None
    place = thing = colour = animal = None
    if plot.place:
        wanted = (places_of(*plot.place.split()) if not plot.place.startswith("=") else
                  [place for place in PLACES if place.noun in plot.place[1:].split(",")])
        place = pick(rng, wanted)
    if plot.thing:
        thing = pick(rng, [noun for noun in _of(plot.thing, things_of) if place is None or noun != place.noun])
        if thing not in PLAIN_THINGS and plot.uses("ct", "act") and rng.random() < COLOUR_SHARE:
            colour = pick(rng, COLOURS)
    if plot.animal:
        taken = {who.noun for who in (hero, friend, third) if who}
        animal = pick(rng, [noun for noun in _of(plot.animal, animals_of) if noun not in taken])
    foods = [food for food in FOODS if plot.food == "any" or food.noun not in RAW_FOODS]
    food = pick(rng, foods) if plot.uses("food", "some") else None
    return Slots(hero, friend, third, place, thing, colour, animal, food)
