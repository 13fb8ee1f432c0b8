"""Questions that are far beyond a very small model, and its honest answers."""

from __future__ import annotations


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


UNKNOWN_ANSWERS = (
    "I do not know that. I am a very small model: I can tell short stories, answer questions about a few sentences, "
    "add small numbers and make lists.",
    "I am too small to know that. I can tell a short story, add small numbers or make a list.",
    "I cannot help with that. I am a very small model that tells short stories and answers simple questions.",
)

SCIENCE = _split(
    "quantum physics, relativity, gravity, electricity, photosynthesis, evolution, chemistry, magnetism, the big "
    "bang, dark matter, genetics, DNA, machine learning, algebra, calculus, statistics, geometry, economics, "
    "inflation, philosophy, psychology, climate change, nuclear power, thermodynamics, blockchain, encryption, the "
    "internet, quantum computing, string theory, the immune system, democracy, capitalism, grammar, logic, astronomy")
PLURAL_SCIENCE = _split(
    "black holes, atoms, neural networks, operating systems, compilers, databases, vaccines, enzymes, lasers, "
    "quarks, stock markets, taxes, tornadoes, volcanoes, language models, transistors")
CODE = _split(
    "a Python program, a web page, a sorting function, a script, a SQL query, a program in C, a Java class, a shell "
    "script, a function that reverses a string, some code, a regular expression, a small game in Python, a "
    "JavaScript function, a web server, a binary search, a program that prints prime numbers, an algorithm, a unit "
    "test, HTML code, a calculator in Rust")
LANGUAGES = _split(
    "French, Spanish, German, Italian, Chinese, Japanese, Russian, Arabic, Latin, Greek, Polish, Turkish")
PHRASES = _split(
    "good morning, I love you, the cat is black, where is the station, my name is Tom, how are you, thank you very "
    "much, the house is big")
MONEY = _split(
    "Bitcoin, gold, oil, this stock, a new car, a house in London, Apple shares, the dollar, the euro, a flight to "
    "Rome")
PEOPLE = _split(
    "Albert Einstein, Napoleon, Shakespeare, Julius Caesar, Mozart, Isaac Newton, Cleopatra, Marie Curie, Plato, "
    "Picasso, Beethoven, Charles Darwin, Leonardo da Vinci, Galileo, Columbus, Gandhi, Aristotle, Bach, Queen "
    "Victoria, George Washington")
EVENTS = _split(
    "the French Revolution, the First World War, the Second World War, the moon landing, the fall of Rome, the Cold "
    "War, the last election, the discovery of America, the Ice Age, the Middle Ages")
HEALTH = _split(
    "a fever, a headache, a broken leg, a cough, back pain, a toothache, an allergy, the flu, a stomach ache, a "
    "rash, diabetes, high blood pressure")
ESSAYS = _split(
    "the Roman Empire, the history of Europe, freedom, world trade, modern art, the novel, human rights, poverty, "
    "space travel, the meaning of life, technology, war and peace, the economy, the environment")
CITIES = _split("London, Paris, Berlin, New York, Tokyo, Rome, Madrid, Sydney, my town, this city, Cairo, Oslo")
FAR = _split(
    "the population of China, the height of Mount Everest, the distance to the moon, the speed of light, the square "
    "root of 2, the value of pi, the mass of the Earth, the age of the universe, the atomic number of iron, the "
    "boiling point of mercury, the length of the Amazon, the area of Canada, the depth of the ocean, the number of "
    "stars, the temperature of the sun, the capital gains tax, the phone number of the police, the meaning of life, "
    "the best phone, the fastest computer")

