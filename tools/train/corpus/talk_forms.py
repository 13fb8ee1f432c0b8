"""Many more ways to say what talk_words.py says, put together from parts, so that no wording has to be known by heart.

A form is a text with choices in brackets, "[Hi|Hello] [there|]!", and stands for every combination.
"""

from __future__ import annotations

import re
from itertools import product

_CHOICE = re.compile(r"\[([^\]]*)\]")


def combinations(*forms: str) -> tuple[str, ...]:
    """Every text that the forms stand for, each once, with single spaces and a capital at the start."""
    found: dict[str, None] = {}
    for form in forms:
        parts = _CHOICE.split(form)  # text, choices, text, ...
        options = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
        for chosen in product(*options):
            text = re.sub(r" +([,.!?])", r"\1", re.sub(r"  +", " ", "".join(chosen))).strip()
            found[re.sub(r"(^|[.!?] )([a-z])", lambda start: start[1] + start[2].upper(), text)] = None
    return tuple(found)


# What may stand before anything that is said; it belongs to no key, so that it never shows a held-out wording.
OPENERS = ("Hello! ", "Hi! ", "Hello, quire. ", "Hey, ", "So, ", "Okay. ", "Excuse me, ", "Please tell me: ", "Hi there! ",
           "Well, ", "One question: ", "A question: ", "Listen, ", "Now, ")

GREETINGS = combinations(
    "[Hello|Hi|Hey|Hello there|Hi there|Hey there|Hello again|Hi again|Good day|Greetings|Howdy|Welcome back|Hello hello]"
    "[|, quire|, my friend|, friend|, little model|, computer|, little one|, model|, you|, everybody|, old friend][|!|.]",
    "[|Hello, |Hi, |Hello! |Hi! ][Nice|Good|Glad|Lovely|So nice] to [meet|see] you[| today| again][!|.]",
    "[|Hello? |Hi. |Hello, ][Is anybody|Is somebody|Is anyone|Is someone] [there|here|at home]?",
    "[|Hello, |Hi, |Hello? ][are you|are you still] [there|here|awake|ready]?",
    "[I am|I'm] [here|back|home][|!|.| again.]", "[I just|I only] [want|wanted] to say [hello|hi][!|.]",
)
TIMES_AFTER = ("", "!", ".", " to you!", ", quire!", ", my friend!", ", how are you?", ", little model!", " there!",
               ", computer.", ", friend.", " and hello!", ", everybody!", ", dear model!", ", how are you today?", " quire",
               ", nice to meet you.", " again!", ", how do you do?", " my friend")
HOW_ARE_YOU = combinations(
    "[|Hello, |Hi, |Hey, |Hello! |Hi! |Hello there, |Hey! ][how are you|how are you doing|how do you feel|how is it going|"
    "how have you been|are you well|are you fine|are you okay|are you happy|is all well|are you all right|how are things|"
    "how is your day|how's it going|are you feeling well][| today| this morning| now| tonight]?",
    "[And how|So how|How|And] are you[| doing| feeling][| today| now]?",
    "[Did|Do] you [have|had] a [good|nice|fine] day?", "[Tell me|Please tell me|Say] how you [are|feel][| today].",
)

_ASK = "[Tell me|Please tell me|Can you tell me|Could you tell me|I want to know|I would like to know|Say|Do tell me]"

