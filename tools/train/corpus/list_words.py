"""The categories of the lists: every member is right for the category's name, whatever the wording."""

from __future__ import annotations


def _members(text: str) -> tuple[str, ...]:
    return tuple(member.strip() for member in text.split(","))


CATEGORIES: dict[str, tuple[str, ...]] = {
    "animals": _members(
        "dog, cat, horse, cow, pig, sheep, goat, fox, bear, wolf, lion, tiger, elephant, giraffe, zebra, monkey, "
        "rabbit, mouse, deer, hen, duck, frog, snake, camel, kangaroo, panda, hippo, squirrel, hedgehog, donkey"),
    "farm animals": _members(
        "cow, pig, sheep, goat, horse, hen, rooster, duck, goose, donkey, turkey, lamb, pony, calf"),
    "wild animals": _members(
        "lion, tiger, elephant, giraffe, zebra, bear, wolf, fox, monkey, hippo, rhino, leopard, deer, crocodile, "
        "gorilla"),
    "pets": _members("dog, cat, hamster, rabbit, parrot, goldfish, guinea pig, turtle, kitten, puppy, canary, mouse"),
    "sea animals": _members(
        "whale, dolphin, shark, seal, octopus, crab, lobster, starfish, jellyfish, squid, sea turtle, seahorse, "
        "walrus"),
    "birds": _members(
        "robin, sparrow, eagle, owl, crow, swan, goose, duck, parrot, penguin, pigeon, stork, ostrich, gull, hawk, "
        "hen"),
    "insects": _members(
        "ant, bee, butterfly, fly, beetle, ladybird, wasp, moth, grasshopper, cricket, dragonfly, mosquito, firefly"),
    "baby animals": _members("puppy, kitten, lamb, calf, foal, chick, piglet, cub, duckling, kid, gosling, tadpole"),
    "colours": _members("red, blue, green, yellow, orange, purple, pink, white, black, brown, grey, silver, gold"),
    "fruits": _members(
        "apple, pear, banana, orange, plum, cherry, grape, lemon, peach, melon, mango, kiwi, strawberry, pineapple, "
        "fig"),
    "vegetables": _members(
        "carrot, potato, onion, cabbage, pea, bean, spinach, broccoli, leek, beetroot, turnip, radish, celery, "
        "lettuce"),
    "foods": _members(
        "bread, rice, soup, cheese, pizza, salad, cake, egg, butter, honey, noodles, porridge, pancakes, jam, meat, "
        "fish"),
    "drinks": _members(
        "water, milk, tea, coffee, juice, lemonade, hot chocolate, apple juice, orange juice, mint tea, cola, iced "
        "tea"),
    "desserts": _members(
        "cake, ice cream, pudding, apple pie, pancakes, cookies, chocolate, waffles, jelly, fruit salad, muffins, "
        "doughnut"),
    "breakfast foods": _members(
        "bread, toast, egg, porridge, pancakes, butter, jam, honey, muesli, yoghurt, cheese, fruit"),
    "toys": _members(
        "ball, doll, kite, teddy bear, puzzle, toy car, toy train, yo-yo, puppet, blocks, jump rope, marbles, toy "
        "boat"),
    "games": _members(
        "chess, tag, dominoes, bingo, hopscotch, cards, checkers, leapfrog, catch, marbles, bowling, ludo"),
    "tools": _members(
        "hammer, saw, screwdriver, drill, spade, axe, rake, ladder, pliers, wrench, brush, shovel, file, scissors"),
    "clothes": _members(
        "shirt, trousers, dress, skirt, coat, jacket, hat, scarf, socks, shoes, gloves, sweater, cap, boots, pyjamas"),
    "body parts": _members(
        "head, arm, leg, hand, foot, nose, ear, eye, mouth, knee, elbow, finger, toe, neck, shoulder, back"),
    "parts of the face": _members(
        "nose, mouth, eye, ear, chin, cheek, forehead, lips, eyebrow, eyelashes, eyelids, jaw"),
    "sports": _members(
        "football, tennis, swimming, running, basketball, volleyball, hockey, golf, rugby, skiing, cycling, rowing, "
        "judo"),
    "hobbies": _members(
        "reading, painting, dancing, singing, cooking, swimming, gardening, fishing, drawing, chess, hiking, "
        "knitting"),
    "kinds of weather": _members("rain, snow, wind, sun, fog, storm, hail, thunder, lightning, frost, clouds, drizzle"),
    "months": _members(
        "January, February, March, April, May, June, July, August, September, October, November, December"),
    "days of the week": _members("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    "seasons": _members("spring, summer, autumn, winter"),
    "planets": _members("Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune"),
    "countries": _members(
        "France, Spain, Italy, Germany, Poland, Greece, India, China, Japan, Brazil, Canada, Mexico, Kenya, Egypt, "
        "Norway, Sweden, Finland, Portugal, Australia, Peru, Chile, Nigeria, Ireland, Denmark, Austria"),
    "countries in Europe": _members(
        "France, Spain, Italy, Germany, Poland, Greece, Norway, Sweden, Finland, Portugal, Ireland, Denmark, Austria"),
    "continents": _members("Africa, Asia, Europe, North America, South America, Australia, Antarctica"),
    "oceans": _members("Pacific Ocean, Atlantic Ocean, Indian Ocean, Arctic Ocean, Southern Ocean"),
    "cities": _members(
        "London, Paris, Rome, Madrid, Berlin, Tokyo, Cairo, New York, Sydney, Vienna, Athens, Oslo, Lisbon, Delhi, "
        "Moscow, Dublin, Prague, Toronto, Nairobi, Chicago"),
    "rivers": _members("Nile, Amazon, Rhine, Danube, Thames, Seine, Volga, Ganges, Congo, Mississippi, Tiber, Niger"),
    "languages": _members(
        "English, French, Spanish, German, Italian, Chinese, Japanese, Arabic, Hindi, Russian, Polish, Greek, "
        "Swahili"),
    "musical instruments": _members(
        "piano, guitar, violin, drum, flute, trumpet, harp, cello, clarinet, trombone, recorder, tambourine, "
        "accordion"),
    "jobs": _members(
        "teacher, doctor, nurse, baker, farmer, cook, pilot, painter, gardener, builder, driver, singer, tailor, "
        "dentist"),
    "vehicles": _members(
        "car, bus, train, bicycle, plane, boat, ship, truck, tram, van, taxi, tractor, scooter, motorbike, "
        "helicopter"),
    "furniture": _members(
        "table, chair, bed, sofa, desk, shelf, cupboard, wardrobe, bench, armchair, bookcase, stool, dresser"),
    "rooms": _members(
        "kitchen, bedroom, bathroom, living room, dining room, hall, attic, cellar, office, library, playroom, "
        "pantry"),
    "school things": _members(
        "pencil, pen, book, notebook, ruler, eraser, desk, chalk, backpack, crayon, paper, glue, scissors, pencil "
        "case"),
    "school subjects": _members(
        "maths, English, history, art, music, science, geography, sport, reading, writing, drawing, French"),
    "things in a kitchen": _members(
        "spoon, fork, knife, plate, cup, pot, pan, bowl, oven, kettle, fridge, table, sink, glass, teapot"),
    "things in the sky": _members(
        "sun, moon, star, cloud, rainbow, bird, plane, kite, balloon, helicopter, bat, lightning"),
    "flowers": _members(
        "rose, tulip, daisy, lily, sunflower, violet, poppy, daffodil, iris, orchid, snowdrop, crocus, bluebell"),
    "trees": _members(
        "oak, pine, birch, willow, maple, beech, palm, fir, elm, ash, chestnut, cedar, poplar, apple tree"),
    "shapes": _members(
        "circle, square, triangle, rectangle, star, oval, diamond, heart, cube, sphere, cone, pyramid, hexagon"),
    "family members": _members(
        "mother, father, sister, brother, grandmother, grandfather, aunt, uncle, cousin, son, daughter, nephew, "
        "niece"),
    "feelings": _members(
        "joy, fear, anger, love, pride, hope, envy, surprise, sadness, happiness, shame, boredom, worry"),
    "materials": _members(
        "wood, stone, glass, paper, metal, plastic, wool, cotton, leather, iron, gold, silver, rubber"),
    "numbers": _members("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20"),
    "even numbers": _members("2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24"),
    "odd numbers": _members("1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23"),
    "letters": _members("A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z"),
    "vowels": _members("A, E, I, O, U"),
    "names for a dog": _members("Rex, Max, Buddy, Bella, Rusty, Spot, Lucky, Molly, Bruno, Toby, Coco, Rocky, Luna"),
    "names for a cat": _members(
        "Misty, Shadow, Luna, Whiskers, Milo, Smokey, Kitty, Simba, Oscar, Snowy, Ginger, Mimi"),
    "boys' names": _members("Tom, Ben, Sam, Max, Leo, Jack, Peter, Paul, David, Adam, Henry, Oscar, George, Luke"),
    "girls' names": _members("Mia, Anna, Emma, Lucy, Ella, Nora, Ruby, Maya, Sara, Alice, Kate, Julia, Eva, Amy"),
}

# Other names that people use for a category: asked with the alias, judged by the category.
ALIASES: dict[str, tuple[str, ...]] = {
    "colours": ("colors",),
    "foods": ("things to eat", "kinds of food"),
    "drinks": ("things to drink", "beverages"),
    "months": ("months of the year",),
    "days of the week": ("days",),
    "musical instruments": ("instruments",),
    "jobs": ("professions", "occupations"),
    "vehicles": ("kinds of transport",),
    "furniture": ("pieces of furniture",),
    "clothes": ("things to wear", "pieces of clothing"),
    "body parts": ("parts of the body",),
    "kinds of weather": ("types of weather",),
    "fruits": ("kinds of fruit",),
    "insects": ("bugs",),
    "feelings": ("emotions",),
    "toys": ("things to play with",),
    "sea animals": ("sea creatures", "animals that live in the sea"),
    "farm animals": ("animals on a farm", "animals that live on a farm"),
    "rooms": ("rooms in a house",),
    "shapes": ("geometric shapes",),
    "school things": ("things for school", "things you need at school"),
    "family members": ("people in a family",),
    "trees": ("kinds of tree",),
    "sports": ("kinds of sport",),
    "pets": ("animals that people keep as pets",),
    "names for a dog": ("dog names",),
    "names for a cat": ("cat names",),
    "letters": ("letters of the alphabet",),
    "seasons": ("seasons of the year",),
    "things in a kitchen": ("things you find in a kitchen", "kitchen things"),
    "countries in Europe": ("European countries",),
    "desserts": ("sweet foods",),
}

# Words that no number goes with ("three furniture"): these are asked for by their aliases alone.
UNCOUNTED = ("furniture", "clothes")

# How one member is asked for; a category without an entry is asked for by number only ("Name one of ...").
SINGULAR: dict[str, str] = {
    "animals": "an animal", "farm animals": "a farm animal", "wild animals": "a wild animal", "pets": "a pet",
    "sea animals": "a sea animal", "birds": "a bird", "insects": "an insect", "colours": "a colour",
    "fruits": "a fruit", "vegetables": "a vegetable", "foods": "a food", "drinks": "a drink", "toys": "a toy",
    "games": "a game", "tools": "a tool", "sports": "a sport", "hobbies": "a hobby", "months": "a month",
    "days of the week": "a day of the week", "seasons": "a season", "planets": "a planet", "countries": "a country",
    "continents": "a continent", "cities": "a city", "rivers": "a river", "languages": "a language",
    "musical instruments": "a musical instrument", "jobs": "a job", "vehicles": "a vehicle",
    "rooms": "a room", "flowers": "a flower", "trees": "a tree", "shapes": "a shape", "feelings": "a feeling",
    "numbers": "a number", "even numbers": "an even number", "odd numbers": "an odd number", "letters": "a letter",
    "vowels": "a vowel", "baby animals": "a baby animal",
    "desserts": "a dessert", "school subjects": "a school subject", "body parts": "a body part", "oceans": "an ocean",
}
