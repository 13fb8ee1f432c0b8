"""Very short stories with several questions each."""

from __future__ import annotations

from random import Random

from .example import pick, sentence, with_article
from .question_scene import Asked, Scene
from .question_words import COLOUR_WORDS, DAYS, EATEN, PET_NAMES, PETS, TOYS
from .words import places_of

# {a} {b} people; {he} {his} {him} of {a}; {friend} a third name; {place} a noun; {where} {where2} "in the park";
# {thing} {thing2} nouns; {a_thing} with article; {colour}; {a_colour} "a red"; {animal} {an_animal}; {pet} its name;
# {food}; {meal} "a cake"; {day}; {n} a number from 2 to 9.
TALES: tuple[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    (("On {day}, {a} went to the {place} with {b}.", "They found {a_colour} {thing}.",
     "Then it began to rain and they ran home."),
     (("Where did {a} go?", "{a} went to the {place}."),
      ("Who went to the {place} with {a}?", "{b} went to the {place} with {a}."),
      ("What did they find?", "They found {a_colour} {thing}."),
      ("What colour was the {thing}?", "The {thing} was {colour}."),
      ("Why did they run home?", "They ran home because it began to rain."),
      ("When did {a} go to the {place}?", "{a} went to the {place} on {day}."))),
    (("{a} had {an_animal} called {pet}.", "One day, {pet} ran away.", "{a} looked {where} and found {pet} {where2}.",
     "{He} was very happy."),
     (("What was {a}'s {animal} called?", "{a}'s {animal} was called {pet}."),
      ("Where did {a} find {pet}?", "{a} found {pet} {where2}."),
      ("What animal did {a} have?", "{a} had {an_animal}."), ("Who ran away?", "{pet} ran away."),
      ("How did {a} feel?", "{a} was very happy."),
      ("Who was {pet}?", "{pet} was {a}'s {animal}."))),
    (("{a} wanted {a_thing}.", "{He} went to the shop, but the shop was closed.", "So {b} gave {him} an old {thing}."),
     (("What did {a} want?", "{a} wanted {a_thing}."), ("Where did {a} go?", "{a} went to the shop."),
      ("Who gave {a} an old {thing}?", "{b} gave {a} an old {thing}."),
      ("What did {b} give {a}?", "{b} gave {a} an old {thing}."),
      ("Was the shop open?", "No, the shop was closed."))),
    (("{a} and {b} were hungry.", "{a} cooked some soup and {b} cut the bread.",
     "After lunch, {friend} washed the plates."),
     (("Who cooked some soup?", "{a} cooked some soup."), ("What did {a} cook?", "{a} cooked some soup."),
      ("Who cut the bread?", "{b} cut the bread."),
      ("What did {b} cut?", "{b} cut the bread."), ("Who washed the plates?", "{friend} washed the plates."),
      ("What did {friend} wash?", "{friend} washed the plates."),
      ("When did {friend} wash the plates?", "{friend} washed the plates after lunch."))),
    (("It was {a}'s birthday.", "{b} gave {him} {a_thing} and {friend} gave {him} {a_thing2}.",
     "They ate cake and sang songs."),
     (("Whose birthday was it?", "It was {a}'s birthday."), ("What did {b} give {a}?", "{b} gave {a} {a_thing}."),
      ("What did {friend} give {a}?", "{friend} gave {a} {a_thing2}."),
      ("Who gave {a} {a_thing2}?", "{friend} gave {a} {a_thing2}."),
      ("What did they eat?", "They ate cake."), ("What did they sing?", "They sang songs."))),
    (("There was a little {animal} called {pet}.", "{pet} lived {where}.", "Every day {pet} ate {food}.",
     "Its best friend was {an_animal2}."),
     (("Where did {pet} live?", "{pet} lived {where}."), ("What did {pet} eat?", "{pet} ate {food}."),
      ("Who was {pet}?", "{pet} was a little {animal}."),
      ("What animal was {pet}?", "{pet} was a little {animal}."),
      ("Who was {pet}'s best friend?", "{pet}'s best friend was {an_animal2}."))),
    (("{a} lost {his} {thing} {where}.", "{b} helped {him} to look for it.", "They found it {spot}."),
     (("What did {a} lose?", "{a} lost {his} {thing}."), ("Who lost {his} {thing}?", "{a} lost {his} {thing}."),
      ("Where did {a} lose {his} {thing}?", "{a} lost {his} {thing} {where}."),
      ("Who helped {a}?", "{b} helped {a}."), ("Where did they find it?", "They found it {spot}."),
      ("Where was the {thing}?", "The {thing} was {spot}."))),
    (("{a} got up early because {he} wanted to see the sun rise.", "{He} walked to the {place}.",
     "There {he} met {b}."),
     (("Why did {a} get up early?", "{a} got up early because {he} wanted to see the sun rise."),
      ("Where did {a} walk?", "{a} walked to the {place}."),
      ("Who did {a} meet?", "{a} met {b}."), ("Where did {a} meet {b}?", "{a} met {b} {where}."))),
    (("{a} painted a picture of {an_animal}.", "{b} painted a picture of {an_animal2}.",
     "The teacher liked both pictures."),
     (("What did {a} paint?", "{a} painted a picture of {an_animal}."),
      ("What did {b} paint?", "{b} painted a picture of {an_animal2}."),
      ("Who painted {an_animal2}?", "{b} painted {an_animal2}."),
      ("Who painted a picture of {an_animal}?", "{a} painted a picture of {an_animal}."),
      ("Who liked both pictures?", "The teacher liked both pictures."))),
    (("In winter, {a} built a snowman.", "It had a carrot for a nose and {a_colour} scarf.",
     "In spring, the snowman melted."),
     (("What did {a} build?", "{a} built a snowman."), ("Who built a snowman?", "{a} built a snowman."),
      ("What did the snowman have for a nose?", "The snowman had a carrot for a nose."),
      ("What colour was the snowman's scarf?", "The snowman's scarf was {colour}."),
      ("When did the snowman melt?", "The snowman melted in spring."))),
    (("{a} took the bus to the {place}.", "{He} bought {n} tickets and sat down next to {b}.",
     "{b} was reading a book."),
     (("How did {a} go to the {place}?", "{a} took the bus to the {place}."),
      ("How many tickets did {a} buy?", "{a} bought {n} tickets."),
      ("Who sat next to {b}?", "{a} sat next to {b}."), ("What was {b} reading?", "{b} was reading a book."),
      ("Who was reading a book?", "{b} was reading a book."))),
    (("A farmer called {a} had {n} cows and one {animal}.", "Every morning {b} came to feed the {animal}.",
     "The {animal} was called {pet}."),
     (("How many cows did {a} have?", "{a} had {n} cows."),
      ("Who came to feed the {animal}?", "{b} came to feed the {animal}."),
      ("What was the {animal} called?", "The {animal} was called {pet}."),
      ("When did {b} come?", "{b} came every morning."), ("Who was {a}?", "{a} was a farmer."))),
    (("{a} heard a noise {where}.", "{He} took a lamp and went to look.", "It was only {an_animal}."),
     (("Where did {a} hear a noise?", "{a} heard a noise {where}."), ("What did {a} take?", "{a} took a lamp."),
      ("What made the noise?", "{An_animal} made the noise."),
      ("Who heard a noise?", "{a} heard a noise."))),
    (("{a} wrote a letter to {b}.", "In the letter was a photo of {an_animal}.", "{b} put the photo {spot}."),
     (("Who wrote a letter?", "{a} wrote a letter."), ("What did {a} write?", "{a} wrote a letter to {b}."),
      ("What was in the letter?", "A photo of {an_animal} was in the letter."),
      ("Where did {b} put the photo?", "{b} put the photo {spot}."),
      ("Who put the photo {spot}?", "{b} put the photo {spot}."))),
    (("{a} ran a race against {b} and {friend}.", "{b} fell down.",
     "{a} stopped to help {b}, so {friend} won the race."),
     (("Who won the race?", "{friend} won the race."), ("Who fell down?", "{b} fell down."),
      ("Who helped {b}?", "{a} helped {b}."),
      ("Why did {a} stop?", "{a} stopped to help {b}."))),
    (("{a} planted a seed {where}.", "{He} gave it water every day.", "After {n} weeks there was {a_colour} flower."),
     (("What did {a} plant?", "{a} planted a seed."),
      ("Where did {a} plant the seed?", "{a} planted the seed {where}."),
      ("What colour was the flower?", "The flower was {colour}."),
      ("What did {a} give the seed?", "{a} gave the seed water."), ("Who planted a seed?", "{a} planted a seed."))),
    (("{a} wanted to go to the {place}, but {his} mother said no.",
     "So {he} stayed at home and played with {his} {thing}."),
     (("Where did {a} want to go?", "{a} wanted to go to the {place}."), ("Who said no?", "{a}'s mother said no."),
      ("Where did {a} stay?", "{a} stayed at home."),
      ("What did {a} play with?", "{a} played with {his} {thing}."),
      ("Did {a} go to the {place}?", "No, {a} stayed at home."))),
    (("An old king had {n} crowns.", "One night a thief came and took {a_colour} crown.",
     "A clever girl called {girl} found the crown {where}."),
     (("How many crowns did the king have?", "The king had {n} crowns."),
      ("Who found the crown?", "{girl} found the crown."),
      ("Where did {girl} find the crown?", "{girl} found the crown {where}."),
      ("Who took the crown?", "A thief took the crown."),
      ("What did the thief take?", "The thief took {a_colour} crown."),
      ("Who was {girl}?", "{girl} was a clever girl."))),
    (("{a} made {meal} for {b}.", "{b} was not hungry.", "So {a} gave the food to {an_animal}."),
     (("Who did {a} make {meal} for?", "{a} made {meal} for {b}."),
      ("What did {a} make for {b}?", "{a} made {meal} for {b}."),
      ("Was {b} hungry?", "No, {b} was not hungry."), ("Who made {meal}?", "{a} made {meal}."),
      ("What did {a} give to {an_animal}?", "{a} gave the food to {an_animal}."))),
    (("{a} is the captain of a ship called {pet}.", "The ship is {colour}.", "{b} cooks for everybody on the ship."),
     (("What is the ship called?", "The ship is called {pet}."), ("Who is the captain?", "{a} is the captain."),
      ("What colour is the ship?", "The ship is {colour}."),
      ("What does {b} do?", "{b} cooks for everybody on the ship."), ("Who cooks?", "{b} cooks."))),
    (("{a} has a new room.", "The walls are {colour} and the bed is {colour2}.", "There is {a_thing} {spot}."),
     (("What colour are the walls?", "The walls are {colour}."), ("What colour is the bed?", "The bed is {colour2}."),
      ("Who has a new room?", "{a} has a new room."),
      ("Where is the {thing}?", "The {thing} is {spot}."), ("What is {colour2}?", "The bed is {colour2}."))),
    (("{a} and {b} go to the same school.", "{a} goes by bus and {b} goes by bicycle.", "On {day} they both walk."),
     (("How does {a} go to school?", "{a} goes by bus."), ("How does {b} go to school?", "{b} goes by bicycle."),
      ("Who goes by bus?", "{a} goes by bus."),
      ("Who goes by bicycle?", "{b} goes by bicycle."), ("When do they both walk?", "They both walk on {day}."))),
    (("The {animal} was hungry.", "It went to the {place} and ate {food}.", "Then it slept {where2}."),
     (("What did the {animal} eat?", "The {animal} ate {food}."),
      ("Where did the {animal} sleep?", "The {animal} slept {where2}."),
      ("Where did the {animal} go?", "The {animal} went to the {place}."),
      ("Who was hungry?", "The {animal} was hungry."), ("Which animal was hungry?", "The {animal} was hungry."))),
    (("{a} broke {b}'s {thing}.", "{He} said sorry and gave {b} {his} own {thing}.", "Now they are friends again."),
     (("What did {a} break?", "{a} broke {b}'s {thing}."), ("Who broke {b}'s {thing}?", "{a} broke {b}'s {thing}."),
      ("Whose {thing} was broken?", "{b}'s {thing} was broken."),
      ("What did {a} give {b}?", "{a} gave {b} {his} own {thing}."),
      ("Are they friends now?", "Yes, they are friends again."))),
)