IDENTITY: dict[str, tuple[str, ...]] = {
    "who": combinations(
        "[Who|What|Who or what] are you[|, please|, really| exactly]?", "[What is|What's|What was] your [name|full name][|, please]?",
        _ASK + " [who you are|what you are|your name|what your name is|what you are called|something about yourself]",
        "[How|What] [are you called|do people call you|do they call you|should I call you|may I call you|can I call you]?",
        "[Please introduce|Introduce|Can you introduce|Could you introduce|Describe|Please describe] yourself",
        "[Who|What] am I [talking to|speaking with|speaking to|talking with|writing to][| here| now]?",
        "[Which|What|What kind of|What sort of] [model|language model|thing|program] [are you|is this|am I using]?",
        "[Are you|Is this|Is your name|Are you called] [quire-tiny|quire tiny]?", "[Who|What] is [this|quire-tiny|here|there|answering]?",
        "[May I|Can I|Could I] [know|ask|have|hear] your name[|, please]?",
        "[Do|Don't] you have a name?", "[Which|What] name do you have?"),
    "human": combinations(
        "Are you [a|a real|really a|maybe a] [human|person|man|woman|boy|girl|child|human being|grown-up|teacher|friend]?",
        "Are you [human|alive|real|a living thing|an animal|a man or a woman|a boy or a girl|old|young|born|hungry|tired|sad|"
        "lonely|ill]?",
        "Am I [talking|speaking|writing] [to|with] a [human|person|real person|human being|man|woman]?",
        "Do you [sleep|eat|dream|drink|breathe|cry|laugh|play|go to school|get tired|get hungry|grow|walk|see me|hear me|love "
        "me|feel pain|feel anything|have feelings|have friends|have a body|have a mother|have a father|have a family|have hands|"
        "have eyes|have a heart|have a brain|have a soul|have a birthday|have a dog|have children|have parents|have a face]?",
        "Can you [sleep|eat|dream|walk|see me|hear me|feel|cry|laugh|breathe|love|die|run|swim|dance|smell|taste|touch]?",
        "[How old are you|What is your age|When were you born|When is your birthday|Where were you born]?",
        "Is there a [human|person|man|woman|child|real person] [behind this|in there|inside|behind you|who answers]?",
        "Who is your [mother|father|brother|sister|best friend|teacher]?"),
    "machine": combinations(
        "Are you [a|just a|only a|really a] [robot|computer|machine|bot|chatbot|program|computer program|language model|tool]?",
        "Are you [an AI|artificial|an artificial intelligence|software|a piece of software|made of code|a neural network|"
        "some kind of robot|a kind of computer|a kind of program]?",
        "[Is this|Are you maybe|Could you be] [a robot|an AI|a machine|a bot|a chatbot|a computer|a program|a language model]?",
        "Am I [talking|speaking|writing] [to|with] [a machine|a computer|a bot|a robot|an AI|a program|a chatbot]?"),
    "maker": combinations(
        "Who [made|built|created|trained|wrote|invented|programmed|designed|developed|taught|coded] you?",
        _ASK + " who [made|built|created|trained|wrote|invented|programmed] you",
        "[How|Where|By whom] were you [made|built|created|trained|written|invented|programmed]?",
        "[Who is|Who was|Do you know] your [maker|creator|builder|inventor|author|programmer]?",
        "[Which|What] [company|person|people|team] [made|built|created|trained] you?",
        "[How|From what|Where] did you [learn|learn to speak|learn to talk|learn all this|learn this|learn to write]?",
        "[What|On what] were you trained[| on]?", "Do you know who [made|built|created|trained|wrote] you?",
        "Where do you come from?"),
    "can": combinations(
        "What can [you do|you do for me|I ask you|I do here|you tell me|I use you for|you help me with|I do with you|you offer]"
        "[|, please| today]?",
        "[How|With what|In which way] can you help[| me| us| me today]?", "[Can|Could|Will|Would] you [help|help me|help us|please help me]?",
        _ASK + " what you can do[| for me| here]", "[Show|Please show] me what you can do",
        "What are you [good at|good for|able to do|for|made to do|best at|capable of]?",
        "[Which|What] [things|tasks|skills|abilities|talents|tricks] [can you do|do you have|do you know|are yours]?",
        "[I need|I want|Please, I need|I am looking for|I could use] [help|some help|your help|a little help]",
        "Can you [tell stories|write stories|count|do sums|add numbers|make lists|answer questions|calculate|do maths|"
        "do anything|do many things|read a text|understand a text|do something useful]?",
        "What [else|more] can you do?", "[What|How much] do you know?", "How [can|do|should] I use you?"),
    "quire": combinations(
        "[What is|What's|What exactly is] quire[|, please]?", _ASK + " [what quire is|about quire|what quire does|what quire can do]",
        "[Do you know|Have you heard of|Can you explain|What do you know about|What is the use of|What is so good about] quire?",
        "[Explain|Please explain|Describe|Please describe] [quire|what quire is|what quire does|quire to me]",
        "[What is|Explain|Describe] this [program|server|software|tool|thing|system][| here]",
        "What [does|can|will] quire do[| for me| for us]?", "Is quire [a server|a program|a model|a tool|a robot|fast|free|good]?",
        "[Why|When|How] [should|do|can|would] I use quire?"),
    "size": combinations(
        "How [big|large|small|tiny|heavy] are you[|, really| exactly]?", "How many [parameters|weights|layers|numbers] [do you have|are in you|have you got]?",
        "Are you [big|small|large|tiny|little|huge|heavy|very small|very big|really small]?",
        "Are you a [big|small|large|tiny|little|huge|very small|very large] [model|language model|program|machine]?",
        "[What is|What's] your size?", _ASK + " [your size|how big you are|how large you are|how small you are|how many parameters you have]",
        "Why are you so [small|little|tiny]?", "[What|Which] size [are you|do you have|is this model]?"),
    "smart": combinations(
        "Are you [smart|clever|intelligent|wise|stupid|good|perfect|honest|reliable|always right|ever wrong|often wrong]?",
        "How [smart|clever|intelligent|good|reliable|wise] are you?", "Do you know [everything|a lot|much|all things|all answers|many things]?",
        "Can [I|we|one] [trust|believe|rely on] you[|r answers]?", "Do you [ever|sometimes|often|] [make mistakes|make errors|lie|get things wrong]?",
        "Are your answers [right|true|correct|good|always right|always true]?", "Can you [be wrong|make mistakes|lie|get things wrong|fail]?",
        "Are you as [good|smart|clever] as [a large model|a human|a big model|a teacher|other models]?",
        "Is [everything|all|that|what] you say [true|right|correct]?"),
    "where": combinations(
        "Where [do you live|are you|is your home|do you run|are you from now|can I find you|are you now|do you stay|do you work]"
        "[|, please]?",
        _ASK + " where you [live|are|run|work|stay]", "[Do you have|Have you got] a [home|house|place to live|room]?",
        "[Do you need|Do you use|Do you have|Are you on|Are you connected to] the [internet|web|network|net]?",
        "[Are you|Do you work|Do you run] [online|offline|in the cloud|on a server|on my computer|on this machine]?",
        "[What|Which place] do you live in?", "Do you [live|run|work] [here|in a computer|inside a computer|in the computer|far away]?"),
    "english": combinations(
        "[Do|Can] you [speak|understand|write|read|know|talk|write in|talk in] [French|German|Spanish|Italian|Chinese|Latin|Russian|"
        "Japanese|Polish|English|Greek|Turkish|Dutch|Arabic|Hindi|Danish|Swedish|Korean|Portuguese]?",
        "[Which|What|How many] [languages|other languages] [do you speak|do you know|can you speak|do you understand|can you write]?",
        "[Which|What] language [is this|do you speak|are we speaking]?", "[Do|Can] you [speak|know] [other|more|many|two|all] languages?"),
    "why": combinations(
        "Why [do you exist|were you made|are you here|did they make you|were you built|were you created|are you in quire|were you trained]?",
        "What is [your purpose|your job|your task|your goal|the point of you|your aim|your work|the use of you|your mission|the reason for you]?",
        "What [are|were] you [made|built|created|meant|trained] for?",
        "[Are you|Is this|Are you just|Is this just] [a demonstration|a demo|a test|an example|a toy|a sample]?",
        _ASK + " [why you exist|why you were made|your purpose|what your job is|what you are for]"),
}

