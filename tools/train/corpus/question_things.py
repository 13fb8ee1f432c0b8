"""Facts about things rather than people: their colours."""

from __future__ import annotations

from random import Random

from .example import pick
from .question_facts import colour_word
from .question_scene import Asked, Scene
from .question_words import COLOUR_WORDS, THINGS

COLOURED = THINGS + ("door", "house", "car", "wall", "flower pot", "boat", "bus", "chair", "table", "gate", "train",
                     "roof", "carpet", "sofa", "cat", "dog", "horse", "bird", "fish", "plate")


def coloured_thing(rng: Random) -> Asked:
    """The door is red. The car is blue."""
    scene = Scene.of(rng, 1)
    pairs = [(scene.take(COLOURED), scene.take(COLOUR_WORDS)) for _ in range(pick(rng, (1, 2, 2, 3, 3, 4)))]
    sentences = [f"The {thing} is {colour}." for thing, colour in pairs]
    if len(pairs) > 1 and rng.random() < 0.3:
        (first, its), (second, other) = pairs[:2]
        sentences[:2] = [f"The {first} is {its} and the {second} is {other}."]
    thing, colour = pick(rng, pairs)
    answer = f"The {thing} is {colour}."
    other = scene.take(COLOUR_WORDS)
    question, answer = pick(rng, (
        (f"What {colour_word(scene)} is the {thing}?", answer), (f"What {colour_word(scene)} is the {thing}?", answer),
        (f"Which thing is {colour}?", answer), (f"What is {colour}?", answer),
        (f"Is the {thing} {colour}?", "Yes, the" + answer[3:]),
        (f"Is the {thing} {other}?", "No, the" + answer[3:])))
    others = tuple(ask for one, its in pairs for ask in (
        (f"What {colour_word(scene)} is the {one}?", f"The {one} is {its}."),
        (f"Which thing is {its}?", f"The {one} is {its}."), (f"What is {its}?", f"The {one} is {its}.")))
    return Asked("colour", sentences, question, answer, others)
