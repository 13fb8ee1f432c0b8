"""Plots about pets, games and kings. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("pet_trick", animal="=dog,cat,puppy,pony,kitten,parrot,goat,donkey,hamster,pig", pet=True, place="town wild", hero="child",
         themes="teaching {aa} a trick|patience|a child and {his} {a}",
         asks="teaches {his} {a} a trick|has {aa} and teaches it to dance", text="""
{OPEN} who had {aa}.
{OPEN}. {he} had {aa}, and the two were always together.
{h} was {akid} who loved {his} {a} very much.

{ONEDAY}, {h} heard of a show {at}. Everyone could show what their animals could do.
{ONEDAY}, {h} wanted to teach {his} {a} to dance, because there was a show {at}.

"You can learn to dance!" said {h}. But the {a} only [looked at {him}|yawned and lay down].
"Jump, please!" said {h}. But the {a} sat down and scratched its ear.
"Turn around!" said {h}. But the {a} did not understand a word.

{his} friend {fn} laughed. "That {a} will never learn it," said {f}.
"It is too [lazy|silly]," said {his} friend {fn}. "You are wasting your time."

---

But {h} did not give up. Every day {he} practised with the {a} for a little while.
{h} was not angry. {he} showed it again and again, and {he} spoke in a soft voice.

? When the {a} did something right, {h} gave it [a piece of apple|something good to eat].
{h} clapped {his} hands for every small step.

? At first it turned only halfway, and then it fell asleep.
? One day it danced three steps all by itself.

((
At last the great day came. {h} and the {a} stepped forward, and it was very quiet.
Then it was time for the show {at}. {h}'s heart beat fast.

{h} began to sing, and the {a} danced round and round! Everybody clapped.
{h} lifted one finger. The {a} jumped, turned around and made a bow.
||
On the day of the show, the {a} was afraid of so many people and hid behind {h}.
But when the show began {at}, the {a} stood still and did nothing at all.

{h} knelt down. "It is all right. I love you anyway," {he} whispered. Then the {a} lifted its head and began to dance.
So {h} began to dance {himself}. The {a} looked at {him} and danced, too, and everybody laughed and clapped.
))

"I was wrong," said {f}. "Can you teach me how you did it?"
{f} clapped the loudest. "That is the cleverest {a} in the world!" {fhe} said.

"You only need time and love," said {h}.
{h} hugged {his} {a}. "We did it together," {he} said.
That evening, the {a} got a very big dinner.
"""),
    Plot("pet_hero", animal="=dog,cat,pony,parrot,goose,horse,donkey,puppy,goat,rooster", pet=True, place="wild", hero="child",
         themes="a brave {a}|{aa} that is a hero|a child and {his} {a}",
         asks="is saved by {his} {a}|goes to {p} with {his} {a}", text="""
{OPEN} who had an old {a}.
{OPEN}. {he} and {his} {a} were the best of friends.
{h} was {akid}. {he} took care of {his} {a} every day.

Everyone said, "That {a} is no good. It only eats and sleeps."
The neighbours laughed at the {a}. "It is good for nothing," they said.

"It is my friend," said {h}, "and that is enough for me."
? But {h} did not listen to them.

{ONEDAY}, {h} and {his} {a} went for a walk {at}.
{ONEDAY}, {h} took the {a} along to {p}.

---

((
{h} climbed over some stones. Suddenly {he} slipped and hurt {his} foot. {he} could not walk.
Then {h} fell into a deep hole and could not get out.

"Help!" {he} called, but there was nobody to hear {him}.
It grew dark and cold, and {h} was afraid.

The {a} looked at {him} and then ran off. "Do not leave me alone!" cried {h}.
"Run home and get help!" said {h}. And the {a} ran as fast as it could.

The {a} ran all the way home and made so much noise that {h}'s father followed it.
It ran to the house and pulled at {h}'s father until he came along.

Soon there was a light. "There you are!" called {his} father and took {him} in his arms.
At last {h} heard {his} father's voice. Help had come!
||
Suddenly a thick fog came up, and {h} could not see the path.
{h} walked and walked, and then {he} did not know the way any more.

"We are lost," said {h} and sat down on a stone.
"What shall we do now?" asked {h} with a small voice.

But the {a} was not afraid. It pulled at {his} coat and went ahead.
Then the {a} lifted its head and made a sound, as if to say, "Follow me!"

{h} held on to it, and step by step they went through the fog.
{h} trusted {his} {a} and followed it closely.

After a long walk, they stood before their own door.
And soon {h} saw the warm lights of {his} home.
))

