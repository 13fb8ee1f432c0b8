"""Questions where something happens in the passage: people move, things change hands, numbers change; why and when."""

from __future__ import annotations

from random import Random

from .example import pick, pick_distinct, sentence, with_article
from .question_facts import TOPICS
from .question_names import Person
from .question_scene import Asked, Scene
from .question_words import (
    DAYS, DOINGS, NUMBERED, PEOPLE_COMPARED, PETS, REASONS, SPOTS, THINGS, THINGS_COMPARED, TIMES, WHERE,
)

MOVES = ("went to the", "went to the", "walked to the", "ran to the", "moved to the")


def asides(scene: Scene, count: int, without: tuple[str, ...]) -> list[str]:
    """Facts that have nothing to do with the question: none of the groups `without`."""
    told, known = [], set()
    while len(told) < count:
        fact = scene.try_fact(
            TOPICS, lambda one: one.group not in without and (one.person.name, one.group) not in known)
        known.add((fact.person.name, fact.group))
        told.append(fact.told())
    return told


def mixed(rng: Random, events: list[str], others: list[str]) -> list[str]:
    """The events in their order, the others anywhere between them."""
    sentences = list(events)
    for other in others:
        sentences.insert(rng.randrange(len(sentences) + 1), other)
    return sentences


def where(rng: Random) -> Asked:
    """People move: the last place counts."""
    scene = Scene.of(rng, pick(rng, (1, 2, 2, 3)))
    events: list[tuple[Person, str]] = []
    at: dict[str, str] = {}
    seen: list[str] = []
    moves = pick(rng, (1, 2, 3, 3, 4, 5))
    for step in range(moves):
        person = scene.people[0] if step == 0 else pick(rng, scene.people)
        noun, place = scene.take(WHERE)
        if person.name not in at and rng.random() < 0.5:
            told = f"{person.name} is {place}."
        else:
            who = person.name
            if events and events[-1][0] is person:
                who = pick(rng, (person.name, sentence(person.subject),
                "Then " + person.subject, "Then " + person.name))
            told = f"{who} {pick(rng, MOVES)} {noun}."
        events.append((person, told))
        at[person.name] = place
        seen.append(place)
    asked = pick(rng, sorted(at))
    sentences = [told for _, told in events]
    if rng.random() < 0.4:  # only in front, where no pronoun can be cut off from its name
        sentences = asides(scene, 1, ("place",)) + sentences
    there, elsewhere = at[asked], pick(rng, [place for place in seen if place != at[asked]] or [scene.take(WHERE)[1]])
    question, answer = pick(rng, (
        (f"Where is {asked}?", f"{asked} is {there}."), (f"Where is {asked} now?", f"{asked} is {there}."),
        (f"Where is {asked}?", f"{asked} is {there}."), (f"Where is {asked} now?", f"{asked} is {there}."),
        (f"Is {asked} {there}?", f"Yes, {asked} is {there}."),
        (f"Is {asked} {elsewhere}?", f"No, {asked} is {there}.")))
    others = tuple((f"Where is {name}{now}?", f"{name} is {place}.") for name, place in at.items()
                   for now in ("", " now"))
    others += tuple((f"Is {name} {place}?", f"Yes, {name} is {place}.") for name, place in at.items())
    others += tuple((f"Is {name} {place}?", f"No, {name} is {at[name]}.") for name in at for place in seen
                    if place != at[name])
    return Asked("where", sentences, question, answer, others)


