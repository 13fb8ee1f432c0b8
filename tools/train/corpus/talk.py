"""Small talk: greetings, what it is, what a child knows, what it does not know; and conversations of several turns."""

from __future__ import annotations

from functools import cache
from random import Random

from . import arithmetic, lists, questions, stories
from .example import Example, chat, either_case, held_out, pick
from .question_names import person
from .question_samples import print_samples
from .talk_forms import CHATTING, OPENERS, TIMES_AFTER
from .talk_forms import GREETINGS as MORE_GREETINGS
from .talk_forms import HOW_ARE_YOU as MORE_HOW_ARE_YOU
from .talk_forms import IDENTITY as MORE_IDENTITY
from .talk_facts import FACTS
from .talk_unknown_words import PHRASES, UNKNOWN, UNKNOWN_ANSWERS
from .talk_words import (
    CHAT_TOPICS, GREETING_ANSWERS, GREETINGS, HOW_ANSWERS, HOW_ARE_YOU, IDENTITY, SYSTEMS, TIMES_OF_DAY,
)

ASKS_ITS_NAME = ("What is your name?", "What's your name?", "Tell me your name.", "Do you have a name?",
    "What are you called?",
                 "Can you tell me your name?", "May I know your name?", "Please tell me your name.",
                 "What should I call you?",
                 "Hello, what is your name?", "Hi! What is your name?", "How are you called?", "Say your name.")
NAMES_IT = ("Your name is {n}.", "Your name is {n}. You are a helpful assistant.", "You are called {n}.",
            "You are a friendly assistant. Your name is {n}.", "You are an assistant named {n}.",
            "You are an assistant called {n}.",
            "Be kind. Your name is {n}.", "The assistant's name is {n}.")
MODEL_NAMES = ("Robo", "Max", "Ada", "Nova", "Pixel", "Spark", "Echo", "Luna", "Orion", "Sunny", "Bolt", "Iris",
    "Atlas", "Milo",
               "Kiki", "Byte", "Cleo", "Ziggy", "Dot", "Juno", "Otto", "Rex", "Nemo", "Comet", "Pip", "Buddy", "Coco",
               "Tiny")
GIVES_NAME = ("My name is {n}.", "I am {n}.", "Hello, I am {n}.", "Hi! My name is {n}.", "I am called {n}.",
    "Hello! My name is {n}.",
              "You can call me {n}.", "Hi, I'm {n}.", "My name is {n}. Nice to meet you.")
ASKS_OWN_NAME = ("What is my name?", "Do you know my name?", "Who am I?", "What's my name?", "Can you tell me my name?",
                 "Do you remember my name?", "Tell me my name.", "Say my name.", "Please say my name.")


PLAIN_SHARE = 0.4
OPENED_SHARE = 0.2


def one_of(kind: str, request: str, answer: str, key: str, answers: tuple[str, ...]) -> Example:
    """A request that several fixed answers are right for."""
    return chat(kind, request, answer, key, {"accept": list(answers)})


def bare(wording: str) -> str:
    """Without case and final stop: what else is the same wording belongs to the same side of the split."""
    return wording.lower().rstrip(".!?")


@cache
def unlike(combined: tuple[str, ...], plain: tuple[str, ...]) -> tuple[str, ...]:
    """The combined wordings that are none of the plain ones written otherwise: those have keys of their own."""
    known = {bare(wording) for wording in plain}
    return tuple(wording for wording in combined if bare(wording) not in known)


def either_of(rng: Random, name: str, plain: tuple[str, ...], combined: tuple[str, ...]) -> tuple[str, str]:
    """A wording that somebody thought of, or one of the many that are put together; and its key."""
    if rng.random() < PLAIN_SHARE:
        wording = pick(rng, plain)
        return wording, f"talk:{name}:{wording}"
    wording = pick(rng, unlike(combined, plain))
    return wording, f"talk:{name}:{bare(wording)}"


def opened(rng: Random, wording: str) -> str:
    """The wording as it is typed, sometimes with something before it."""
    if rng.random() < OPENED_SHARE:
        opener = pick(rng, OPENERS)
        lower = opener.endswith((", ", ": ")) and not wording.startswith(("I ", "I'm "))
        wording = opener + (wording[0].lower() + wording[1:] if lower else wording)
    return either_case(rng, wording)


def greeting(rng: Random) -> Example:
    draw = rng.random()
    if draw < 0.25:
        time = pick(rng, TIMES_OF_DAY)
        wording = time + pick(rng, TIMES_AFTER)
        key = f"talk:greeting:{wording}"
        answers = (f"{time}! What can I do for you?", f"{time}! How can I help you?",
        f"{time}! Would you like a story?")
        if "how " in wording:
            answers = (f"{time}! I am fine, thank you. How are you?",
            f"{time}! I am well, thank you. What can I do for you?")
    elif draw < 0.65:
        (wording, key), answers = either_of(rng, "greeting", GREETINGS, MORE_GREETINGS), GREETING_ANSWERS
    else:
        (wording, key), answers = either_of(rng, "greeting", HOW_ARE_YOU, MORE_HOW_ARE_YOU), HOW_ANSWERS
    return one_of("greeting", either_case(rng, wording), pick(rng, answers), key, answers)


