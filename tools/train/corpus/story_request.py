"""How people ask for a story: a request that names some of the slots of a story that is already drawn."""

from __future__ import annotations

from random import Random

from .example import either_case, pick, sentence, with_article
from .story_plot import FIELD, Plot, Slots, Who, fields

ABOUT = (
    "Tell me a story about {x}.", "Tell me a short story about {x}.", "Write a story about {x}.",
    "Write a short story about {x}.", "Please tell me a story about {x}.", "Please write a short story about {x}.",
    "Can you tell me a story about {x}?", "Could you write a story about {x}?", "Can you write a short story about {x}?",
    "I would like a story about {x}.", "I want to hear a story about {x}.", "A story about {x}, please.",
    "Make up a story about {x}.", "Could you please tell me a short story about {x}?", "Story about {x}.",
    "Tell a children's story about {x}.", "Write a little story for my child about {x}.", "Give me a story about {x}.",
    "Tell my son a story about {x}.", "Invent a story about {x}.", "Do you know a story about {x}?",
    "Let us hear a story about {x}.", "Would you tell us a story about {x}?", "Tell me about {x} in a short story.",
    "Write a simple story for children about {x}.", "Please make up a short story about {x}.",
    "Write me a story about {x}.", "Tell us a nice story about {x}.", "A short story about {x}.",
    "I need a short story about {x}.")

WITH = (
    "Tell me a story with {x}.", "Write a short story with {x}.", "Please write a story with {x} in it.",
    "Can you tell a story with {x}?", "Make up a story that has {x} in it.", "I would like to read a story with {x}.",
    "Tell a story in which there is {x}.", "Write a story. It should have {x} in it.")

WORDS = (
    "Write a story that uses the words {x}.", "Tell me a story with the words {x}.",
    "Write a short story with these words: {x}.", "Use these words in a story: {x}.",
    "Make a story from these words: {x}.", "Can you write a story that has the words {x} in it?")

WHO_DOES = (
    "Tell me a story in which {who} {does}.", "Write a short story in which {who} {does}.",
    "Can you tell a story in which {who} {does}?", "Tell me how {who} {does}.", "Write a story where {who} {does}.",
    "Please tell me a story where {who} {does}.", "A story in which {who} {does}, please.",
    "Could you write a story where {who} {does}?", "I would like a story in which {who} {does}.",
    "Make up a story in which {who} {does}.")

NOTHING = (
    "Tell me a story.", "Please tell me a story.", "Write a short story.", "Can you tell me a story?", "Tell a story.",
    "I want to hear a story.", "Could you tell me a short story?", "Write a story for children.", "A story, please.",
    "Do you know a story?", "Make up a story.", "Tell me a nice story.", "Write me a little story.",
    "I would like to hear a story.", "Tell us a short story.", "Tell me another story.", "Please write a story for me.",
    "Tell me a story that I do not know.", "May I hear a story?", "Once more, tell me a story.", "Read me a story.",
    "Tell me any story you like.", "I am bored. Tell me a story.", "How about a story?", "Surprise me with a story.")

ENDINGS = (
    " It should have a happy ending.", " Please give it a happy ending.", " I would like a happy ending.",
    " The story should end well.", " Please keep it short.", " It is for a small child.", " Make it a nice one.",
    " Thank you.")

WHO_WITH = ("{who} and {friend}", "{who} and {friend}", "{who} with {friend}", "{who} and {his} friend {friend}")


def _person(rng: Random, who: Who, asked: list[str]) -> str:
    """How a request names a character, and the words that the story then must hold."""
    if who.kind == "child":
        asked.append(who.name)
        return who.name if rng.random() < 0.85 else f"a {who.noun} {pick(rng, ('named', 'called'))} {who.name}"
    asked.append(who.noun)
    draw = rng.random()
    if draw < 0.4:
        return with_article(who.noun)
    asked.append(who.name)
    if draw < 0.85:
        return f"{with_article(who.noun)} {pick(rng, ('named', 'called'))} {who.name}"
    return f"{who.name} the {who.noun}"


def _thing(rng: Random, slots: Slots, asked: list[str]) -> str:
    asked.append(slots.thing)
    if slots.colour and rng.random() < 0.6:
        asked.append(slots.colour)
        return with_article(f"{slots.colour} {slots.thing}")
    return with_article(slots.thing)


def _place(rng: Random, slots: Slots, asked: list[str]) -> str:
    asked.append(slots.place.noun)
    common = slots.place.noun != "sea"
    return with_article(slots.place.noun) if common and rng.random() < 0.7 else "the " + slots.place.noun


def _where(rng: Random, slots: Slots, asked: list[str]) -> str:
    """ "in the forest" or "in a forest"."""
    asked.append(slots.place.noun)
    preposition = slots.place.where.split()[0]
    if slots.place.noun == "sea" or rng.random() < 0.6:
        return slots.place.where
    return f"{preposition} {with_article(slots.place.noun)}"


def _joined(items: list[str]) -> str:
    if len(items) == 1:
        return items[0]
    return ", ".join(items[:-1]) + " and " + items[-1]


def _subset(rng: Random, names: list[str]) -> list[str]:
    """One to four of the slots; the hero nearly always."""
    count = min(len(names), rng.choices((1, 2, 3, 4), (25, 35, 28, 12))[0])
    chosen = set(rng.sample(names, count))
    if rng.random() < 0.7:
        chosen.add("hero")
    # A character who is asked for is the story's hero before anyone else is.
    for other in ("friend", "third"):
        if other in chosen and "hero" not in chosen:
            chosen = chosen - {other} | {"hero"}
    return [name for name in names if name in chosen][:4]