def where_thing(rng: Random) -> Asked:
    """Things lie somewhere, are put elsewhere, or are carried along."""
    scene = Scene.of(rng, 2)
    thing = scene.take(THINGS)
    if rng.random() < 0.3:
        return carried(rng, scene, thing)
    at = {thing: scene.take(SPOTS)}
    events = [f"The {thing} is {at[thing]}."]
    for _ in range(pick(rng, (0, 1, 1, 2))):
        other = scene.take(THINGS)
        at[other] = scene.take(SPOTS)
        events.append(f"The {other} is {at[other]}.")
    rng.shuffle(events)
    for _ in range(pick(rng, (0, 1, 1, 2))):
        moved = pick(rng, list(at))
        at[moved] = scene.take(SPOTS)
        events.append(f"{pick(rng, scene.people).name} put the {moved} {at[moved]}.")
    asked = pick(rng, list(at))
    sentences = mixed(rng, events, asides(scene, pick(rng, (0, 0, 1)), ("place", "have", "hold")))
    question = pick(rng, (f"Where is the {asked}?", f"Where is the {asked} now?", f"Where can I find the {asked}?"))
    others = tuple((f"Where is the {other}?", f"The {other} is {spot}.") for other, spot in at.items())
    return Asked("where_thing", sentences, question, f"The {asked} is {at[asked]}.", others)


def carried(rng: Random, scene: Scene, thing: str) -> Asked:
    """Tom took the ball. Tom went to the garden: there the ball is."""
    one, other = scene.people
    noun, place = scene.take(WHERE)
    took = pick(rng, (f"{one.name} took the {thing}.", f"{one.name} picked up the {thing}.",
    f"{one.name} has the {thing}."))
    who = pick(rng, (one.name, sentence(one.subject), "Then " + one.subject))
    events = [f"{took} {who} {pick(rng, MOVES)} {noun}."]
    for _ in range(pick(rng, (0, 1, 1, 2))):
        _, elsewhere = scene.take(WHERE)
        extra = pick(rng, (f"{other.name} is {elsewhere}.", f"The {scene.take(THINGS)} is {scene.take(SPOTS)}."))
        if not any(other.name in told and other.name in extra for told in events):
            events = mixed(rng, events, [extra])
    question = pick(rng, (f"Where is the {thing}?", f"Where is the {thing} now?"))
    return Asked("where_thing", events, question, f"The {thing} is {place}.")


def who_has(rng: Random) -> Asked:
    """A thing changes hands, or does not."""
    scene = Scene.of(rng, pick(rng, (2, 3, 3)))
    thing, second = scene.take(THINGS), scene.take(THINGS)
    first, receiver = scene.people[:2]
    events = [pick(rng, (f"{first.name} has {with_article(thing)}.", f"{first.name} found {with_article(thing)}.",
                         f"{first.name} has the {thing}."))]
    asked: list[tuple[str, str]] = []
    holder = first
    if len(scene.people) > 2 or rng.random() < 0.5:
        keeper = scene.people[-1]
        events.insert(rng.randrange(2), f"{keeper.name} has {with_article(second)}.")
        asked.append((f"Who has the {second}?", f"{keeper.name} has the {second}."))
    if rng.random() < 0.8:
        gave = pick(rng, (f"{first.name} gave the {thing} to {receiver.name}.",
        f"{first.name} gave {receiver.name} the {thing}.",
                          f"{receiver.name} took the {thing} from {first.name}."))
        events.append(gave)
        holder = receiver
        if " gave " in gave:
            asked += [(f"Who gave the {thing} to {receiver.name}?",
            f"{first.name} gave the {thing} to {receiver.name}."),
                      (f"What did {first.name} give to {receiver.name}?",
                      f"{first.name} gave the {thing} to {receiver.name}.")]
        if len(scene.people) > 2 and rng.random() < 0.3:
            last = scene.people[2]
            events.append(f"Then {receiver.name} gave the {thing} to {last.name}.")
            holder, asked = last, asked[:1] if asked and second in asked[0][0] else []
    has = (pick(rng, (f"Who has the {thing}?", f"Who has the {thing} now?")), f"{holder.name} has the {thing}.")
    question, answer = pick(rng, asked) if asked and rng.random() < 0.35 else has
    sentences = mixed(rng, events, asides(scene, pick(rng, (0, 0, 1)), ("have", "hold", "find", "get", "buy", "bring")))
    return Asked("who_has", sentences, question, answer, (*asked, has))


