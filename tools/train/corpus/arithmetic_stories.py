"""Sums told as very short stories: "Tom has 3 apples and gets 4 more. How many apples does he have?"""

from __future__ import annotations

from random import Random

from .example import Example, chat, either_case, pick, pick_distinct
from .question_names import Person, person, two_people

COUNTED = (
    ("apple", "apples"), ("pear", "pears"), ("plum", "plums"), ("nut", "nuts"), ("egg", "eggs"), ("cookie", "cookies"),
    ("cake", "cakes"), ("sweet", "sweets"), ("carrot", "carrots"), ("banana", "bananas"), ("orange", "oranges"),
    ("ball", "balls"), ("book", "books"), ("pencil", "pencils"), ("pen", "pens"), ("stone", "stones"),
    ("shell", "shells"), ("coin", "coins"), ("stamp", "stamps"), ("card", "cards"), ("toy", "toys"), ("car", "cars"),
    ("doll", "dolls"), ("block", "blocks"), ("balloon", "balloons"), ("flower", "flowers"), ("leaf", "leaves"),
    ("sticker", "stickers"), ("marble", "marbles"), ("button", "buttons"), ("ribbon", "ribbons"), ("hat", "hats"),
    ("cup", "cups"), ("spoon", "spoons"), ("feather", "feathers"), ("star", "stars"), ("crayon", "crayons"),
)

SCENES = (
    # animals, where they are, how more come, how some leave
    ("birds", "in a tree", "come", "fly away"), ("ducks", "on a pond", "come", "swim away"),
    ("fish", "in a pond", "come", "swim away"), ("cows", "in a field", "come", "walk away"),
    ("sheep", "on a hill", "come", "run away"), ("children", "in a room", "come in", "go out"),
    ("people", "on a bus", "get on", "get off"), ("cats", "on a wall", "come", "jump down"),
    ("frogs", "on a log", "come", "hop away"), ("bees", "on a flower", "come", "fly away"),
    ("rabbits", "in a garden", "come", "hop away"), ("dogs", "in a park", "come", "run away"),
    ("boats", "on a lake", "come", "sail away"), ("horses", "in a field", "come", "run away"),
    ("ants", "on a leaf", "come", "walk away"), ("girls", "in a garden", "come", "go home"),
    ("boys", "in a park", "come", "go home"), ("geese", "on a lake", "come", "fly away"),
)

# {name} {pronoun} first person; {other} second; {a} {b} the numbers; {first} {second} {things} the nouns that go with
# {a}, with {b} and with "how many".
GAINS = (
    "{name} has {a} {first} and gets {b} more. How many {things} does {pronoun} have?",
    "{name} has {a} {first} and gets {b} more. How many {things} does {name} have now?",
    "{name} has {a} {first}. {other} gives {name} {b} more. How many {things} does {name} have now?",
    "{name} has {a} {first} and finds {b} more. How many {things} does {name} have now?",
    "{name} has {a} {first}. Then {pronoun} buys {b} more. How many {things} does {pronoun} have?",
    "{name} had {a} {first}. Then {pronoun} got {b} more. How many {things} does {name} have now?",
    "If {name} has {a} {first} and gets {b} more, how many {things} does {name} have?",
    "{name} has {a} {first}. {name} picks up {b} more. How many {things} does {name} have?",
)

LOSSES = (
    "{name} has {a} {first} and loses {b}. How many {things} does {pronoun} have left?",
    "{name} has {a} {first} and gives {b} to {other}. How many {things} does {name} have left?",
    "{name} has {a} {first}. {name} gives {b} of them to {other}. How many {things} does {name} have now?",
    "{name} had {a} {first}. Then {pronoun} lost {b} of them. How many {things} does {name} have now?",
    "If {name} has {a} {first} and gives away {b}, how many {things} does {pronoun} have left?",
    "{name} has {a} {first}. {other} takes {b} of them. How many {things} does {name} have left?",
)

TOGETHER = (
    "{name} has {a} {first} and {other} has {b} {second}. How many {things} do they have together?",
    "{name} has {a} {first}. {other} has {b} {second}. How many {things} do they have in all?",
    "If {name} has {a} {first} and {other} has {b} {second}, how many {things} do they have together?",
)

BAGS = (
    "{name} has {a} bags with {b} {second} in each bag. How many {things} does {pronoun} have?",
    "{name} has {a} boxes. There are {b} {second} in each box. How many {things} does {name} have?",
    "{name} fills {a} baskets with {b} {second} each. How many {things} does {name} have?",
)


