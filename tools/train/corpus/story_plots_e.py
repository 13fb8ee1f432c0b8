"""Plots about great wishes, dreams and pictures: a thing that can only be seen or imagined will do."""

from .story_plot import Plot

PLOTS = (
    Plot("drawing", thing="wonder ride music", place="town indoor", hero="child animal role",
         themes="a picture of {att}|drawing|painting a picture",
         asks="draws {att}|paints a picture of {att}|wants to draw {att}", text="""
{OPEN} who loved to draw.
{OPEN}. {he} drew on everything: on paper, in the sand and on old boxes.
{h} was {akid} who always had a pencil behind {his} ear.

{ONEDAY}, {h} wanted to draw {att}. {he} sat down {at} and began.
{ONEDAY}, there was a painting contest {at}. "I will draw {att}," said {h}.
{ONEDAY}, {h} went to {p} with paper and paint. "Today I will paint {att}," {he} said.

But the {t} on the paper looked like a [potato|big shoe].
{he} worked very hard, but in the end it looked like an old sock.
The first line was crooked, and the second line was even worse.

{his} friend {fn} came along and laughed. "What is that? A wet dog?" asked {f}.
"Is that a cloud?" asked {his} friend {fn}. {h} turned red.
{his} friend {fn} looked at it and said, "That does not look like {att}."

? "I cannot draw!" cried {h} and threw the paper away.
{h} tore the picture in two and put {his} pencil down.
{h} was so sad that {he} did not want to draw any more.

---

((
But {f} picked it up again. "I am sorry. I did not want to hurt you," {fhe} said.
{f} saw {his} sad face and was sorry. "I should not have said that," said {f}.

"Close your eyes and think of {att}," said {f}. "How big is it? How does it make you feel?"
"Do not draw what others see. Draw what you see," said {f}.

{h} closed {his} eyes. Now {he} saw it clearly. So {he} began again.
{h} thought for a while. Then {he} took a new sheet and started once more.
||
Just then an old painter walked by. She picked up the picture and looked at it for a long time.
A woman with a big hat stopped. She was a real painter.

"I made a hundred bad pictures before I made a good one," she said.
"That is a good start," she said. "Now look again, and take your time."

So {h} tried it again, and then again.
{h} took a fresh sheet of paper. This time {he} did not hurry.
))

? {he} took the brightest colours, and {he} did not care about crooked lines.
{h} painted all day and forgot to eat.
{h} used blue and gold and a little bit of red.

At last it was done. The {t} was so lively that it almost seemed to move.
When {he} put down the brush, there was the most wonderful {t} that anyone had ever seen.
In the evening it was ready. What a {t} it was!

? "It is beautiful!" said {f}. "May I hang it on my wall?"
{f} was quiet for a moment. "I can almost hear it," {fhe} said.
Everyone came to look at it, and {f} was the first to clap.

From then on, {h} drew a picture every day, and each one was a little better.
{h} smiled. A mistake was only the first step to something good.
{h} gave the picture to {f}, and they were both proud of it.
"""),
    Plot("dream", thing="wonder", hero="child animal role",
         themes="a dream|a strange dream|a dream about {att}",
         asks="dreams of {att}|has a dream about {att}", text="""
{OPEN} who often looked out of the window and dreamed.
{OPEN}. {he} wanted to see the whole world.
{h} was {akid} who loved stories.

One night, {h} could not sleep. {he} lay in bed and looked at the stars.
One evening, {h} read a book about {att} until {his} eyes closed.
One night, {h} went to bed early, because {he} was very tired.

Suddenly there was a bright light in front of the window. It was {att}!
Soon {he} heard music from outside. {he} opened the window, and there was {att}!
All at once the wall of the room was gone, and {he} stood before {att}.

"Come with me," said a soft voice. It was {fintro}.
Next to it stood {fintro}. "I have been waiting for you," said {f}.
From behind it came {fintro}. "Would you like an adventure?" asked {f}.

---

? {h} was a little afraid, but {he} was also curious. So {he} took {f} by the hand.
"Yes, I would!" said {h}, and off they went.
{h} nodded, and in the next moment they were flying through the air.

((
? They flew over mountains and seas, and below them the houses were as small as nuts.
They saw a land where the trees were blue and the rivers were made of milk.

"Look," said {f}, "there is the land of lost toys." {h} saw a thousand of them, and they were all dancing.
"This is the place where the wind sleeps," {f} whispered. They had to be very quiet.

? {h} laughed and sang, and {he} was not tired at all.
{h} had never been so happy in {his} life.
||
But then a dark cloud came and wanted to swallow them.
But suddenly the {t} began to shake, and they could not go on.

"Only a brave song can help us," said {f}. So {h} sang as loud as {he} could.
"Think of something good!" called {f}. {h} thought of warm bread, of summer and of {his} bed at home.

Then the danger was over, and the sky was full of silver stars.
And see, it helped! Everything was bright and calm again.
))

"Now I must bring you home," said {f}. "The sun will soon be up."
At last {f} said, "It is time to go back."
Far away a rooster crowed. "The night is over," said {f} with a smile.

{h} opened {his} eyes and was back in {his} bed. Was it all only a dream?
Then {h} woke up. The sun was shining, and there was no {t} to be seen.

? But in {his} hand {he} found a small silver star.
But there was a little gold dust on {his} pillow. {h} smiled.
But on the floor lay a feather as blue as the sky.

{h} told everyone about it at breakfast, and {he} could not wait for the next night.
{he} drew a picture of the {t} and hung it over {his} bed.
From then on, {h} always went to bed with joy. Who knows where a dream may take you?
"""),
    Plot("model", thing="wonder", place="indoor", hero="child animal role",
         themes="making {att} out of boxes|a rainy day|imagination",
         asks="makes {att} out of boxes|plays with {att} made of paper|builds {att} out of old boxes", text="""
It was a rainy day. {h}, {akid}, sat {at} with {his} friend {fn} and was bored.
It had been raining for three days. {h}, {akid}, and {his} friend {fn} sat {at} and did not know what to do.
{OPEN}. On a grey and rainy day, {he} was {at} with {his} friend {fn}.

"I wish I had {att}," said {h}.
"If only we had {att}!" {h} said with a sigh.
"Do you know what I would like to see? {att}!" said {h}.

"Then let us make one!" said {f}.
{f} looked around and saw some old boxes. "We can make one," {fhe} said.
{f} laughed. "We have boxes, string and paint. What more do we need?"

---

So they cut and glued and painted.
{h} cut the boxes, and {f} painted them.
They took the biggest box for the middle and small ones for the rest.

But then {f} made a hole in the wrong place, and {h} was angry.
But the glue did not hold, and one side fell off.
Then somebody opened the door, and the wind blew it all down.

((
"Now it is ruined," said {h}.
"It was a stupid idea," said {h} and sat down in a corner.

"No," said {f}, "now it looks even more real."
"Wait," said {f}. "We can tie it with string. Then it will be even stronger."

{h} looked at it again and had to smile. {f} was right.
So they went on, and soon {h} was laughing again.
||
"We need help," said {h}. So they called {gn}, who was good at such things.
"{g} will know what to do," said {h}. So they asked {gn} to help them.

{g} brought a roll of tape and a box of silver paper.
{g} looked at everything and nodded. "Hold it here, and I will tie it there," {ghe} said.

With three it went much better.
Now there were three of them, and it was even more fun.
))

At last it was finished. It was a real {t}, or almost!
After two hours, they had the finest {t} in the whole town.
In the end it stood there in all colours. "What a {t}!" said {f}.

? They got in and pretended to travel to the end of the world.
They played that it was real. The floor was the sea, and the table was an island.
They walked around it and told each other stories about it.

When it was time for dinner, the rain was over, but nobody had noticed.
"I hope that it rains tomorrow, too," said {h}.
{h} learned that you do not need much to have fun, only a friend and an idea.
"""),
    Plot("see_wonder", thing="=rainbow,star,volcano,waterfall,ship,train,hot-air balloon,lighthouse,windmill,spaceship,plane,submarine,rocket",
         hero="child animal", themes="a big wish|a trip|seeing {att}",
         asks="wants to see {att}|goes on a trip to see {att}|sees {att} for the first time", text="""
{OPEN} who had never seen {att}.
{OPEN}. {he} had one great wish: {he} wanted to see {att}.
{h} was {akid}. {he} knew {att} only from books.

"What does {att} look like?" {he} asked everyone.
Every night, {h} looked at a picture of {att} and dreamed.
"Some day I will see {att} with my own eyes," {he} often said.

{ONEDAY}, {his} grandfather said, "Put on your shoes. We are going on a trip."
{ONEDAY}, {his} uncle came with a little wagon. "Come with me," he said. "I know where to find one."
{ONEDAY}, {his} mother packed a basket. "Today your wish will come true," she said.

---

They travelled for a long time, up the hills and down the hills.
The way was long, and {h} asked a hundred times, "Are we there yet?"
First they went through a dark forest, and then along a wide river.

? On the way they stopped and ate [bread and cheese|apples and nuts].

((
But when they arrived, there was only fog. Nothing could be seen.
But then thick clouds came, and they could see nothing at all.

"Did we come here for nothing?" asked {h}. {he} was close to tears.
{h} sat down on a stone. "This is the worst day of all," {he} said.

"Wait a little," was the answer. "The best things cannot be hurried."
"We will wait," was the answer. So they waited and told each other riddles.

Then, slowly, the fog opened like a curtain.
Suddenly a wind came up, and the sky was clear.
||
At the top of the last hill, {h} had to close {his} eyes.
"Now close your eyes and give me your hand," {he} heard.

{h} walked ten steps in the dark. {his} heart beat fast.
Step by step {he} walked, and {he} heard the wind and the birds.

"Now you can look!"
"Open your eyes!"
))

There it was, a real {t}! It was much more beautiful than in the books.
And there, right before {him}, was {att}!
{h} saw it and forgot to breathe. It was {att}, as bright as in {his} dreams.

? "Oh!" was all that {h} could say.
{h} stood there and looked and looked.
"It is even more wonderful than I thought," {h} whispered.

They stayed until the evening, and {h} did not get tired of looking.
? {he} drew a small picture of it so that {he} would never forget.

On the way home, {h} said, "I have a new wish. I want to come back!"
That night, {h} fell asleep with a smile. Some dreams come true.
The next day, {he} told {his} friends about it, and they listened with open mouths.
"""),
    Plot("wish", hero="child animal role", place="wild",
         themes="a wish|three wishes|a wise wish|being content",
         asks="gets one wish|makes a wish {at}|meets a fairy {at}", text="""
{OPEN} who was never content.
{OPEN}. {he} always wanted more than {he} had.
{h} was {akid} who had many wishes.

((
{ONEDAY}, {h} was {at} and heard a small voice. It was a fairy, and her wings were caught in a spider's web.
{ONEDAY}, {h} saw a little fairy {at}. A heavy stone lay on her dress, and she could not move.

{h} set her free very carefully.
Of course {h} helped her at once.

"Thank you," said the fairy. "For that, you have one wish."
"You have a good heart," said the fairy. "You may wish for one thing."
||
{ONEDAY}, {h} saw something shine {at}. It was a tiny golden fish in a puddle.
{ONEDAY}, {h} found a little white bird {at}. It was caught in a net.

{h} was sorry for the little creature and set it free.
{h} helped it carefully and let it go.

"Thank you," said a voice, and {h} could not believe it. "I can give you one wish."
Then it began to speak. "Because you were kind, I will give you one wish. Think well!"
))

---

? {h} thought and thought. Gold? A castle? A thousand cakes?
"I could wish for a mountain of sweets," {he} thought, "or for a big castle."
{h}'s head was full of ideas. {he} could not choose.

"May I think about it until tomorrow?" asked {h}.
"I need a little time," said {h} and walked home.

On the way {he} met {his} friend {fn}. {f} was crying, for {fhis} [grandmother|brother] was very ill.
But at home {he} found {his} friend {fn}. "Our well is dry," said {f}, "and we have no water."
On the road {he} saw {his} friend {fn}. {f}'s house had burned down in the night.

? {h} was quiet for a long time. All at once {his} own wishes seemed very small.
That night, {h} could not sleep. {he} thought of {f} and not of gold.

The next morning, {h} went back to {p}. "I know what I want," {he} said. "Please help {f}."
"I do not need a castle," {h} said the next day {at}. "My wish is that {f} can be happy again."

? "That is the best wish of all," said the voice, and there was a bright light.
A warm wind blew, and there was a sound like little bells.

When {h} came to {f}'s house, everything was well again, and {f} was laughing.
And so it was. When {h} came home, {f} ran up to {him} and danced for joy.

{h} never told anyone, but {he} was happier than any king.
From that day on, {h} was content with what {he} had.
"Did you wish for something?" asked {f}. {h} only smiled.
"""),
    Plot("magic_thing", thing="=hat,ring,key,bell,flute,drum,mirror,lamp,lantern,cape,bag,box,coin,feather,umbrella,shell,stone,cup,paintbrush,pencil,scarf,whistle,music box,broom,book",
         place="wild town", hero="child animal role",
         themes="a magic {t}|magic|using magic wisely",
         asks="finds a magic {t}|finds a magic {t} {at}|gets a magic {t}", text="""
{OPEN} who [really|always] believed in magic.
{OPEN}. {he} loved [stories|tales] about magic.
{h} was {akid} who thought that life was a little boring.

{ONEDAY}, {h} found an old {t} {at}. It was dusty, but it shone in a strange way.
{ONEDAY}, an old woman {at} gave {him} {act}. "Take good care of it," she said and was gone.
{ONEDAY}, {h} was {at} when {he} saw {act} in the grass. It was glowing!

{h} touched it three times, and suddenly a [cake|bunch of flowers] was there!
When {h} picked it up, everything around {him} began to dance.
As soon as {he} touched it, {his} feet left the ground. {he} was flying!

"It is magic!" {he} cried.
"A magic {t}!" whispered {h}. {he} could not believe it.
{h} laughed out loud. It was a magic {t}!

---

? First {h} used it only for fun. {he} made the cat blue and the trees pink.
{h} used the magic all day long. {he} had sweets for breakfast and did no work at all.
{he} ran to {his} friends and showed them what {he} could do with it.

((
But the more {he} used it, the weaker it became.
But after each trick the {t} was a little bit paler.

"I should use it for something good," {h} thought, "before the magic is gone."
{h} saw that there was only a little magic left in it.

Then {he} heard a cry. {his} friend {fn} had fallen into deep water!
Just then somebody came running. "{f} is lost in the fog!" the people cried. {f} was {h}'s best friend.

{h} did not think twice. {he} took the {t} and wished with all {his} heart.
"Please help {f}!" {h} cried and held the {t} up high.

There was a flash, and {f} stood before {him}, safe and sound.
A warm light shone, and a moment later {f} was there, safe and well.

Now the {t} was only an ordinary {t}. But {h} was not sad.
The magic was gone for ever, but {h} did not mind.

"A friend is the best magic there is," {he} said.
{h} kept it all {his} life, because it had saved {his} friend.
||
But soon {his} friend {fn} did not come to play any more. "You only think of your magic," {fhe} said.
But {his} friend {fn} shook {fhis} head. "I liked our old games better," {fhe} said.

? {h} sat there with all {his} sweets, and {he} was lonely.
At first {h} did not care, but by evening {he} felt very alone.

So {he} took the {t} back to {p} and put it under a tree.
{h} thought about it all night. In the morning, {he} gave the {t} to a poor old man who needed it more.

"Will you play with me?" {he} asked {f}. "I have no magic now, only a ball."
Then {he} ran to {f}. "I was silly. Can we play our old games?" {he} asked.

{f} smiled, and they played until dark. It was more fun than any magic.
"I would love to," said {f}. And {h} was happier than ever before.

Since that day, {h} has never been bored. {he} knows where the real magic is.
The {t} was never seen again, and {h} did not miss it.
))
"""),
)