def how_many(rng: Random) -> Asked:
    """A number that is told, or that changes by a small one."""
    scene = Scene.of(rng, 2)
    person, other = scene.people
    (one, many), (_, others) = scene.take(NUMBERED), scene.take(NUMBERED)
    count, change = rng.randrange(2, 11), rng.randrange(1, 6)
    name, draw = person.name, rng.random()
    question = pick(rng, (f"How many {many} does {name} have?", f"How many {many} does {name} have now?"))
    if draw < 0.25:
        sentences = [f"{name} has {count} {many} and {change + 1} {others}."]
        asked, number = pick(rng, ((many, count), (others, change + 1)))
        question, answer = f"How many {asked} does {name} have?", f"{name} has {number} {asked}."
    elif draw < 0.4:
        (_, here), (_, there) = scene.take(WHERE), scene.take(WHERE)
        sentences = [f"There are {count} {many} {here}.", f"There are {change + 1} {many} {there}."]
        question, answer = f"How many {many} are {here}?", f"There are {count} {many} {here}."
        rng.shuffle(sentences)
    elif draw < 0.75:
        more = pick(rng, (f"{sentence(person.subject)} gets {change} more.", f"{name} finds {change} more.",
                          f"{other.name} gives {person.object} {change} more.", f"{name} buys {change} more."))
        sentences = [f"{name} has {count} {many}.", more]
        answer = f"{name} has {count + change} {many}."
    else:
        count += change
        left = count - change
        less = pick(rng, (f"{sentence(person.subject)} loses {change} of them.",
        f"{name} gives {change} of them to {other.name}.",
                          f"{other.name} takes {change} of them."))
        sentences = [f"{name} has {count} {many}.", less]
        answer = f"{name} has {left} {one if left == 1 else many}."
    if rng.random() < 0.4:
        sentences = asides(scene, 1, ("have",)) + sentences
    return Asked("how_many", sentences, question, answer)


def compare(rng: Random) -> Asked:
    """Who is older: told by a comparison, or by two ages."""
    if rng.random() < 0.3:
        return compared_things(rng)
    scene = Scene.of(rng, 2)
    first, second = (one.name for one in scene.people)
    more, less = pick(rng, PEOPLE_COMPARED)
    if rng.random() < 0.3:
        (more, less), ages = PEOPLE_COMPARED[0], rng.sample(range(4, 13), 2)
        sentences = [f"{first} is {max(ages)} years old.", f"{second} is {min(ages)} years old."]
        rng.shuffle(sentences)
    elif rng.random() < 0.5:
        sentences = [f"{first} is {more} than {second}."]
    else:
        sentences = [f"{second} is {less} than {first}."]
    asks = comparisons(rng, first, second, more, less)
    question, answer = pick(rng, asks)
    sentences = mixed(rng, sentences, asides(scene, pick(rng, (0, 0, 1, 1, 2)), ("age",)))
    return Asked("compare", sentences, question, answer, tuple(asks))


def comparisons(rng: Random, first: str, second: str, more: str, less: str) -> list[tuple[str, str]]:
    """Questions on "first is more than second", with answers that start with a capital."""
    is_more, is_less = f"{sentence(first)} is {more} than {second}.", f"{sentence(second)} is {less} than {first}."
    left, right = pick_distinct(rng, (first, second), 2)
    word = "Which" if first.startswith("the ") else "Who"
    return [
        (f"{word} is {more}?", is_more), (f"{word} is {less}?", is_less),
        (f"{word} is {more}, {left} or {right}?", is_more), (f"{word} is {less}, {left} or {right}?", is_less),
        (f"Is {first} {more} than {second}?", f"Yes, {first} is {more} than {second}."),
        (f"Is {second} {more} than {first}?", f"No, {second} is {less} than {first}."),
    ]


