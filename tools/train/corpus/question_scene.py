"""A small scene: some people and facts about them, none of which contradicts another; and how it is asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Callable, Sequence

from .example import Example, T, chat, either_case, pick, sentence
from .question_names import Person, people

NOT_SAID = "The text does not say."

Asks = tuple[tuple[str, str], ...]

# {p} the passage, {q} the question. The plain ones are the most frequent.
PLAIN_LAYOUTS = ("{p} {q}", "{p} {q}", "{p}\n{q}", "{p}\n\n{q}")
LAYOUTS = (
    "Read this: {p}\nQuestion: {q}", "Read this: {p} Question: {q}", "Read this. {p} {q}",
    "Here are some facts. {p} Now tell me: {q}", "Here are some facts: {p}\nNow tell me: {q}",
    "Text: {p}\nQuestion: {q}", "Text: {p}\n\nQuestion: {q}", "Text: {p}\nQuestion: {q}\nAnswer:",
    "{p} Answer this question: {q}", "{p}\nAnswer this question: {q}",
    "Please read the text and answer the question.\n{p}\n{q}", "Read the text and answer the question.\n\n{p}\n\n{q}",
    "Question: {q}\nText: {p}", "Answer the question. {q}\n{p}", "Read the text and tell me: {q}\n\n{p}",
    "I will tell you something. {p} {q}", "I will tell you a short story. {p} {q}", "Listen. {p} {q}",
    "Listen: {p} {q}",
    "Story: {p}\nQuestion: {q}", "Use the text to answer the question.\n{p}\n{q}", "Context: {p}\nQuestion: {q}",
    "Context:\n{p}\n\nQuestion:\n{q}", "{p} My question is: {q}", "{p} Can you tell me this? {q}", "{p}\nQuestion: {q}",
    "Passage: {p}\nQuestion: {q}", "Hello! {p} {q}", "Here is a short text: {p}\n{q}", "{p} Tell me: {q}",
    "{p}\nSo: {q}",
)


@dataclass(frozen=True)
class Fact:
    """template  the sentence; {n} is the person's name or pronoun, {s} "Tom's" or "his"
    person       None where the fact is about a thing
    group        a person has at most one fact of a group, so that a question has one answer
    what         (question, answer) pairs about the person: "What does Tom like?"
    who          (question, answer) pairs from the rest to the person: "Who likes apples?"
    yes_no       (question, answer) pairs"""

    template: str
    person: Person | None
    group: str
    what: Asks
    who: Asks = ()
    yes_no: Asks = ()
    names_another: bool = False  # after which "he" could be either of the two

    def told(self, with_pronoun: bool = False) -> str:
        if self.person is None:
            return self.template
        name, whose = self.person.name, self.person.name + "'s"
        if with_pronoun:
            name, whose = self.person.subject, self.person.possessive
        return sentence(self.template.format(n=name, s=whose, his=self.person.possessive))


@dataclass
class Scene:
    rng: Random
    people: tuple[Person, ...]
    used: set[str] = field(default_factory=set)

    @staticmethod
    def of(rng: Random, count: int) -> "Scene":
        found = people(rng, count)
        return Scene(rng, found, {one.name for one in found})

    def stranger(self) -> Person:
        """Somebody whom the scene has not named yet."""
        while True:
            found = people(self.rng, 1)[0]
            if found.name not in self.used:
                self.used.add(found.name)
                return found

    def take(self, pool: Sequence[T]) -> T:
        """One that the scene does not know yet, so that no two facts can be mixed up."""
        found = pick(self.rng, [one for one in pool if bare(one) not in self.used])
        self.used.add(bare(found))
        return found

    def try_fact(self, topics: "Sequence[Topic]", fits: Callable[[Fact], bool]) -> Fact:
        """A fact about one of the people that fits; those that do not are forgotten with their words."""
        while True:
            used = set(self.used)
            fact = pick(self.rng, topics)(self, pick(self.rng, self.people))
            if fits(fact):
                return fact
            self.used = used


Topic = Callable[[Scene, Person], Fact]


def bare(word: object) -> str:
    """Without the article: "a book" and "book" are the same word."""
    return str(word).removeprefix("a ").removeprefix("an ")


def tell(rng: Random, facts: Sequence[Fact]) -> list[str]:
    """The facts in their order; a fact about the person just named may use the pronoun."""
    told, before = [], None
    for fact in facts:
        again = fact.person is not None and fact.person is before
        told.append(fact.told(again and rng.random() < 0.6))
        before = None if fact.names_another else fact.person
    return told


@dataclass(frozen=True)
class Asked:
    """A passage, the question that is judged with its answer, and what else the passage answers."""

    kind: str
    sentences: Sequence[str]
    question: str
    answer: str
    others: Asks = ()

    def key(self, question: str) -> str:
        """Passage and question: the layout is not what is learned."""
        return f"question:{' '.join(self.sentences)}|{question}"


Asker = Callable[[Random], Asked]


def single(asker: Asker) -> Callable[[Random], Example]:
    """Makes examples of one question."""

    def make(rng: Random) -> Example:
        asked = asker(rng)
        request = laid_out(rng, asked.sentences, asked.question)
        return chat(asked.kind, request, asked.answer, asked.key(asked.question), {"exact": asked.answer})

    return make


def laid_out(rng: Random, sentences: Sequence[str], question: str) -> str:
    """The request in one of the layouts."""
    draw = rng.random()
    if draw < 0.06:
        request = "Facts:\n" + "\n".join("- " + told for told in sentences) + "\nQuestion: " + question
    elif draw < 0.12:
        request = "\n".join(sentences) + "\n" + question
    else:
        layout = pick(rng, PLAIN_LAYOUTS if draw < 0.5 else LAYOUTS)
        request = layout.format(p=" ".join(sentences), q=question)
    return either_case(rng, request)