"You saved me," said {h} and put {his} arms around the {a}.
{h} kissed the {a} on the nose. "My brave friend!" {he} said.

From that day on, nobody laughed at the {a} any more.
"That {a} is a hero," said the neighbours, and they brought it [apples|a soft blanket].
"I always knew how good you are," said {h}, and the {a} closed its eyes happily.
"""),
    Plot("hide_and_seek", place="wild town indoor", hero="child animal role",
         themes="a game|hide and seek|playing together",
         asks="plays hide and seek|plays hide and seek {at}|hides {at}", text="""
{OPEN} who loved to play hide and seek.
{OPEN}. {his} favourite game was hide and seek.
{h} was {akid} who knew the best places to hide.

{ONEDAY}, {h} played {at} with {his} friend {fn}.
{ONEDAY}, {h} and {his} friend {fn} met {at} to play.

"You count, and I hide," said {h}. So {f} closed {fhis} eyes and counted to twenty.
{f} began to count, and {h} ran off to find a good place.

{h} found a [dark corner|big old box] and made {himself} very small.
There was a place that nobody knew. {h} crept in and did not make a sound.

"Ready or not, here I come!" called {f}.
{f} looked to the left and to the right, but {fhe} could not find {him}.

---

((
{h} waited and waited. It was warm and quiet, and soon {he} fell asleep.
It was so soft and dark in there that {h} closed {his} eyes. In a minute {he} was asleep.

{f} looked everywhere. "{h}, come out! The game is over!" {fhe} called.
When it grew late, {f} was worried. {fhe} called and called.

? Everybody came to help, and they searched every corner.
{f} asked all the others to help, and they looked for an hour.

Then they heard a funny noise. Somebody was snoring!
Then {f} heard something. It was a very loud snore.

There lay {h}, fast asleep. {f} laughed so loudly that {h} woke up.
{f} followed the sound and found {him}. "Good morning!" {fhe} laughed.

"Have I won?" asked {h}, and everyone laughed.
"Is it my turn to count now?" asked {h} and rubbed {his} eyes.
||
But when {h} wanted to come out, {he} was stuck!
After a while, {h} wanted to stretch {his} legs, but {he} could not move.

"Help! I cannot get out!" called {h}.
At first {he} was too proud to call. But then {he} shouted, "{f}, help me!"

{f} heard it and came at once. {fhe} pulled with all {fhis} might, but it was no use.
{f} ran to {him} and pulled, but {h} did not move.

"Breathe out and think of something funny," said {f}. {h} laughed, and plop, {he} was free.
Then {f} tickled {him}. {h} laughed so much that {he} came out by {himself}.

? They fell into the grass and laughed until they cried.
"That was the best place of all," said {h}, "but I will never use it again."
))

From then on, they only hid where they could get out again.
They played until dinner, and everyone had a turn to hide.
"You are a good friend," said {h}. "You always find me."
It does not matter who wins, as long as the game is fun.
"""),
    Plot("cannot_sleep", hero="child animal", thing="=blanket,pillow,teddy bear,doll,scarf,bag,coat,puppet",
         themes="going to sleep|not being able to sleep|the night",
         asks="cannot sleep|cannot sleep without {act}|looks for {act} at bedtime", text="""
{OPEN} who was not tired at all.
{OPEN}. It was late, but {he} could not sleep.
It was night. {h}, {akid}, lay in bed with open eyes.

{he} turned to the left and to the right, but sleep did not come.
{he} counted sheep, but the sheep jumped too fast.

