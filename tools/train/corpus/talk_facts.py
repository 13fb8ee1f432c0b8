"""What a small child knows: opposites, animals, capitals, days."""

from __future__ import annotations

from .example import with_article

_OPPOSITES = (
    "hot cold, big small, tall short, long short, old young, new old, fast slow, happy sad, day night, black white, "
    "up down, left right, in out, open closed, full empty, light dark, hard soft, high low, wet dry, rich poor, "
    "strong weak, clean dirty, early late, good bad, wrong right, yes no, true false, hello goodbye, start end, first "
    "last, near far, loud quiet, heavy light, thick thin, wide narrow, sweet sour, brave afraid, north south, east "
    "west, summer winter, morning evening, give take, come go, push pull, buy sell, laugh cry, win lose, love hate, "
    "friend enemy, always never, everything nothing, over under, before after, inside outside, deep shallow, smooth "
    "rough, warm cool, kind mean, easy difficult, large little, top bottom, front back, sharp blunt, cheap expensive, "
    "awake asleep, more less, many few, begin end, ask answer, find lose, stand sit, build destroy, remember forget, "
    "boy girl, man woman, king queen, brother sister, mother father, same different, beautiful ugly, clever stupid, "
    "quick slow, cold hot, small big, short long, young old, slow fast, sad happy, night day, white black, down up, "
    "right left, out in, closed open, empty full, dark light, soft hard, low high, dry wet, poor rich, weak strong, "
    "dirty clean, late early, bad good")

_CAPITALS = (
    "France Paris, Spain Madrid, Italy Rome, Germany Berlin, Poland Warsaw, Greece Athens, Portugal Lisbon, Austria "
    "Vienna, Norway Oslo, Sweden Stockholm, Finland Helsinki, Denmark Copenhagen, Ireland Dublin, England London, "
    "Scotland Edinburgh, Wales Cardiff, Belgium Brussels, Hungary Budapest, Russia Moscow, Ukraine Kyiv, Romania "
    "Bucharest, Bulgaria Sofia, Croatia Zagreb, Iceland Reykjavik, China Beijing, Japan Tokyo, Thailand Bangkok, "
    "Vietnam Hanoi, Egypt Cairo, Kenya Nairobi, Canada Ottawa, Cuba Havana, Peru Lima, Australia Canberra, Turkey "
    "Ankara, Iran Tehran, Iraq Baghdad, Ethiopia Addis-Ababa, Tunisia Tunis, Morocco Rabat, Lebanon Beirut, Nepal "
    "Kathmandu, Chile Santiago, Latvia Riga, Estonia Tallinn, Switzerland Bern, Brazil Brasilia, India New-Delhi, "
    "Mexico Mexico-City, Argentina Buenos-Aires, Nigeria Abuja, Ghana Accra, Colombia Bogota")

_SOUNDS = (
    "dog barks, cat meows, cow moos, horse neighs, sheep bleats, pig grunts, duck quacks, lion roars, bee buzzes, "
    "snake hisses, frog croaks, owl hoots, wolf howls, rooster crows, mouse squeaks, bird sings, hen clucks, donkey "
    "brays, crow caws, bear growls, elephant trumpets, kitten meows, tiger roars, goose honks, turkey gobbles")

_YOUNG = (
    "dog puppy, cat kitten, cow calf, horse foal, sheep lamb, pig piglet, duck duckling, goose gosling, hen chick, "
    "goat kid, lion cub, bear cub, frog tadpole, deer fawn, wolf cub, elephant calf, kangaroo joey, swan cygnet, owl "
    "owlet, tiger cub, fox cub, whale calf")

_LEGS = (
    "dog 4, cat 4, spider 8, bird 2, ant 6, bee 6, horse 4, cow 4, hen 2, duck 2, fly 6, butterfly 6, person 2, "
    "beetle 6, lion 4, snake 0, fish 0, sheep 4, elephant 4, frog 4")
_COLOURS = (
    "the sky:blue, grass:green, snow:white, a lemon:yellow, a banana:yellow, a carrot:orange, a tomato:red, "
    "milk:white, coal:black, the sun:yellow, a strawberry:red, a cherry:red, a leaf:green, a frog:green, blood:red, "
    "chocolate:brown, a polar bear:white, a fire engine:red, an elephant:grey, a flamingo:pink, a crow:black, a "
    "pumpkin:orange, an orange:orange, the sea:blue, a cucumber:green, salt:white, a swan:white, wood:brown, a "
    "pea:green, broccoli:green, a mouse:grey, a pig:pink, butter:yellow, rice:white")

