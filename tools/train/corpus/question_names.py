"""People in questions and sums: many common names, and now and then one that nobody has heard of.

A model that has only seen a hundred names learns the names; one that sees invented ones too learns to copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from . import words
from .example import pick


@dataclass(frozen=True)
class Person:
    name: str
    subject: str     # "he" or "she"
    possessive: str  # "his" or "her"
    object: str      # "him" or "her"


_MORE_GIRLS = (
    "Mia Anna Emma Lily Lucy Sara Nina Ella Zoe Amy Eva Ruby Rosa Kate Jane Mary Molly Daisy Alice Clara Ida Julia "
    "Lena Lisa Maya Nora Olga Paula Rita Sofia Tina Vera Wendy Yara Ivy Hana Grace Emily Betty Bella Cleo Dora Fay "
    "Gina Helen Iris Jenny Kim Leah Mona Nelly Olive Penny Rose Sally Tara Una Vicky Hazel Zara Ann Sue Pia Amina "
    "Priya Mei Fatima Ingrid Marta Chloe Abby Linda Susan Laura Maria Diana"
).split()

_MORE_BOYS = (
    "Tom Ben Sam Max Leo Tim Jack Finn Noah Adam Paul Peter Dan Bob Bill Fred George Henry Ian James John Karl Luke "
    "Mark Nick Oscar Otto Pablo Ravi Rob Simon Ted Theo Victor Will Zack Alex Amir Anton Bruno Carl David Eric Felix "
    "Gus Hugo Ivan Jim Joe Ken Lars Liam Mike Nils Owen Pedro Ralph Stan Toby Kofi Ali Omar Hans Jonas Diego Chen "
    "Yusuf Andy Charlie Harry Oliver Jacob Martin Robert"
).split()

GIRLS = tuple(dict.fromkeys(words.GIRLS + _MORE_GIRLS))
BOYS = tuple(dict.fromkeys(words.BOYS + _MORE_BOYS))

STARTS = ("B", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T", "V", "Z", "Br", "Dr", "Gr", "Tr", "Kl", "Pl",
    "St")
MIDDLES = ("a", "e", "i", "o", "u", "ee", "oo", "ai")
JOINS = ("b", "d", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "nd", "mb", "rl", "ll", "nk", "rt")
ENDS = ("a", "o", "i", "in", "on", "ar", "er", "us", "el", "ix", "um", "ek")

INVENTED_SHARE = 0.08


def invented_name(rng: Random) -> str:
    return pick(rng, STARTS) + pick(rng, MIDDLES) + pick(rng, JOINS) + pick(rng, ENDS)


def person(rng: Random) -> Person:
    is_girl = rng.random() < 0.5
    if rng.random() < INVENTED_SHARE:
        name = invented_name(rng)
    else:
        name = pick(rng, GIRLS if is_girl else BOYS)
    return Person(name, "she", "her", "her") if is_girl else Person(name, "he", "his", "him")


def people(rng: Random, count: int) -> tuple[Person, ...]:
    """Different people."""
    found: list[Person] = []
    while len(found) < count:
        candidate = person(rng)
        if candidate.name not in [one.name for one in found]:
            found.append(candidate)
    return tuple(found)


def two_people(rng: Random) -> tuple[Person, Person]:
    first, second = people(rng, 2)
    return first, second