THANKS = combinations(
    "[|Okay, |Great, |Cool, |Oh, |Good, |Very good, ][thank you|thanks|thanks a lot|many thanks|thank you very much|thank you so much|"
    "thanks so much|thank you kindly][| for your help| for the story| for the answer| for the list| for that| for this| for "
    "everything| for helping me| again| my friend| quire][!|.]",
    "[That was|That is|This was] [very |really |so |][helpful|kind|nice], [thank you|thanks][!|.]",
    "[I thank you|I am thankful|I am grateful|You helped me|You helped me a lot|You were a great help][!|.]")
GOODBYES = combinations(
    "[|Okay, |So, |Well, |Thank you and |Now, ][goodbye|bye|bye bye|good night|farewell|take care|see you|see you later|see you soon|"
    "see you tomorrow|until next time|until tomorrow|sleep well|so long][|, quire|, my friend|, little model|, friend|, computer][!|.]",
    "[I|Now I|Sorry, I] [have to go|must go|am going|am leaving|need to go|will go|am off|have to leave|must leave][| now| to bed| home| to school"
    "][.|!]",
    "[Have|I wish you] a [nice|good|lovely|great] [day|evening|night|time][!|.]",
    "That is [all|all for today|all for now|everything|enough for today][.|!]", "[It is time|It's time|Time] [to go|to leave|for bed|to sleep|to say goodbye][.|!]")
COMPLIMENTS = combinations(
    "[You are|You're] [|so |very |really |quite ][great|good|nice|funny|clever|smart|kind|wonderful|lovely|helpful|amazing|cute|sweet|fantastic][!|.]",
    "[That was|This was|That is] [|so |very |really |][great|good|nice|funny|lovely|wonderful|right|clever|beautiful|perfect|fun|amazing][!|.]",
    "[What a|That was a|This is a|Such a] [lovely|nice|good|great|funny|wonderful|beautiful] [story|answer|list|idea|poem|tale][!|.]",
    "[Great|Very good|Well done|Good job|Nice|Wonderful|Perfect|Good answer|Good work|Nice work|Great job|Bravo|Excellent|Fantastic|Lovely][!|.]",
    "I [like|love|really like] [you|your stories|your story|your answer|your answers|this story|that|this|talking to you][!|.]",
    "[You did|You do] that [well|very well|right|so well][!|.]", "You are [my friend|the best|a good model|a great help|my favourite model][!|.]")