SPOTS = ("on the table", "under the bed", "behind the door", "on the shelf", "behind the lamp", "in a drawer",
    "on the wall",
         "next to the window", "under the chair", "in a box")


OUTSIDE = tuple((place.noun, place.where) for place in places_of("wild", "town"))
MEALS = ("soup", "a cake", "an apple pie", "pudding", "a salad", "a pizza", "porridge", "pancakes", "cookies",
    "sandwiches", "waffles",
         "noodles", "dumplings", "muffins")
RUNNERS = tuple(animal for animal in PETS if animal not in ("goldfish", "parrot", "canary", "snake", "turtle"))


def slots(scene: Scene) -> dict[str, str]:
    """A value for everything that a tale can name; what is drawn twice differs."""
    a, b, friend = scene.people
    (place, where), (_, where2) = scene.take(OUTSIDE), scene.take(OUTSIDE)
    thing, thing2, animal, animal2 = scene.take(TOYS), scene.take(TOYS), scene.take(RUNNERS), scene.take(RUNNERS)
    colour, colour2 = scene.take(COLOUR_WORDS), scene.take(COLOUR_WORDS)
    girl = next(one for one in iter(scene.stranger, None) if one.subject == "she")
    return {
        "a": a.name, "b": b.name, "friend": friend.name, "girl": girl.name, "he": a.subject, "He": sentence(a.subject),
        "his": a.possessive, "him": a.object, "place": place, "where": where, "where2": where2, "thing": thing,
        "thing2": thing2, "a_thing": with_article(thing), "a_thing2": with_article(thing2), "colour": colour,
        "colour2": colour2, "a_colour": with_article(colour), "animal": animal, "animal2": animal2,
        "an_animal": with_article(animal), "An_animal": sentence(with_article(animal)),
        "an_animal2": with_article(animal2), "pet": scene.take(PET_NAMES), "food": scene.take(EATEN),
        "meal": pick(scene.rng, MEALS),
        "day": pick(scene.rng, DAYS), "n": str(scene.rng.randrange(2, 10)), "spot": pick(scene.rng, SPOTS),
    }


def tale(rng: Random) -> Asked:
    sentences, asks = pick(rng, TALES)
    values = slots(Scene.of(rng, 3))
    question, answer = pick(rng, asks)
    if rng.random() < 0.3:
        question = question.replace("colour ", "color ")
    told = [one.format(**values) for one in sentences]
    others = tuple((asked.format(**values), said.format(**values)) for asked, said in asks)
    return Asked("tale", told, question.format(**values), answer.format(**values), others)