_RHYMES = (
    "cat:hat, dog:frog, house:mouse, tree:bee, star:car, moon:spoon, cake:lake, ball:wall, king:ring, bear:chair, "
    "boat:goat, fox:box, sun:run, night:light, day:play, rain:train, bed:red, book:cook, fish:dish, hen:pen, "
    "nose:rose, top:shop, snow:slow, sing:ring, land:sand, tall:ball, hop:top, pig:wig, bug:rug, sock:clock, "
    "bell:shell, green:queen, blue:shoe, boy:toy, bread:bed, sheep:sleep, game:name")

_MADE = (
    ("What do bees make?", "Bees make honey."), ("Which animal makes honey?", "Bees make honey."),
    ("Who makes honey?", "Bees make honey."),
    ("What gives us milk?", "Cows give us milk."), ("Which animal gives us milk?", "Cows give us milk."),
    ("What gives us wool?", "Sheep give us wool."), ("Which animal gives us wool?", "Sheep give us wool."),
    ("What do hens lay?", "Hens lay eggs."), ("Which bird lays the eggs that we eat?", "Hens lay eggs."),
    ("What is butter made of?", "Butter is made of milk."), ("What is cheese made of?", "Cheese is made of milk."),
    ("What is bread made of?", "Bread is made of flour and water."),
    ("What is paper made of?", "Paper is made of wood."),
    ("What is ice?", "Ice is frozen water."), ("What is snow?", "Snow is frozen water."),
    ("What is rain?", "Rain is water that falls from clouds."),
    ("What do cows eat?", "Cows eat grass."), ("What do horses eat?", "Horses eat grass and hay."),
    ("What do rabbits eat?", "Rabbits eat grass and carrots."),
    ("What do cats like to catch?", "Cats like to catch mice."), ("What do pandas eat?", "Pandas eat bamboo."),
    ("What do squirrels eat?", "Squirrels eat nuts."),
    ("What do monkeys like to eat?", "Monkeys like to eat bananas."), ("What do spiders make?", "Spiders make webs."),
    ("What do birds build?", "Birds build nests."),
    ("Where do fish live?", "Fish live in water."), ("Where do bees live?", "Bees live in a hive."),
    ("Where do birds live?", "Birds live in nests."),
    ("Where do lions live?", "Lions live in Africa."), ("Where do penguins live?", "Penguins live where it is cold."),
    ("Where do polar bears live?", "Polar bears live in the Arctic."),
    ("Where do kangaroos live?", "Kangaroos live in Australia."),
    ("Where do camels live?", "Camels live in the desert."), ("Where do whales live?", "Whales live in the sea."),
    ("How many days are in a week?", "There are 7 days in a week."),
    ("How many days does a week have?", "A week has 7 days."),
    ("How many months are in a year?", "There are 12 months in a year."),
    ("How many months does a year have?", "A year has 12 months."),
    ("How many seasons are there?", "There are 4 seasons."),
    ("How many hours are in a day?", "There are 24 hours in a day."),
    ("How many minutes are in an hour?", "There are 60 minutes in an hour."),
    ("How many seconds are in a minute?", "There are 60 seconds in a minute."),
    ("How many letters are in the alphabet?", "There are 26 letters in the alphabet."),
    ("How many fingers do you have on one hand?", "A hand has 5 fingers."),
    ("How many fingers does a hand have?", "A hand has 5 fingers."),
    ("How many toes does a foot have?", "A foot has 5 toes."),
    ("How many eyes does a person have?", "A person has 2 eyes."),
    ("How many ears does a person have?", "A person has 2 ears."),
    ("How many noses does a person have?", "A person has 1 nose."),
    ("How many wheels does a car have?", "A car has 4 wheels."),
    ("How many wheels does a bicycle have?", "A bicycle has 2 wheels."),
    ("How many sides does a triangle have?", "A triangle has 3 sides."),
    ("How many sides does a square have?", "A square has 4 sides."),
    ("How many planets are there?", "There are 8 planets."),
    ("How many continents are there?", "There are 7 continents."),
    ("How many days does a year have?", "A year has 365 days."),
    ("Which animal is the largest?", "The largest animal is the blue whale."),
    ("What is the biggest animal in the world?", "The biggest animal is the blue whale."),
    ("What is the tallest animal?", "The tallest animal is the giraffe."),
    ("What is the fastest animal on land?", "The fastest animal on land is the cheetah."),
    ("Which animal has a trunk?", "The elephant has a trunk."),
    ("Which animal has a long neck?", "The giraffe has a long neck."),
    ("Which animal has stripes?", "The zebra has stripes."),
    ("Which animal carries its house?", "The snail carries its house."),
    ("Which animal is the king of the animals?", "The lion is the king of the animals."),
    ("Which animal lives in a shell?", "The snail lives in a shell."),
    ("What do we see with?", "We see with our eyes."), ("What do we hear with?", "We hear with our ears."),
    ("What do we smell with?", "We smell with our nose."),
    ("What do we taste with?", "We taste with our tongue."),
    ("What do you do with a spoon?", "You eat soup with a spoon."),
    ("What do you do with a pen?", "You write with a pen."), ("What do you do with a knife?", "You cut with a knife."),
    ("What do you do with a book?", "You read a book."),
    ("What do you wear on your head?", "You wear a hat on your head."),
    ("What do you wear on your feet?", "You wear shoes on your feet."),
    ("What do you wear on your hands?", "You wear gloves on your hands."),
    ("What do you need when it rains?", "You need an umbrella when it rains."),
    ("What shines at night?", "The moon shines at night."),
    ("What shines in the day?", "The sun shines in the day."),
    ("Where does the sun rise?", "The sun rises in the east."),
    ("Where does the sun set?", "The sun sets in the west."),
    ("What is the first month of the year?", "The first month of the year is January."),
    ("What is the last month of the year?", "The last month of the year is December."),
    ("What is the first day of the week?", "The first day of the week is Monday."),
    ("What is the first letter of the alphabet?", "The first letter of the alphabet is A."),
    ("What is the last letter of the alphabet?", "The last letter of the alphabet is Z."),
    ("Which season is the coldest?", "Winter is the coldest season."),
    ("Which season is the hottest?", "Summer is the hottest season."),
    ("When does snow fall?", "Snow falls in winter."), ("When do leaves fall?", "Leaves fall in autumn."),
    ("Who bakes bread?", "A baker bakes bread."),
    ("Who helps you when you are ill?", "A doctor helps you when you are ill."),
    ("Who teaches children?", "A teacher teaches children."),
    ("Who puts out fires?", "A firefighter puts out fires."), ("Who flies a plane?", "A pilot flies a plane."),
    ("Who grows food?", "A farmer grows food."),
    ("Who catches thieves?", "The police catch thieves."),
    ("Who looks after your teeth?", "A dentist looks after your teeth."),
    ("Who drives a bus?", "A bus driver drives a bus."),
    ("Where can you borrow books?", "You can borrow books in a library."),
    ("Where do you buy bread?", "You buy bread in a bakery."),
    ("Where do children learn?", "Children learn at school."),
    ("Where do you sleep?", "You sleep in a bed."), ("Where do you cook?", "You cook in the kitchen."),
    ("What do plants need?", "Plants need water and light."),
    ("Can birds fly?", "Yes, most birds can fly."), ("Can fish swim?", "Yes, fish can swim."),
    ("Can penguins fly?", "No, penguins cannot fly."), ("Can dogs fly?", "No, dogs cannot fly."),
    ("Can fish walk?", "No, fish cannot walk."), ("Can cats climb trees?", "Yes, cats can climb trees."),
    ("Is a whale a fish?", "No, a whale is not a fish."), ("Is a dog an animal?", "Yes, a dog is an animal."),
    ("Is a rose a flower?", "Yes, a rose is a flower."), ("Is an apple a fruit?", "Yes, an apple is a fruit."),
    ("Is a carrot a fruit?", "No, a carrot is a vegetable."), ("Is fire hot?", "Yes, fire is hot."),
    ("Is ice hot?", "No, ice is cold."), ("Is the sun a star?", "Yes, the sun is a star."),
    ("Is the Earth round?", "Yes, the Earth is round."), ("Is a spider an insect?", "No, a spider is not an insect."),
    ("Is the moon bigger than the sun?", "No, the sun is bigger than the moon."),
    ("Is an elephant bigger than a mouse?", "Yes, an elephant is bigger than a mouse."),
    ("What planet do we live on?", "We live on the planet Earth."),
    ("Which planet do we live on?", "We live on the planet Earth."),
    ("What goes around the Earth?", "The moon goes around the Earth."),
    ("Which planet is the largest?", "Jupiter is the largest planet."),
    ("What comes after Monday?", "After Monday comes Tuesday."),
)