def _slot_names(slots: Slots) -> list[str]:
    held = [("hero", slots.hero), ("friend", slots.friend), ("third", slots.third), ("animal", slots.animal),
            ("thing", slots.thing), ("food", slots.food), ("place", slots.place)]
    return [name for name, value in held if value is not None]


def _list_request(rng: Random, slots: Slots, plot: Plot, asked: list[str]) -> str:
    """ "Tell me a story about Tom, a kite and a forest." """
    chosen = _subset(rng, _slot_names(slots))
    place_as_where = "place" in chosen and len(chosen) > 1 and rng.random() < 0.6
    items: list[str] = []
    for name in chosen:
        if name in ("hero", "friend", "third"):
            items.append(_person(rng, {"hero": slots.hero, "friend": slots.friend, "third": slots.third}[name], asked))
        elif name == "thing":
            items.append(_thing(rng, slots, asked))
        elif name == "animal":
            asked.append(slots.animal)
            own = plot.pet and "hero" in chosen
            items.append(f"{fields(slots)['his']} {slots.animal}" if own else with_article(slots.animal))
        elif name == "food":
            asked.append(slots.food.noun)
            items.append(slots.food.some)
        elif not place_as_where:
            items.append(_place(rng, slots, asked))
    if not place_as_where and not plot.pet and rng.random() < 0.3:
        rng.shuffle(items)
    phrase = _joined(items)
    if place_as_where:
        phrase += " " + _where(rng, slots, asked)
    return pick(rng, ABOUT if rng.random() < 0.7 else WITH).replace("{x}", phrase)


def _words_request(rng: Random, slots: Slots, asked: list[str]) -> str:
    words = [slots.hero.name] if slots.hero.kind == "child" else [slots.hero.noun]
    words += [word for word in (slots.thing, slots.place and slots.place.noun, slots.animal,
                                slots.food and slots.food.noun) if word]
    rng.shuffle(words)
    words = words[:rng.choice((2, 3, 3, 4))]
    asked += words
    quoted = ['"' + word + '"' for word in words] if rng.random() < 0.5 else words
    return pick(rng, WORDS).replace("{x}", _joined(quoted))


def _theme_words(text: str, slots: Slots) -> list[str]:
    """What a filled theme or ask has named."""
    known = {"t": slots.thing, "att": slots.thing, "act": slots.thing, "ct": slots.thing, "a": slots.animal,
             "aa": slots.animal, "at": slots.place and slots.place.noun, "p": slots.place and slots.place.noun,
             "food": slots.food and slots.food.noun, "some": slots.food and slots.food.noun}
    names = FIELD.findall(text)
    words = [known[name] for name in names if known.get(name)]
    if slots.colour and {"act", "ct"} & set(names):
        words.append(slots.colour)
    return words


def _fill_ask(rng: Random, template: str, slots: Slots, asked: list[str]) -> str:
    asked += _theme_words(template, slots)
    values = fields(slots)
    return FIELD.sub(lambda match: values[match.group(1)], template)


def _theme_request(rng: Random, slots: Slots, plot: Plot, asked: list[str]) -> str:
    """ "Tell me a story about sharing.", with or without a name."""
    theme = _fill_ask(rng, pick(rng, plot.themes.split("|")), slots, asked)
    form = rng.random()
    if form < 0.5:
        return pick(rng, ABOUT).replace("{x}", theme)
    who = _person(rng, slots.hero, asked)
    if form < 0.75:
        return pick(rng, ABOUT).replace("{x}", f"{who} and {theme}")
    return pick(rng, ("Tell me a story with {who}. It should be about {x}.", "Write a story about {x}, with {who}.",
                      "Write a story with {who} about {x}.", "Can you tell me a story about {x} with {who}?",
                      "Please tell a story about {x}. It is about {who}.")
                ).replace("{who}", who).replace("{x}", theme)


def _does_request(rng: Random, slots: Slots, plot: Plot, asked: list[str]) -> str:
    who = _person(rng, slots.hero, asked)
    does = _fill_ask(rng, pick(rng, plot.asks.split("|")), slots, asked)
    if slots.place and slots.place.noun not in asked and rng.random() < 0.3:
        does += " " + _where(rng, slots, asked)
    if rng.random() < 0.3:
        comma = "," if who[0].isupper() else ""
        return pick(rng, ABOUT).replace("{x}", f"{who}{comma} who {does}").replace(", please", " please")
    return pick(rng, WHO_DOES).replace("{who}", who).replace("{does}", does)


def request_for(rng: Random, plot: Plot, slots: Slots) -> tuple[str, list[str], bool]:
    """A request that this story answers, the words that it asks for, and whether it asks for a bedtime story."""
    asked: list[str] = []
    draw = rng.random()
    if draw < 0.07:
        request = pick(rng, NOTHING)
    elif draw < 0.60:
        request = _list_request(rng, slots, plot, asked)
    elif draw < 0.67:
        request = _words_request(rng, slots, asked)
    elif draw < 0.80:
        request = _theme_request(rng, slots, plot, asked)
    else:
        request = (_does_request if plot.asks else _list_request)(rng, slots, plot, asked)
    bedtime = False
    if rng.random() < 0.05 and " story" in request and "short story" not in request:
        request = request.replace(" story", " bedtime story", 1)
        bedtime = True
    elif rng.random() < 0.08:
        request += pick(rng, ENDINGS)
    asked = list(dict.fromkeys(asked))
    return either_case(rng, sentence(request)), asked, bedtime
