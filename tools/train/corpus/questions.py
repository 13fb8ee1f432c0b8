"""Questions about a few sentences that the request itself tells."""

from __future__ import annotations

from random import Random
from typing import Callable, Sequence

from .example import Example, either_case, held_out, pick
from .question_changes import compare, how_many, when, where, where_thing, who_has, why
from .question_facts import TOPICS, coloured, number_of, relation
from .question_samples import print_samples
from .question_scene import (
    NOT_SAID, Asked, Asker, Asks, Fact, Scene, Topic, laid_out, single, tell,
)
from .question_tales import tale
from .question_things import coloured_thing

# Who finds a thing has it: one of these facts half answers a question about another.
OWNING = {"have", "hold", "see", "find", "get", "buy", "bring", "want", "need", "wear", "make", "draw"}


def facts_about(scene: Scene, topic: Topic, count: int) -> tuple[list[Fact], Fact]:
    """`count` facts in the order they are told, and which of them was made by `topic`.

    Often somebody else has a fact of the same topic, so that the answer needs the right person.
    """
    rng, main = scene.rng, scene.people[0]
    asked = topic(scene, main)
    facts = [asked]
    if len(scene.people) > 1 and count > 1 and rng.random() < 0.6:
        facts.append(topic(scene, scene.people[1]))
    known = {(fact.person.name, fact.group) for fact in facts if fact.person}
    while len(facts) < count:
        fact = scene.try_fact(TOPICS, lambda one: (one.person.name, one.group) not in known)
        known.add((fact.person.name, fact.group))
        facts.append(fact)
    rng.shuffle(facts)
    if rng.random() < 0.4:  # person by person, which is where pronouns come from
        order = {one.name: place for place, one in enumerate(rng.sample(scene.people, len(scene.people)))}
        facts.sort(key=lambda fact: order[fact.person.name])
    return facts, asked


def made(rng: Random, topic: Topic | None = None) -> tuple[list[Fact], Fact, Scene]:
    scene = Scene.of(rng, pick(rng, (1, 2, 2, 2, 3, 3, 4)))
    facts, asked = facts_about(scene, topic or pick(rng, TOPICS), pick(rng, (1, 2, 2, 3, 3, 4, 5, 6)))
    return facts, asked, scene


def all_asks(facts: Sequence[Fact]) -> Asks:
    """Every question that these facts answer."""
    return tuple(ask for fact in facts for asks in (fact.what, fact.who, fact.yes_no) for ask in asks)


def what(rng: Random) -> Asked:
    facts, asked, _ = made(rng)
    return Asked("what", tell(rng, facts), *pick(rng, asked.what), all_asks(facts))


def who(rng: Random) -> Asked:
    while True:
        facts, asked, _ = made(rng)
        if asked.who:
            return Asked("who", tell(rng, facts), *pick(rng, asked.who), all_asks(facts))


def yes_no(rng: Random) -> Asked:
    """The no is about what nobody has, or about what somebody else has."""
    while True:
        facts, asked, _ = made(rng)
        if not asked.yes_no:
            continue
        question, answer = pick(rng, asked.yes_no)
        others = [fact for fact in facts if fact.group == asked.group and fact is not asked and fact.yes_no]
        if others and rng.random() < 0.4:
            theirs = others[0].yes_no[0][0].replace(others[0].person.name, asked.person.name, 1)
            if same_wording(theirs, asked.yes_no[0][0], asked.person.name):
                question, answer = theirs, asked.yes_no[1][1]
        return Asked("yes_no", tell(rng, facts), question, answer, all_asks(facts))


def same_wording(left: str, right: str, name: str) -> bool:
    """True if two questions about the person ask with the same verb ("Does Tom like")."""
    head = 3 if left.startswith("D") else 2
    return left.split()[:head] == right.split()[:head] and left != right and name + "'s" not in left


def colour(rng: Random) -> Asked:
    if rng.random() < 0.4:
        return coloured_thing(rng)
    facts, asked, _ = made(rng, coloured)
    return Asked("colour", tell(rng, facts), *asked.what[0], all_asks(facts))


def relatives(rng: Random) -> Asked:
    facts, asked, _ = made(rng, relation)
    return Asked("relation", tell(rng, facts), *pick(rng, asked.what), all_asks(facts))


def not_said(rng: Random) -> Asked:
    """A fair question that the passage has no answer to."""
    scene = Scene.of(rng, pick(rng, (2, 2, 3)))
    facts, _ = facts_about(scene, pick(rng, TOPICS), pick(rng, (2, 3, 3, 4, 5)))
    mentioned = {fact.person.name for fact in facts}
    if rng.random() < 0.4:
        other = pick(rng, TOPICS)(scene, scene.stranger())
        return Asked("not_said", tell(rng, facts), pick(rng, other.what)[0], NOT_SAID, all_asks(facts))
    groups = {(fact.person.name, fact.group) for fact in facts}

    def unanswered(fact: Fact) -> bool:
        theirs = {group for name, group in groups if name == fact.person.name}
        guessed = fact.group in OWNING and theirs & OWNING
        return fact.person.name in mentioned and fact.group not in theirs and not guessed

    other = scene.try_fact(TOPICS, unanswered)
    question = pick(rng, [asked for asked, _ in other.what if not asked.endswith("doing?")])
    return Asked("not_said", tell(rng, facts), question, NOT_SAID, all_asks(facts))


def count_of(rng: Random) -> Asked:
    """Read directly, or after one more came or went."""
    if rng.random() < 0.6:
        return how_many(rng)
    facts, asked, _ = made(rng, number_of)
    return Asked("how_many", tell(rng, facts), *asked.what[0], all_asks(facts))


ASKERS: dict[str, Asker] = {
    "what": what,
    "who": who,
    "yes_no": yes_no,
    "where": where,
    "where_thing": where_thing,
    "who_has": who_has,
    "colour": colour,
    "compare": compare,
    "how_many": count_of,
    "why": why,
    "when": when,
    "relation": relatives,
    "tale": tale,
    "not_said": not_said,
}

AGAIN = ("{q}",) * 8 + ("Another question: {q}", "Next question: {q}", "Thank you. {q}", "And now: {q}", "Okay. {q}",
                        "Question: {q}")


def series(rng: Random) -> Example:
    """Several questions about one passage, one after another. The last gives the key and is judged; the others are
    none that are held out."""
    while True:
        asked = ASKERS[pick(rng, tuple(ASKERS))](rng)
        last = (asked.question, asked.answer)
        asks = dict(asked.others)
        asks.pop(asked.question, None)
        asks = {question: answer for question, answer in asks.items() if not held_out(asked.key(question))}
        if asks:
            break
    turns = rng.sample(sorted(asks.items()), min(len(asks), pick(rng, (2, 3, 4, 5, 6)))) + [last]
    messages: list[tuple[str, str]] = []
    for question, answer in turns:
        if not messages:
            request = laid_out(rng, asked.sentences, question)
        else:
            request = either_case(rng, pick(rng, AGAIN).format(q=question))
        messages += [("user", request), ("assistant", answer)]
    return Example("series", tuple(messages), asked.key(asked.question), {"exact": asked.answer})


KINDS: dict[str, Callable[[Random], Example]] = {kind: single(asker) for kind, asker in ASKERS.items()}
KINDS["series"] = series

if __name__ == "__main__":
    print_samples(KINDS)