def compared_things(rng: Random) -> Asked:
    scene = Scene.of(rng, 1)
    pool = PETS if rng.random() < 0.4 else THINGS
    first, second = "the " + scene.take(pool), "the " + scene.take(pool)
    more, less = pick(rng, THINGS_COMPARED if pool is THINGS else (("bigger", "smaller"), ("faster", "slower")))
    told = pick(rng, (f"{sentence(first)} is {more} than {second}.", f"{sentence(second)} is {less} than {first}."))
    asks = comparisons(rng, first, second, more, less)
    question, answer = pick(rng, asks)
    sentences = mixed(rng, [told], asides(scene, pick(rng, (0, 0, 1)), ("age", "have")))
    return Asked("compare", sentences, question, answer, tuple(asks))


def why(rng: Random) -> Asked:
    """The reason is told, in one of several ways."""
    scene = Scene.of(rng, pick(rng, (1, 2, 2)))
    person, thing, pet = scene.people[0], scene.take(THINGS), scene.take(PETS)
    effect, asked, causes = pick(rng, REASONS)

    def clause(cause: str, who: str) -> str:
        whose = person.name + "'s" if who == person.name else person.possessive
        text = cause.replace("a {thing}", with_article(thing)).replace("{s}", who)
        # The first "his" names the person where the clause comes first and has no other subject.
        first_his = whose if "{s}" not in cause else person.possessive
        return text.replace("{his}", first_his, 1).format(his=person.possessive, thing=thing, pet=pet)

    cause = pick(rng, causes)
    after = clause(cause, person.subject)
    ahead = sentence(clause(cause, person.name))
    named_ahead = person.name in ahead
    subject = person.subject if named_ahead else person.name
    story = pick(rng, ([f"{person.name} {effect} because {after}."], [f"{person.name} {effect} because {after}."],
                       [f"{ahead}, so {subject} {effect}."],
                       [f"Because {clause(cause, person.subject)}, {person.name} {effect}."]))
    others = asides(scene, pick(rng, (0, 1, 1, 2)), ("feeling", "have", "place", "lose"))
    question = "Why " + asked.format(n=person.name) + "?"
    return Asked("why", mixed(rng, story, others), question, f"{person.name} {effect} because {after}.")


def when(rng: Random) -> Asked:
    """Who does what at which time."""
    scene = Scene.of(rng, pick(rng, (1, 1, 2, 2, 3)))
    past = rng.random() < 0.3
    plans, sentences = [], []
    for step in range(pick(rng, (1, 2, 2, 3, 3))):
        person = scene.people[0] if step == 0 else pick(rng, scene.people)
        doing, time = scene.take(DOINGS), scene.take(TIMES)
        plans.append((person, doing, time))
        done = doing[2] if past else doing[1]
        sentences.append(pick(rng, (f"{person.name} {done} {time}.", f"{person.name} {done} {time}.",
                                    f"{sentence(time)}, {person.name} {done}.")))
    person, doing, time = pick(rng, plans)
    answer = f"{person.name} {doing[2] if past else doing[1]} {time}."
    helping, base = "did" if past else "does", doing[0]
    question = pick(rng, (f"When {helping} {person.name} {base}?",) * 3
                    + (f"What {helping} {person.name} do {time}?", f"Who {doing[2] if past else doing[1]} {time}?"))
    if time.startswith("on ") and time[3:] in DAYS and rng.random() < 0.4:
        question = f"On which day {helping} {person.name} {base}?"
    sentences = mixed(rng, sentences, asides(scene, pick(rng, (0, 0, 1)), ("place", "play", "read")))
    others = tuple(ask for person, doing, time in plans for ask in when_asks(person, doing, time, past))
    return Asked("when", sentences, question, answer, others)


def when_asks(person: Person, doing: tuple[str, str, str], time: str, past: bool) -> tuple[tuple[str, str], ...]:
    """Who does what when: asked for each of the three."""
    done, helping = (doing[2], "did") if past else (doing[1], "does")
    answer = f"{person.name} {done} {time}."
    return ((f"When {helping} {person.name} {doing[0]}?", answer), (f"What {helping} {person.name} do {time}?", answer),
            (f"Who {done} {time}?", answer))
