"""What can be said about a person in a scene, and what can then be asked."""

from __future__ import annotations

from .example import pick, with_article
from .question_names import Person
from .question_scene import Fact, Scene
from .question_words import (
    COLOUR_WORDS, DAYS, DRUNK, EATEN, FEELINGS, JOBS, LIKED, MADE, NUMBERED, PET_NAMES, PETS, PLAYED, READ, RELATIONS,
    SEEN, THINGS, TOWNS, WHERE, WORN,
)

# Group, base form, form with he or she, objects.
PRESENT = (
    ("like", "like", "likes", LIKED), ("like", "love", "loves", LIKED), ("eat", "eat", "eats", EATEN),
    ("want", "want", "wants", EATEN), ("drink", "drink", "drinks", DRUNK), ("play", "play", "plays", PLAYED),
    ("read", "read", "reads", READ),
)
PRESENT_THINGS = (
    ("have", "have", "has", THINGS), ("want", "want", "wants", THINGS), ("need", "need", "needs", THINGS),
    ("have", "carry", "carries", THINGS), ("see", "see", "sees", SEEN), ("draw", "draw", "draws", SEEN),
    ("wear", "wear", "wears", WORN), ("hold", "hold", "holds", THINGS),
)
PAST = (("eat", "eat", "ate", EATEN), ("drink", "drink", "drank", DRUNK), ("make", "make", "made", MADE),
        ("read", "read", "read", READ))
PAST_THINGS = (
    ("find", "find", "found", THINGS), ("buy", "buy", "bought", THINGS), ("lose", "lose", "lost", THINGS),
    ("see", "see", "saw", SEEN), ("draw", "draw", "drew", SEEN), ("wear", "wear", "wore", WORN),
    ("bring", "bring", "brought", THINGS), ("get", "get", "got", THINGS),
)


def colour_word(scene: Scene) -> str:
    """Both spellings are asked with; the answer follows the question."""
    return "color" if scene.rng.random() < 0.4 else "colour"


def verb(scene: Scene, person: Person) -> Fact:
    """Tom likes apples. Tom found a coin."""
    tables = pick(scene.rng, (PRESENT, PRESENT_THINGS, PAST, PAST_THINGS))
    group, base, form, pool = pick(scene.rng, tables)
    name, helping = person.name, "did" if tables in (PAST, PAST_THINGS) else "does"
    thing, other = scene.take(pool), scene.take(pool)
    if tables in (PRESENT_THINGS, PAST_THINGS):
        thing, other = with_article(thing), with_article(other)
    answer = f"{name} {form} {thing}."
    asked = f"{helping.capitalize()} {name} {base}"
    return Fact(f"{{n}} {form} {thing}.", person, group, ((f"What {helping} {name} {base}?", answer),),
                ((f"Who {form} {thing}?", answer),),
                ((f"{asked} {thing}?", f"Yes, {answer}"), (f"{asked} {other}?", f"No, {answer}")))


def place(scene: Scene, person: Person) -> Fact:
    """Tom is in the garden. Mia went to the park."""
    (noun, where), (_, elsewhere) = scene.take(WHERE), scene.take(WHERE)
    name, answer = person.name, f"{person.name} is {where}."
    what, who = [(f"Where is {name}?", answer)], [(f"Who is {where}?", answer)]
    template = f"{{n}} is {where}."
    draw = scene.rng.random()
    if draw < 0.3:
        moved = pick(scene.rng, ("went", "went", "walked", "ran"))
        template = f"{{n}} {moved} to the {noun}."
        there = f"{name} {moved} to the {noun}."
        base = {"went": "go", "walked": "walk", "ran": "run"}[moved]
        what += [(f"Where did {name} {base}?", there)] * 2
        who = [(f"Who {moved} to the {noun}?", there)]
    elif draw < 0.5:
        done = pick(scene.rng, ("sitting", "playing", "waiting", "sleeping", "reading", "working"))
        template = f"{{n}} is {done} {where}."
        answer = f"{name} is {done} {where}."
        what = [(f"Where is {name}?", f"{name} is {where}."), (f"Where is {name} {done}?", answer),
                (f"What is {name} doing?", answer)]
        who = [(f"Who is {done} {where}?", answer), (f"Who is {where}?", f"{name} is {where}.")]
        answer = f"{name} is {where}."
    return Fact(template, person, "place", tuple(what), tuple(who),
                ((f"Is {name} {where}?", f"Yes, {answer}"), (f"Is {name} {elsewhere}?", f"No, {answer}")))


def home(scene: Scene, person: Person) -> Fact:
    town, other = scene.take(TOWNS), scene.take(TOWNS)
    name, answer = person.name, f"{person.name} lives in {town}."
    return Fact(f"{{n}} lives in {town}.", person, "home", ((f"Where does {name} live?", answer),),
                ((f"Who lives in {town}?", answer),),
                ((f"Does {name} live in {town}?", f"Yes, {answer}"),
                (f"Does {name} live in {other}?", f"No, {answer}")))


def is_something(scene: Scene, person: Person, group: str, question: str, value: str, other: str) -> Fact:
    """Tom is a baker. Tom is sad. Tom is 7 years old."""
    name, answer = person.name, f"{person.name} is {value}."
    return Fact(f"{{n}} is {value}.", person, group, ((question.format(n=name), answer),),
    ((f"Who is {value}?", answer),),
                ((f"Is {name} {value}?", f"Yes, {answer}"), (f"Is {name} {other}?", f"No, {answer}")))