"I am thirsty," {he} called, and {his} mother brought {him} some water.
"I am not tired," {h} told {his} father.

? Outside, the moon was shining through the trees.

Then {h} noticed that something was missing. "Where is my {ct}?" {he} asked.
"I cannot sleep without my {ct}," said {h}. It was nowhere to be seen.

---

They looked under the bed and behind the door, but it was not there.
They looked in the kitchen, and then they looked on the stairs.

((
Then {h} remembered. {he} had left the {t} in the garden!
"I know! It is still outside," cried {h}.

With a lamp they went out into the night. It was very quiet, and the air was cool.
Together they walked out into the dark garden. A thousand stars were shining.

There lay the {t}, and beside it sat a small hedgehog.
They found the {t} under the apple tree. An owl sat above it and looked down.

"It has watched over your {t}," they heard {h}'s mother say.
"Thank you, and good night," {h} said to the little animal.
||
Then they heard a soft sound. The cat was lying on the {t} and was fast asleep.
At last they found it. The cat had made its bed on the {t}!

"Shall we wake the cat?" asked {his} mother.
{his} mother wanted to take it away, but {h} shook {his} head.

"No, let it sleep," whispered {h}. "Tomorrow it will be my turn."
{h} lay down next to the cat. There was room for both of them.
))

Back in bed, {h} listened to the wind. Now {his} eyes were very heavy.
{his} mother sang a soft song, and {h} yawned.

"Good night, moon," said {h}, and in the next moment {he} was asleep.
A moment later, {h} was dreaming.
And then, at last, sleep came on soft feet.
"""),
    Plot("sad_king", hero="child animal", thing="=ball,doll,puppet,toy boat,toy train,toy car,drum,flute,trumpet,teddy bear,spinning top,yo-yo,"
         "tambourine,toy robot,kite", place="=castle,palace,town,city,tower,village,courtyard",
         themes="a sad king|making someone laugh|a king who cannot laugh",
         asks="makes a sad king laugh|goes to {p} to help a sad king|makes a king laugh with {act}", text="""
Long ago, there was a king who never laughed. {at}, everyone was sad because of it.
{at}, there lived a king who had everything, but he was always sad.

"Whoever makes me laugh shall have a bag of gold," said the king.
The king said, "If someone can make me laugh, I will give them whatever they want."

Many people [came and told jokes|danced and sang], but the king only sighed.
Clowns and dancers came, but the king did not smile.

Then {intro} heard of it. "I will try it, too," said {h}.
One day, {intro} came along. {h} had nothing but {act}.

? "What can such a little one do?" the people asked.
"Go home," said the guard. "You are too small." But {h} stayed.

---

{h} took {his} {ct} and went before the king.
With {his} {ct}, {h} stood before the great golden chair.

{his} knees were shaking. {he} stumbled, and the {t} flew through the air.
{h} bowed so low that {he} fell over, and the {t} rolled across the floor.

((
It landed right on the king's head, and his crown fell over his nose.
It hit a big cake, and the cream flew into the king's face.

? Nobody dared to breathe. "I am so sorry!" whispered {h}.
All the people were shocked, and {h} wanted to run away.

But then there was a strange sound. The king was laughing!
Then the king began to giggle, and then he laughed until his sides hurt.
||
The king bent down and picked it up. "I had {att} when I was small," he said slowly.
The king took it in his hands and looked at it for a long time.

"Would you like to play with me?" asked {h}.
"Has nobody ever played with you?" asked {h}. The king shook his head.

So they sat down on the floor and played, and soon the king was laughing like a child.
The king got down on his knees to play, and he laughed as he had never laughed before.
))

"You shall have the gold," said the king. "I would rather have a friend," said {h}.
{h} did not want any gold. "Just play with me on Sundays," {he} said.
The king gave {h} a bag of gold, and {h} shared it with the poor.

From that day on, the king laughed every day, and everyone was happy {at}.
And so the king and {h} became good friends.
"""),
)
