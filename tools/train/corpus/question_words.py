"""What the questions' passages speak about, where the shared vocabulary has nothing that fits."""

from __future__ import annotations

from .words import ANIMALS, COLOURS, FOODS, PLACES, things_of


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


THINGS = tuple(thing.noun for thing in things_of("small") if thing.noun not in ("watch", "fan", "mitten"))
TOYS = tuple(thing.noun for thing in things_of("toy"))
WORN = _split("hat, scarf, cap, coat, sweater, shirt, jacket, belt, ribbon, cape, raincoat")
COLOUR_WORDS = COLOURS
WHERE = tuple((place.noun, place.where) for place in PLACES) + tuple(
    (noun, "in the " + noun) for noun in _split(
        "hall, bedroom, bathroom, office, living room, shop, cafe, hospital, stable, church, hotel, restaurant"))
SPOTS = _split(
    "on the table, under the bed, in the box, behind the door, next to the lamp, on the chair, under the table, in "
    "the basket, on the shelf, in the drawer, in the bag, behind the sofa, on the bed, under the tree, in the "
    "cupboard, on the floor, in front of the house, behind the house, on the bench, in the car, under the chair, on "
    "the desk, by the window, next to the clock, on the roof, in the bucket, under the blanket, between the books")
TOWNS = _split(
    "London, Paris, Rome, Berlin, Madrid, Tokyo, Cairo, Oslo, Lisbon, Vienna, Athens, Dublin, Prague, Moscow, Delhi, "
    "Sydney, Toronto, Nairobi, Boston, Chicago, Lima, Milan, Venice, Naples, a small village, a big city, a little "
    "town, a red house, a house by the sea, a house on a hill")
EATEN = tuple(food.noun for food in FOODS) + _split("fish, bananas, eggs, toast, grapes, tomatoes, potatoes, beans")
DRUNK = _split("milk, water, tea, lemonade, hot chocolate, apple juice, coffee, orange juice, apple tea")
LIKED = EATEN + _split(
    "dogs, cats, horses, birds, books, music, trains, flowers, football, swimming, singing, dancing, painting, rain, "
    "snow, stories, games, boats, trees, reading, cooking, ducks, tennis, puzzles, songs, the sea, the sun, red "
    "roses, fast cars, quiet evenings")
PLAYED = _split(
    "football, tennis, chess, cards, the piano, the drum, the flute, the guitar, basketball, hockey, the violin, the "
    "trumpet, the harp, golf, volleyball")
READ = _split("a book, a letter, a story, a poem, a map, a newspaper, a comic, a sign, a note, a postcard")
MADE = _split(
    "a cake, a boat, a kite, a mask, a card, a chair, a hat, a birdhouse, a sandcastle, a snowman, a basket, a paper "
    "plane, a pot of soup, a sandwich, a necklace, a flag, a tent, a table")
SEEN = tuple(animal.noun for animal in ANIMALS) + _split("rainbow, star, ship, train, castle, plane, snowman")
JOBS = _split(
    "baker, farmer, teacher, doctor, nurse, cook, pilot, painter, gardener, builder, driver, singer, tailor, "
    "dentist, sailor, writer, vet, shopkeeper, dancer, firefighter")
FEELINGS = _split(
    "happy, sad, angry, tired, hungry, thirsty, proud, afraid, excited, worried, bored, sleepy, lonely, surprised, "
    "ill, calm")
PET_NAMES = _split(
    "Rex, Spot, Bella, Rusty, Coco, Bobo, Misty, Milo, Luna, Ginger, Snowy, Pepper, Biscuit, Socks, Fluffy, Bingo, "
    "Patch, Sunny, Nibbles, Shadow, Toffee, Dusty, Pip, Poppy")
PETS = _split(
    "dog, cat, hamster, rabbit, parrot, pony, horse, goat, turtle, mouse, puppy, kitten, duck, goldfish, guinea pig, "
    "hen, donkey, lamb, snake, canary")
RELATIONS = (
    # the word for a boy or man, for a girl or woman
    ("brother", "sister"), ("friend", "friend"), ("uncle", "aunt"), ("father", "mother"),
    ("grandfather", "grandmother"),
    ("neighbour", "neighbour"), ("teacher", "teacher"), ("cousin", "cousin"), ("doctor", "doctor"), ("boss", "boss"))
NUMBERED = (
    ("apple", "apples"), ("book", "books"), ("coin", "coins"), ("toy", "toys"), ("pencil", "pencils"), ("hat", "hats"),
    ("cookie", "cookies"), ("ball", "balls"), ("shell", "shells"), ("egg", "eggs"), ("stone", "stones"),
    ("doll", "dolls"),
    ("flower", "flowers"), ("pear", "pears"), ("cup", "cups"), ("card", "cards"), ("button", "buttons"),
    ("key", "keys"),
    ("balloon", "balloons"), ("nut", "nuts"), ("stamp", "stamps"), ("brush", "brushes"), ("box", "boxes"),
    ("leaf", "leaves"))