def job(scene: Scene, person: Person) -> Fact:
    value, other = with_article(scene.take(JOBS)), with_article(scene.take(JOBS))
    question = pick(scene.rng, ("What is {n}'s job?", "What is {n}'s job?", "What does {n} do for work?"))
    return is_something(scene, person, "job", question, value, other)


def age(scene: Scene, person: Person) -> Fact:
    ages = range(3, 13) if scene.rng.random() < 0.7 else range(13, 90)
    value, other = scene.take(ages), scene.take(ages)
    return is_something(scene, person, "age", "How old is {n}?", f"{value} years old", f"{other} years old")


def feeling(scene: Scene, person: Person) -> Fact:
    return is_something(scene, person, "feeling", "How does {n} feel?", scene.take(FEELINGS), scene.take(FEELINGS))


def pet(scene: Scene, person: Person) -> Fact:
    """Tom has a dog called Rex."""
    animal, other = scene.take(PETS), scene.take(PETS)
    name, answer = person.name, f"{person.name} has {with_article(animal)}."
    what = [(f"What animal does {name} have?", answer), (f"What pet does {name} have?", answer),
            (f"Which animal does {name} have?", answer)]
    who = ((f"Who has {with_article(animal)}?", answer),)
    template = f"{{n}} has {with_article(animal)}."
    if scene.rng.random() < 0.5:
        called = scene.take(PET_NAMES)
        template = pick(scene.rng, (f"{{n}} has {with_article(animal)} called {called}.",
                                    f"{{s}} {animal} is called {called}.",
                                    f"{{n}} has {with_article(animal)}. Its name is {called}."))
        named = f"{name}'s {animal} is called {called}."
        what += [(f"What is {name}'s {animal} called?", named), (f"What is the name of {name}'s {animal}?", named),
                 (f"Who is {called}?", f"{called} is {name}'s {animal}.")]
    return Fact(template, person, "have", tuple(what), who,
                ((f"Does {name} have {with_article(animal)}?", f"Yes, {answer}"),
                 (f"Does {name} have {with_article(other)}?", f"No, {answer}")), names_another=True)


def number_of(scene: Scene, person: Person) -> Fact:
    """Tom has 3 apples."""
    one, many = scene.take(NUMBERED)
    count = scene.rng.randrange(1, 13)
    noun = one if count == 1 else many
    name, answer = person.name, f"{person.name} has {count} {noun}."
    return Fact(f"{{n}} has {count} {noun}.", person, "have", ((f"How many {many} does {name} have?", answer),),
                ((f"Who has {count} {noun}?", answer),))


def coloured(scene: Scene, person: Person) -> Fact:
    """Tom's hat is red. Mia has a blue kite."""
    thing, colour, other = scene.take(THINGS + WORN), scene.take(COLOUR_WORDS), scene.take(COLOUR_WORDS)
    name, answer = person.name, f"{person.name}'s {thing} is {colour}."
    what = ((f"What {colour_word(scene)} is {name}'s {thing}?", answer),) * 2
    template, who = f"{{s}} {thing} is {colour}.", ((f"Whose {thing} is {colour}?", answer),)
    if scene.rng.random() < 0.6:
        owns = f"has {with_article(colour)} {thing}."
        template, who = f"{{n}} {owns}", ((f"Who has {with_article(colour)} {thing}?", f"{name} {owns}"),)
        what += ((f"What does {name} have?", f"{name} {owns}"),)
    return Fact(template, person, "have", what, who,
                ((f"Is {name}'s {thing} {colour}?", f"Yes, {answer}"),
                (f"Is {name}'s {thing} {other}?", f"No, {answer}")))


def favourite(scene: Scene, person: Person) -> Fact:
    kind, pool = pick(scene.rng, (("colour", COLOUR_WORDS), ("food", EATEN), ("day", DAYS), ("drink", DRUNK)))
    value = scene.take(pool)
    answer = f"{person.name}'s favourite {kind} is {value}."
    asked = f"What is {person.name}'s favourite {kind}?"
    if scene.rng.random() < 0.3:
        asked = asked.replace("favourite", "favorite").replace("colour", "color")
    return Fact(f"{{s}} favourite {kind} is {value}.", person, "favourite " + kind, ((asked, answer),),
                ((f"Whose favourite {kind} is {value}?", answer),))


def relation(scene: Scene, person: Person) -> Fact:
    """Ann is Tom's sister: the other person of it is nobody else in the scene."""
    his, hers = scene.take(RELATIONS)
    other = scene.stranger()
    word = hers if other.subject == "she" else his
    name, answer = person.name, f"{other.name} is {person.name}'s {word}."
    template = pick(scene.rng, (f"{other.name} is {{s}} {word}.", f"{{s}} {word} is called {other.name}."))
    return Fact(template, person, "relation",
                ((f"Who is {name}'s {word}?", answer), (f"Who is {other.name}?", answer),
                 (f"What is the name of {name}'s {word}?", answer)), names_another=True)


TOPICS = (verb, verb, verb, verb, verb, place, place, home, job, age, feeling, pet, number_of, coloured, coloured,
          favourite, relation)