def _pairs(text: str, between: str = " ") -> list[tuple[str, str]]:
    return [tuple(pair.strip().split(between, 1)) for pair in text.split(",")]


# Kind, wordings with {x} for what is asked about, and the answers.
FACTS: list[tuple[str, tuple[str, ...], list[tuple[str, str]]]] = [
    ("opposite", ("What is the opposite of {x}?", "What's the opposite of {x}?", "Tell me the opposite of {x}.",
    "Opposite of {x}?",
                  "Give me the opposite of {x}.", "What is the contrary of {x}?", "Which word is the opposite of {x}?",
                  "Can you tell me the opposite of {x}?", "Name the opposite of {x}.",
                  "Do you know the opposite of {x}?"),
     [(one, f"The opposite of {one} is {other}.") for one, other in _pairs(_OPPOSITES)]),
    ("capital", ("What is the capital of {x}?", "What's the capital of {x}?", "Name the capital of {x}.",
    "Which city is the capital of {x}?",
                 "Tell me the capital of {x}.", "Capital of {x}?", "Can you tell me the capital of {x}?",
                 "Do you know the capital of {x}?",
                 "What is the capital city of {x}?", "Please tell me the capital of {x}."),
     [(one, f"The capital of {one} is {other.replace('-', ' ')}.") for one, other in _pairs(_CAPITALS)]),
    ("sound", ("What sound does {x} make?", "What noise does {x} make?", "Which sound does {x} make?",
    "How does {x} sound?",
               "Tell me what sound {x} makes.", "What does {x} say?", "Can you tell me what sound {x} makes?"),
     [(with_article(one), f"{with_article(one).capitalize()} {other}.") for one, other in _pairs(_SOUNDS)]),
    ("young", ("What is a baby {x} called?", "What do you call a baby {x}?", "What is the name of a young {x}?",
    "What's a baby {x} called?",
               "How is a baby {x} called?", "What is a young {x} called?", "Tell me what a baby {x} is called."),
     [(one, f"A baby {one} is called {with_article(other)}.") for one, other in _pairs(_YOUNG)]),
    ("legs", ("How many legs does {x} have?", "How many legs has {x}?", "Tell me how many legs {x} has.",
    "Do you know how many legs {x} has?",
              "What is the number of legs of {x}?", "Can you tell me how many legs {x} has?"),
     [(with_article(one),
     f"{with_article(one).capitalize()} has {other if other != '0' else 'no'} legs.") for one, other in _pairs(_LEGS)]),
    ("colour", ("What colour is {x}?", "What color is {x}?", "Which colour is {x}?", "Tell me what colour {x} is.",
    "What is the colour of {x}?",
                "What is the color of {x}?", "Do you know what colour {x} is?"),
     [(one, f"{one[0].upper() + one[1:]} is {other}.") for one, other in _pairs(_COLOURS, ":")]),
    ("rhyme", ("What rhymes with {x}?", "Which word rhymes with {x}?", "Give me a word that rhymes with {x}.",
    "Tell me a rhyme for {x}.",
               "Find a rhyme for {x}.", "Can you find a word that rhymes with {x}?",
               "Name a word that rhymes with {x}."),
     [(one, f"{one.capitalize()} rhymes with {other}.") for one, other in _pairs(_RHYMES, ":")]),
    ("fact", ("{x}", "{x}", "{x}", "Tell me: {x}", "Do you know this? {x}", "I have a question. {x}",
    "Please tell me: {x}", "Hi! {x}",
              "A question: {x}", "Can you tell me this? {x}"), list(_MADE)),
]