CRITICS = combinations(
    "[You are|You're] [|so |very |really |quite |][wrong|stupid|bad|dumb|silly|boring|useless|terrible|not good|not right][!|.]",
    "[That is|This is|That was|That's|It is|No, that is] [wrong|not right|not true|bad|nonsense|boring|terrible|not good|a mistake|false|silly|"
    "not correct|a bad answer|a bad story|not what I asked|not what I wanted][!|.]",
    "[I do not|I don't] [like|understand|believe|love] [you|that|this|it|your story|your answer|what you say][!|.]",
    "[That|This|It] [makes|made] no sense[!|.]", "You [made a mistake|do not understand me|do not understand|know nothing|did not answer|got it wrong|"
    "cannot count|forgot something|are lying][!|.]", "[Wrong|No, wrong|Nonsense|Bad answer|Try again][!|.]")
SAD = combinations(
    "[I am|I'm|I feel|I am feeling] [|so |very |really |a bit |][sad|unhappy|lonely|bad|down|alone|worried|afraid|scared|hurt|upset|sorry]"
    "[| today| now| tonight][.|]",
    "[I had|Today was|It was|This was] a [bad|sad|hard|terrible|long and bad] day[.|!]",
    "I [lost|miss|broke] my [cat|dog|friend|toy|doll|ball|book|mother|home|bike|rabbit|keys][.|!]",
    "[My|My best] [friend|brother|sister|teacher] is [angry with me|mad at me|gone|ill|not my friend any more|sad][.|!]",
    "[Nobody|No one] [likes me|plays with me|talks to me|loves me|helps me|understands me][.|!]", "I am [crying|not happy|not well|in a bad mood][.|]")
GLAD = combinations(
    "[I am|I'm|I feel|I am feeling] [|so |very |really |][happy|glad|great|good|fine|excited|proud|cheerful|well|wonderful]"
    "[| today| now| tonight][.|!]",
    "[I had|Today was|It was|This was] a [good|great|happy|lovely|wonderful|fun] day[.|!]", "Today is my [birthday|lucky day|best day|first day of school][.|!]",
    "[I|We] won [the race|the game|a prize|a medal|the match][.|!]", "I [have|got|found|made] a [new friend|puppy|kitten|present|new bike|new toy|new book][.|!]",
    "[Life is|The day is|Everything is|The world is] [good|beautiful|wonderful|great][.|!]", "[It is|What] a [beautiful|lovely|wonderful|sunny] day[.|!]",
    "I am in a [good|great] mood[.|!]")
TIRED = combinations(
    "[I am|I'm|I feel] [|so |very |really |a bit |][tired|sleepy|worn out|exhausted][| today| now| tonight][.|!]",
    "I [cannot|can not|could not|did not|want to|need to|must] sleep[| well| now| last night| tonight][.|!]", "I need [a break|a rest|some sleep|some rest|a nap][.|!]",
    "I [worked|played|walked|ran|learned] all [day|night|week|morning][.|!]", "I [got up|woke up] [too|so|very] early[.|!]")
BORED = combinations(
    "[I am|I'm|I feel|We are] [|so |very |really |a bit |][bored|bored to death][| today| now][.|!]",
    "[I have|There is|We have] nothing to [do|play|read][| today| here][.|!]", "[This day|Today|My day|The evening] is [so |very |really |][boring|dull][.|!]",
    "What [should|can|could|shall] [I|we] do[| now| today]?", "[Please entertain|Entertain|Amuse] [me|us][.|!]", "It is raining and I am [so |very |][bored|alone at home][.|!]")
HUNGRY = combinations(
    "[I am|I'm|I feel|We are] [|so |very |really |a bit |][hungry|thirsty|starving][| today| now][.|!]",
    "I [want|need|would like] something to [eat|drink][| now][.|!]", "I have not [eaten|eaten anything|had lunch|had breakfast|had dinner][| today| yet][.|!]",
    "I could eat a [horse|whole cake|cow|mountain of food][.|!]", "My [tummy|stomach] is [empty|rumbling][.|!]", "[When is|Is it time for] [lunch|dinner|breakfast|supper]?")
CHATTING = {"thanks": THANKS, "goodbye": GOODBYES, "compliment": COMPLIMENTS, "critic": CRITICS, "sad": SAD, "glad": GLAD,
            "tired": TIRED, "bored": BORED, "hungry": HUNGRY}
