"""The vocabulary that all generators share: who, where, what.

Every word is known to be safe in every sentence pattern that asks for its class: a place of class "wild" can be
walked through, a thing of class "small" can be lost, found, carried and given. The order of every list is fixed,
since the generators draw by position.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """noun   "forest", written after "the" or "a"
    where  the phrase that says that someone is there: "in the forest"
    kind   wild (out in nature), town (outdoors among people) or indoor"""

    noun: str
    where: str
    kind: str


@dataclass(frozen=True)
class Thing:
    """A countable noun in the singular, and what can be done with it.

    toy      is played with, carried, shared, broken and mended
    small    fits in a pocket or under an arm; is lost, found, given
    treasure would lie in an old chest
    music    makes music
    build    children can make it of wood, paper or cloth
    ride     is ridden on a road or a hill
    wear     is worn
    nature   is found outdoors and collected
    wonder   can only be seen, drawn, modelled or dreamed of"""

    noun: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Animal:
    """kind: pet, farm, wild, bird, water, bug or fable (a character of fairy tales)."""

    noun: str
    kind: str


@dataclass(frozen=True)
class Food:
    """noun    "soup", "pancakes"
    some    how an amount of it is named: "a bowl of soup", "some pancakes"
    plural  True where the noun takes "them" and "are" """

    noun: str
    some: str
    plural: bool


GIRLS = (
    "Mia Anna Lily Emma Sara Lucy Zoe Ella Nora Ruby Maya Leila Aisha Fatima Yuki Hana Mei Ling Priya Anika Asha Nina "
    "Elena Sofia Lena Clara Ingrid Freya Astrid Marta Olga Katya Chloe Amelie Camille Rosa Lucia Carmen Ines Paula "
    "Bella Molly Sally Tina Wendy Polly Kate Jane Alice Julia Maria Laura Amy Eva Ida Ada Tessa Naomi Ruth Miriam "
    "Zara Amina Layla Nadia Keiko Sakura Amara Nia Zuri Kaya Isla Maeve Fiona Bridget Greta Heidi"
).split()

BOYS = (
    "Tom Ben Sam Max Leo Noah Jack Finn Oscar Henry Peter Paul David Daniel Adam Alex Luke Liam Omar Ali Hassan Karim "
    "Yusuf Amir Ravi Arjun Rohan Kiran Kenji Hiro Taro Chen Wei Jin Minh Pedro Diego Carlos Pablo Mateo Luis Marco "
    "Luca Enzo Hugo Louis Felix Jonas Lars Erik Nils Anton Ivan Boris Misha Pavel Jakub Kofi Kwame Tunde Jabari Sipho "
    "George Oliver Toby Billy Charlie Harry Simon Martin Theo Oskar Emil Otto Rory Callum"
).split()

# Names for animals and characters of fairy tales: short, friendly, and no name of a child above.
CREATURE_NAMES_HE = (
    "Pip Bramble Rusty Bobo Tiko Barnaby Gus Ziggy Fuzz Bruno Monty Waffle Biscuit Bingo Nibbles Chester Pepper Rollo "
    "Tumble Scout Murphy Digby Bertie Wilbur Ollie Moss Thistle Figgy Bumble Hobbes"
).split()

CREATURE_NAMES_SHE = (
    "Momo Coco Daisy Hazel Willow Poppy Lulu Kiki Mimi Nala Tilly Dot Clover Ginger Pearl Olive Juniper Maple Fern "
    "Suki Tansy Minty Bluebell Pippa Luna Honey Zuzu Bonnie Trixie Peaches"
).split()

NAMES: tuple[tuple[str, str], ...] = tuple([(name, "she") for name in GIRLS] + [(name, "he") for name in BOYS])
CREATURE_NAMES: tuple[tuple[str, str], ...] = tuple(
    [(name, "he") for name in CREATURE_NAMES_HE] + [(name, "she") for name in CREATURE_NAMES_SHE])

PRONOUNS: dict[str, dict[str, str]] = {
    "he": {"he": "he", "him": "him", "his": "his", "himself": "himself", "child": "boy", "parent": "son"},
    "she": {"he": "she", "him": "her", "his": "her", "himself": "herself", "child": "girl", "parent": "daughter"},
    "it": {"he": "it", "him": "it", "his": "its", "himself": "itself", "child": "one", "parent": "young one"},
}


def _places(kind: str, text: str) -> list[Place]:
    """Each entry is "in forest": the preposition, then the noun."""
    entries = [entry.strip().split(" ", 1) for entry in text.split(",")]
    return [Place(noun, f"{preposition} the {noun}", kind) for preposition, noun in entries]


PLACES: tuple[Place, ...] = tuple(
    _places("wild", "in forest, at beach, at lake, by river, on hill, in meadow, on mountain, in jungle, in field, "
            "in valley, by pond, by stream, on island, by sea, in desert, by waterfall, on cliff, in cave, "
            "on shore, in grove")
    + _places("town", "in park, in garden, on playground, at market, on farm, in village, at zoo, in orchard, "
              "on bridge, at harbour, at train station, at fair, in town, in yard, at castle, in city, at campsite, "
              "in courtyard, in vineyard, in town square, at bus stop")
    + _places("indoor", "at school, in library, in kitchen, in attic, at museum, in bakery, in toy shop, in barn, "
              "in tower, in lighthouse, in cellar, in workshop, in theatre, in palace, in greenhouse, in tree house, "
              "in garage, in windmill, in classroom, in mill"))

_THING_WORDS: dict[str, str] = {
    "kite": "toy build small", "ball": "toy small", "doll": "toy small", "teddy bear": "toy small",
    "toy boat": "toy small build", "toy train": "toy small", "toy car": "toy small", "puppet": "toy small build",
    "yo-yo": "toy small", "spinning top": "toy small", "toy plane": "toy small build", "jump rope": "toy small",
    "balloon": "wonder", "puzzle": "toy small", "toy robot": "toy small", "rocking horse": "toy",
    "toy truck": "toy small", "marble": "small treasure", "music box": "toy small treasure",
    "key": "small treasure", "coin": "small treasure", "ring": "small treasure", "bell": "small treasure",
    "shell": "small treasure", "button": "small", "feather": "nature", "stone": "nature", "crown": "treasure small wear",
    "necklace": "small treasure wear", "bracelet": "small treasure wear", "lamp": "small treasure",
    "lantern": "small build", "candle": "small", "mirror": "small treasure", "compass": "small treasure",
    "telescope": "small treasure", "magnifying glass": "small", "watch": "small wear treasure", "clock": "small",
    "map": "small", "book": "small", "notebook": "small", "pencil": "small", "paintbrush": "small", "letter": "small",
    "photo": "small", "basket": "small build", "bag": "small", "backpack": "small", "box": "small build",
    "bucket": "small", "cup": "small", "teapot": "small treasure", "bottle": "small", "spoon": "small",
    "jar": "small", "umbrella": "small", "blanket": "small", "pillow": "small", "hat": "small wear",
    "scarf": "small wear", "cap": "small wear", "coat": "wear", "sweater": "small wear", "mitten": "small wear",
    "ribbon": "small wear", "apron": "wear small", "cape": "wear small build", "mask": "wear small build",
    "drum": "music toy small", "flute": "music small", "whistle": "music small", "guitar": "music",
    "violin": "music small", "trumpet": "music small", "harp": "music", "piano": "wonder", "tambourine": "music small",
    "bicycle": "ride", "sled": "ride build", "scooter": "ride", "skateboard": "ride", "wagon": "ride build",
    "go-cart": "ride build", "boat": "build", "raft": "build", "swing": "build", "tent": "build",
    "birdhouse": "build small", "sandcastle": "build", "snowman": "build", "bench": "build", "ladder": "build",
    "wooden bridge": "build", "fort": "build", "scarecrow": "build", "paper plane": "build toy small",
    "windmill": "wonder", "rocket": "wonder", "rainbow": "wonder", "star": "wonder", "volcano": "wonder",
    "spaceship": "wonder", "train": "wonder", "ship": "wonder", "dinosaur": "wonder", "waterfall": "wonder",
    "hot-air balloon": "wonder", "lighthouse": "wonder", "submarine": "wonder", "plane": "wonder", "palm tree": "wonder",
    "flower": "nature", "leaf": "nature", "pumpkin": "nature", "acorn": "nature", "pine cone": "nature", "pearl": "small treasure",
    "gem": "small treasure", "vase": "small treasure", "fan": "small", "globe": "small", "camera": "small",
    "flag": "small build", "rope": "small", "net": "small", "hammer": "small", "broom": "small", "fishing rod": "small",
}

THINGS: tuple[Thing, ...] = tuple(Thing(noun, tuple(kinds.split())) for noun, kinds in _THING_WORDS.items())


def _animals(kind: str, nouns: str) -> list[Animal]:
    return [Animal(noun, kind) for noun in nouns.split(", ")]


ANIMALS: tuple[Animal, ...] = tuple(
    _animals("pet", "dog, cat, kitten, puppy, hamster, guinea pig, pony")
    + _animals("farm", "horse, cow, sheep, goat, pig, donkey, lamb, hen, rooster, duckling, calf")
    + _animals("wild", "fox, rabbit, bear, squirrel, hedgehog, mouse, deer, wolf, badger, mole, raccoon, lion, tiger, "
               "elephant, giraffe, zebra, monkey, kangaroo, panda, koala, camel, leopard, hippo, rhino, hare, lizard")
    + _animals("bird", "owl, robin, sparrow, crow, parrot, eagle, swan, goose, duck, stork, penguin, pigeon, woodpecker")
    + _animals("water", "frog, turtle, otter, beaver, seal, dolphin, whale, crab, octopus, crocodile, fish")
    + _animals("bug", "bee, ant, butterfly, ladybird, snail, spider, beetle, caterpillar, grasshopper, firefly"))

# Characters of fairy tales: noun, and the pronoun where the word itself decides it ("" where either is right).
ROLES: tuple[tuple[str, str], ...] = (
    ("dragon", ""), ("robot", ""), ("unicorn", ""), ("giant", ""), ("fairy", "she"), ("elf", ""), ("princess", "she"),
    ("prince", "he"), ("king", "he"), ("queen", "she"), ("knight", ""), ("wizard", "he"), ("witch", "she"),
    ("pirate", ""), ("farmer", ""), ("baker", ""), ("sailor", ""), ("gardener", ""), ("painter", ""), ("mermaid", "she"),
    ("monster", ""), ("ghost", ""), ("troll", ""), ("shepherd", ""), ("astronaut", ""))

COLOURS: tuple[str, ...] = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "white", "black", "brown",
                            "grey", "silver", "golden")

FOODS: tuple[Food, ...] = (
    Food("soup", "a bowl of soup", False), Food("bread", "a loaf of bread", False), Food("cake", "a cake", False),
    Food("apple pie", "an apple pie", False), Food("jam", "a jar of jam", False), Food("honey", "a pot of honey", False),
    Food("rice", "a bowl of rice", False), Food("pudding", "a bowl of pudding", False),
    Food("salad", "a bowl of salad", False), Food("pizza", "a pizza", False), Food("porridge", "a bowl of porridge", False),
    Food("cheese", "a piece of cheese", False), Food("pancakes", "some pancakes", True),
    Food("cookies", "some cookies", True), Food("sandwiches", "some sandwiches", True), Food("muffins", "some muffins", True),
    Food("noodles", "some noodles", True), Food("dumplings", "some dumplings", True), Food("apples", "some apples", True),
    Food("pears", "some pears", True), Food("cherries", "some cherries", True), Food("strawberries", "some strawberries", True),
    Food("blueberries", "some blueberries", True), Food("carrots", "some carrots", True), Food("nuts", "some nuts", True),
    Food("oranges", "some oranges", True), Food("plums", "some plums", True), Food("waffles", "some waffles", True),
    Food("biscuits", "some biscuits", True), Food("rolls", "some rolls", True))

WEATHERS: tuple[str, ...] = ("sunny", "rainy", "windy", "cloudy", "snowy", "foggy", "stormy", "warm", "cold", "hot")

FEELINGS: tuple[str, ...] = ("happy", "sad", "proud", "afraid", "angry", "tired", "excited", "surprised", "lonely",
                             "curious", "shy", "calm", "worried", "glad", "brave")


def places_of(*kinds: str) -> list[Place]:
    """The places of any of these kinds, in order."""
    return [place for place in PLACES if place.kind in kinds]


def things_of(*kinds: str) -> list[Thing]:
    """The things that have at least one of these kinds, in order."""
    return [thing for thing in THINGS if any(kind in thing.kinds for kind in kinds)]


def animals_of(*kinds: str) -> list[Animal]:
    """The animals of any of these kinds, in order."""
    return [animal for animal in ANIMALS if animal.kind in kinds]