def identity(rng: Random) -> Example:
    name = pick(rng, tuple(IDENTITY))
    wordings, answer = IDENTITY[name]
    wording, key = either_of(rng, name, wordings, MORE_IDENTITY[name])
    return chat("identity", opened(rng, wording), answer, key, {"exact": answer})


def chatting(rng: Random) -> Example:
    """Thanks, goodbye, praise, blame, and how the user feels."""
    name, wordings, answers = pick(rng, CHAT_TOPICS)
    wording, key = either_of(rng, name, wordings, CHATTING[name])
    return one_of("chatting", opened(rng, wording), pick(rng, answers), key, answers)


def fact(rng: Random) -> Example:
    name, wordings, pairs = pick(rng, FACTS + FACTS[-1:])
    wording = pick(rng, wordings)
    asked, answer = pick(rng, pairs)
    request = either_case(rng, wording.format(x=asked))
    return chat("fact", request, answer, f"talk:{name}:{asked}:{wording}", {"exact": answer})


def unknown(rng: Random) -> Example:
    """Out of its reach: it says so."""
    wordings, topics = pick(rng, UNKNOWN)
    wording = pick(rng, wordings)
    request = wording.format(x=pick(rng, topics), y='"' + pick(rng, PHRASES) + '"')
    return one_of("unknown", either_case(rng, request), pick(rng, UNKNOWN_ANSWERS),
    f"talk:unknown:{request}", UNKNOWN_ANSWERS)


def system_name(rng: Random) -> Example:
    """A system message gives it another name, which it then has."""
    name = pick(rng, MODEL_NAMES) if rng.random() < 0.4 else person(rng).name
    system, wording = pick(rng, NAMES_IT).format(n=name), pick(rng, ASKS_ITS_NAME)
    answer = f"My name is {name}."
    messages = (("system", system), ("user", either_case(rng, wording)), ("assistant", answer))
    return Example("system_name", messages, f"talk:system_name:{name}:{wording}", {"exact": answer})


def user_name(rng: Random) -> Example:
    """The user says a name, and asks for it later."""
    name = person(rng).name
    told, wording = pick(rng, GIVES_NAME).format(n=name), pick(rng, ASKS_OWN_NAME)
    hello = pick(rng, (f"Hello, {name}! It is nice to meet you.", f"Hello, {name}! What can I do for you?",
                       f"Nice to meet you, {name}!"))
    answer = f"Your name is {name}."
    between: tuple[tuple[str, str], ...] = ()
    if rng.random() < 0.4:
        between = trained_part(rng, SHORT_TASKS).messages
    messages = (("user", told), ("assistant", hello)) + between + (("user", either_case(rng, wording)),
    ("assistant", answer))
    return Example("user_name", messages, f"talk:user_name:{name}:{wording}", {"exact": answer})


SHORT_TASKS = (
    lists.KINDS["list"], lists.KINDS["list"], lists.KINDS["list_one"],
    arithmetic.KINDS["addition"], arithmetic.KINDS["subtraction"],
    arithmetic.KINDS["word_problem"], arithmetic.KINDS["counting"], fact, fact, identity, unknown,
)
TASKS = SHORT_TASKS + (
    questions.KINDS["what"], questions.KINDS["where"], questions.KINDS["who_has"], questions.KINDS["tale"], chatting,
    stories.KINDS["story"],
)


def trained_part(rng: Random, makers) -> Example:
    """A turn that is not the last is never judged, so it must not show what is held out."""
    while True:
        part = pick(rng, makers)(rng)
        if not held_out(part.key):
            return part


def dialogue(rng: Random) -> Example:
    """Two or three turns of different abilities; the last is what counts, and gives the key."""
    parts = []
    if rng.random() < 0.4:
        parts.append(trained_part(rng, (greeting,)))
    while len(parts) < pick(rng, (1, 1, 2)):
        parts.append(trained_part(rng, TASKS))
    last = pick(rng, TASKS)(rng)
    messages = tuple(message for part in parts for message in part.messages) + last.messages
    if rng.random() < 0.15:
        messages = (("system", pick(rng, SYSTEMS)),) + messages
    return Example("dialogue", messages, last.key, last.check)


def system(rng: Random) -> Example:
    """A general system message changes nothing."""
    part = pick(rng, TASKS + (greeting,))(rng)
    return Example("system", (("system", pick(rng, SYSTEMS)),) + part.messages, part.key, part.check)


KINDS = {
    "greeting": greeting,
    "identity": identity,
    "chatting": chatting,
    "fact": fact,
    "unknown": unknown,
    "system": system,
    "system_name": system_name,
    "user_name": user_name,
    "dialogue": dialogue,
}

if __name__ == "__main__":
    print_samples(KINDS)