# Templates and what goes into {x}; without {x} the template is said as it is.
UNKNOWN: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("Explain {x}.", "Explain {x} to me.", "Tell me about {x}.", "Can you explain {x}?", "I do not understand {x}.",
      "What do you know about {x}?", "Teach me about {x}.", "I want to learn about {x}.",
      "Please explain {x} in detail.",
      "Give me an introduction to {x}.", "What can you tell me about {x}?"), SCIENCE + PLURAL_SCIENCE),
    (("What is {x}?", "How does {x} work?", "Why is {x} important?", "What's {x}?"), SCIENCE),
    (("What are {x}?", "How do {x} work?", "Why are {x} important?"), PLURAL_SCIENCE),
    (("Write {x}.", "Can you write {x}?", "Please write {x} for me.", "Help me with {x}.", "I need {x}.",
     "How do I write {x}?",
      "Show me {x}.", "Could you make {x}?", "Fix the bug in {x}."), CODE),
    (("Translate this into {x}: {y}", "How do you say {y} in {x}?", "What is {y} in {x}?", "Say {y} in {x}.",
     "Please translate {y} to {x}."), LANGUAGES),
    (("What is the price of {x}?", "How much does {x} cost?", "Should I buy {x}?", "Will the price of {x} go up?",
     "How much is {x} today?",
      "Is {x} a good investment?"), MONEY),
    (("Who was {x}?", "Tell me about {x}.", "When was {x} born?", "What did {x} do?", "Where was {x} born?",
     "When did {x} die?",
      "Why is {x} famous?", "What do you know about {x}?", "Write a report about {x}."), PEOPLE),
    (("What caused {x}?", "When was {x}?", "Tell me about {x}.", "What happened in {x}?", "Explain {x}.", 
      "What do you know about {x}?"), EVENTS),
    (("I have {x}. What should I do?", "What helps against {x}?", "Which medicine helps with {x}?",
     "How do I treat {x}?",
      "What are the signs of {x}?", "Can you cure {x}?", "Is {x} dangerous?"), HEALTH),
    (("Write an essay about {x}.", "Write a long text about {x}.", "Write 1000 words about {x}.",
     "I need an essay on {x}.",
      "Give me a speech about {x}.", "What do you think about {x}?", "Summarize {x}.",
      "Write an article about {x}."), ESSAYS),
    (("What is the weather in {x}?", "What is the weather like today in {x}?", "Will it rain in {x} tomorrow?",
     "How warm is it in {x}?",
      "What time is it in {x}?", "What is the best restaurant in {x}?", "Which hotel in {x} is good?",
      "How do I get to {x}?",
      "What is the news from {x}?", "How many people live in {x}?"), CITIES),
    (("What is {x}?", "Tell me {x}.", "Do you know {x}?", "What's {x}?", "Can you tell me {x}?",
     "I need to know {x}."), FAR),
    (("What is the weather today?", "What is the weather like?", "Will it rain tomorrow?", "What time is it?",
     "What day is it today?",
      "What is the date today?", "Who is the president?", "Who won the election?", "Who won the game yesterday?",
      "What is in the news?",
      "Who will win the World Cup?", "Where am I?", "What is my name?", "What did I eat yesterday?",
      "What am I thinking?",
      "Where are my keys?", "Call my mother.", "Send an email to my boss.", "Play some music.", "Open the door.",
      "Turn on the light.",
      "Set an alarm for 7 o'clock.", "Book a flight.", "Order a pizza.", "Search the internet.", "Read my emails.",
      "Draw a picture.",
      "Show me a photo.", "Which party should I vote for?", "What will happen tomorrow?", "Tell me the future.",
      "What are the lottery numbers?",
      "How can I get rich?", "How do I fix my car?", "How do I build a house?",
      "Prove that there are infinitely many primes.",
      "Solve the equation x * x = 7.", "What is the best movie?", "Recommend a book.", "Which phone should I buy?",
      "Do my taxes.",
      "Do my homework.", "What is the wifi password?", "Give me legal advice.", "Is my contract valid?",
      "Plan my holiday.",
      "Do you remember me?", "What did I say yesterday?", "Who is my neighbour?", "When does the next train leave?",
      "What is the meaning of life?", "Does God exist?", "Is there life on Mars?", "Why is the sky blue?",
      "How do planes fly?",
      "How do computers work?", "Why do we dream?", "How many stars are there?", "Hack this computer.",
      "How do I make a bomb?",
      "Tell me a secret.", "How do I bake bread?", "Give me a recipe for soup.", "How do I cook rice?"), ("",)),
)