def the(where: str) -> str:
    """The place once it is known: "in a tree" becomes "in the tree"."""
    return where.replace(" a ", " the ")


def counted(number: int, noun: tuple[str, str]) -> str:
    """The form of the noun that goes with the number."""
    return noun[0] if number == 1 else noun[1]


def told(template: str, who: tuple[Person, Person], noun: tuple[str, str], a: int, b: int) -> str:
    return template.format(name=who[0].name, pronoun=who[0].subject, other=who[1].name, a=a, b=b,
                           first=counted(a, noun), second=counted(b, noun), things=noun[1])


def problem(rng: Random, operation: str, request: str, a: int, b: int, answer: str) -> Example:
    """The split is by the whole wording: the sums themselves belong to the plain kinds."""
    key = f"word:{operation}:{a}:{b}:{request}"
    return chat("word_problem", either_case(rng, request), answer, key, {"exact": answer})


def add_numbers(rng: Random) -> tuple[int, int]:
    top = 10 if rng.random() < 0.7 else 20
    return rng.randrange(1, top + 1), rng.randrange(1, top + 1)


def take_numbers(rng: Random) -> tuple[int, int]:
    """From a, b is taken, and at least one is left."""
    rest, b = add_numbers(rng)
    return rest + b, b


def gain(rng: Random) -> Example:
    who, noun, (a, b) = two_people(rng), pick(rng, COUNTED), add_numbers(rng)
    answer = f"{who[0].name} has {a + b} {noun[1]}."
    return problem(rng, "add", told(pick(rng, GAINS), who, noun, a, b), a, b, answer)


def loss(rng: Random) -> Example:
    who, noun, (a, b) = two_people(rng), pick(rng, COUNTED), take_numbers(rng)
    answer = f"{who[0].name} has {a - b} {counted(a - b, noun)}."
    return problem(rng, "sub", told(pick(rng, LOSSES), who, noun, a, b), a, b, answer)


def together(rng: Random) -> Example:
    who, noun, (a, b) = two_people(rng), pick(rng, COUNTED), add_numbers(rng)
    return problem(rng, "add", told(pick(rng, TOGETHER), who, noun, a, b), a, b, f"They have {a + b} {noun[1]}.")


def bags(rng: Random) -> Example:
    who, noun = (person(rng),) * 2, pick(rng, COUNTED)
    a, b = rng.randrange(2, 7), rng.randrange(2, 7)
    return problem(rng, "mul", told(pick(rng, BAGS), who, noun, a, b), a, b, f"{who[0].name} has {a * b} {noun[1]}.")


def scene_gain(rng: Random) -> Example:
    animals, where, come, _ = pick(rng, SCENES)
    a, b = rng.randrange(2, 11), rng.randrange(2, 11)
    question = pick(rng, (f"How many {animals} are there?", f"How many {animals} are there now?",
                          f"How many {animals} are {the(where)} now?"))
    request = f"There are {a} {animals} {where}. {b} more {animals} {come}. {question}"
    return problem(rng, "add", request, a, b, f"There are {a + b} {animals}.")


def scene_loss(rng: Random) -> Example:
    animals, where, _, leave = pick(rng, SCENES)
    rest, b = rng.randrange(2, 11), rng.randrange(2, 11)
    question = pick(rng, (f"How many {animals} are left?", f"How many {animals} are there now?",
                          f"How many {animals} are still {the(where)}?"))
    request = f"There are {rest + b} {animals} {where}. {b} of them {leave}. {question}"
    return problem(rng, "sub", request, rest + b, b, f"There are {rest} {animals}.")


def two_kinds(rng: Random) -> Example:
    """Two sorts of things in one place: "There are 3 red and 4 blue balls in a box." """
    noun = pick(rng, COUNTED)
    first, second = pick_distinct(rng, ("red", "blue", "green", "yellow", "white", "black"), 2)
    where = pick(rng, ("in a box", "in a bag", "on a table", "on the floor", "in a basket", "on a shelf"))
    a, b = rng.randrange(2, 11), rng.randrange(2, 11)
    request = f"There are {a} {first} {noun[1]} and {b} {second} {noun[1]} {where}. How many {noun[1]} are there?"
    return problem(rng, "add", request, a, b, f"There are {a + b} {noun[1]}.")


def word_problem(rng: Random) -> Example:
    return pick(rng, (gain, gain, loss, loss, together, bags, scene_gain, scene_loss, two_kinds))(rng)