# Base form, present with he or she, past; what goes with them.
DAYS = _split("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
TIMES = tuple("on " + day for day in DAYS) + _split(
    "in the morning, in the afternoon, in the evening, at noon, at night, at 3 o'clock, at 8 o'clock, at 5 o'clock, "
    "at 10 o'clock, after school, after lunch, before breakfast, in summer, in winter, in spring, in May, "
    "in June, in July")
DOINGS = (
    ("go to the zoo", "goes to the zoo", "went to the zoo"), ("play football", "plays football", "played football"),
    ("visit the farm", "visits the farm", "visited the farm"), ("bake bread", "bakes bread", "baked bread"),
    ("feed the ducks", "feeds the ducks", "fed the ducks"), ("read a book", "reads a book", "read a book"),
    ("go to the market", "goes to the market", "went to the market"),
    ("wash the car", "washes the car", "washed the car"),
    ("water the plants", "waters the plants", "watered the plants"), ("go swimming", "goes swimming", "went swimming"),
    ("paint a picture", "paints a picture", "painted a picture"), ("cook soup", "cooks soup", "cooked soup"),
    ("walk the dog", "walks the dog", "walked the dog"),
    ("sing in the choir", "sings in the choir", "sang in the choir"),
    ("clean the house", "cleans the house", "cleaned the house"),
    ("ride a bicycle", "rides a bicycle", "rode a bicycle"),
    ("visit the museum", "visits the museum", "visited the museum"),
    ("write a letter", "writes a letter", "wrote a letter"),
    ("go to the library", "goes to the library", "went to the library"),
    ("play the piano", "plays the piano", "played the piano"),
    ("go to the beach", "goes to the beach", "went to the beach"),
    ("work in the garden", "works in the garden", "worked in the garden"),
    ("dance with friends", "dances with friends", "danced with friends"),
    ("buy fresh fruit", "buys fresh fruit", "bought fresh fruit"),
    ("climb the hill", "climbs the hill", "climbed the hill"), ("go fishing", "goes fishing", "went fishing"))

# Comparisons of people and of things: the word and its opposite.
PEOPLE_COMPARED = (("older", "younger"), ("taller", "shorter"), ("faster", "slower"), ("stronger", "weaker"))
THINGS_COMPARED = (("bigger", "smaller"), ("heavier", "lighter"), ("older", "newer"), ("longer", "shorter"))

# Why: the effect as it is told and as it is asked; the causes that go with it. {s} is who, {his} and {him} follow.
REASONS = (
    ("was sad", "was {n} sad", ("{s} lost {his} {thing}", "{his} {thing} was broken", "{his} best friend moved away",
                                "{his} {pet} ran away", "{s} had to say goodbye", "it rained on {his} birthday")),
    ("was happy", "was {n} happy", ("{s} found a {thing}", "{s} got a {thing}", "it was {his} birthday",
                                    "{s} won the race", "{his} grandmother came to visit", "the sun was shining")),
    ("was tired", "was {n} tired", ("{s} ran all the way home", "{s} worked all day", "{s} did not sleep well",
                                    "{s} carried a heavy bag", "{s} climbed a high hill")),
    ("was angry", "was {n} angry", ("somebody took {his} {thing}", "{his} {pet} ate {his} lunch",
                                    "somebody broke {his} {thing}", "the bus was late")),
    ("was afraid", "was {n} afraid", ("{s} saw a snake", "it was very dark", "{s} heard a loud noise",
                                      "there was a storm", "{s} saw a big spider")),
    ("was hungry", "was {n} hungry", ("{s} did not eat breakfast", "{s} forgot {his} lunch",
    "there was no food at home")),
    ("was proud", "was {n} proud", ("{s} won a prize", "{s} made a {thing}", "{s} learned to swim",
                                    "{s} helped an old man", "{s} read a whole book")),
    ("was late", "was {n} late", ("{s} missed the bus", "{s} got up too late", "{s} could not find {his} shoes",
                                  "the train stopped", "{s} lost {his} way")),
    ("ran home", "did {n} run home", ("it began to rain", "{s} heard thunder", "{s} forgot {his} {thing}",
                                      "{s} wanted to see {his} {pet}", "it was getting dark")),
    ("stayed in bed", "did {n} stay in bed", ("{s} was ill", "{s} had a cold", "it was Sunday", "{his} leg hurt")),
    ("went to the doctor", "did {n} go to the doctor", ("{s} felt ill", "{his} arm hurt", "{s} had a cough",
                                                        "{s} hurt {his} foot")),
    ("went to the shop", "did {n} go to the shop", ("{s} needed milk", "there was no bread at home",
                                                    "{s} wanted to buy a {thing}", "{s} needed a new {thing}")),
    ("laughed", "did {n} laugh", ("{s} heard a joke", "{his} {pet} did a trick", "{s} saw a funny hat",
                                  "a duck sat on {his} hat")),
    ("cried", "did {n} cry", ("{s} fell down", "{s} hurt {his} knee", "{s} lost {his} {thing}",
                              "{s} dropped {his} ice cream")),
    ("took an umbrella", "did {n} take an umbrella", ("it was raining", "the sky was dark",
    "{s} did not want to get wet")),
    ("wore a coat", "did {n} wear a coat", ("it was cold", "it was snowing", "there was a cold wind")),
    ("opened the window", "did {n} open the window", ("it was hot", "{s} wanted fresh air",
    "{s} heard a bird outside")),
    ("drank some water", "did {n} drink some water", ("{s} was thirsty", "it was a hot day", "the soup was too salty")),
    ("lit a candle", "did {n} light a candle", ("it was dark", "the lamp was broken", "it was time for dinner")),
    ("climbed the tree", "did {n} climb the tree", ("{his} kite was stuck in it", "{s} wanted to pick apples",
                                                    "{s} wanted to see the sea", "a kitten could not get down")),
)
