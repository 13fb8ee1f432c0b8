"""Plots about learning, making and growing things. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("learn_ride", place="town wild", thing="=bicycle,scooter,skateboard,sled", hero="child animal",
         themes="learning something new|not giving up|learning to ride {att}",
         asks="learns to ride {act}|learns to ride {act} {at}|falls off {act}", text="""
{OPEN} who had a new {ct} but could not ride it.
{OPEN}. {he} wanted to learn to ride {act}.
{h} was {akid}. For {his} birthday, {he} got {act}, but {he} did not know how to ride it.

{ONEDAY}, {h} took the {t} to {p}, where {his} friend {fn} was waiting.
{ONEDAY}, {h} went to {p} to try the {t}. {his} friend {fn} came, too.
{SUNNY}, {h} and {his} friend {fn} went to {p} with the {t}.

{he} got on and rode for a moment. Then, bump, {he} fell into the grass.
The first try was very short. The {t} [shook|wobbled], and {h} fell off.
{h} had just started when {he} lost {his} balance and landed on the ground.

? "Ouch!" cried {h}. "I will never learn this."
{h} looked at {his} dirty knees. "This is too hard for me," {he} said.
{he} was angry and pushed the {t} away. "I give up!" {he} shouted.

---

"I fell many times, too, when I learned it," said {f}.
{f} sat down beside {him}. "Nobody can do it the first time," {fhe} said.
"Do not look at the ground," said {f}. "Look far ahead."

So {h} tried again, and {f} ran along and held on tight.
{h} thought about it and stood up again. {f} held the {t} from behind.

{h} fell once more, and then once again, but every time {he} got a little farther.
They tried it ten times. Slowly {h} got better.
Again and again {h} fell, and again and again {he} stood up.

Then {h} felt the wind in {his} face. "Are you still holding me?" {he} asked. But {f} had let go long ago!
At last {h} went straight ahead and did not fall. "I can do it!" {he} called.
All at once it was easy. {h} rode on and on, and {f} cheered.

When {his} mother saw it that evening, she clapped her hands.
{h} laughed out loud. "It is like flying!" {he} cried.
{h} rode three times around {f} and sang a song.

"I am glad that I did not give up," said {h}.
From that day on, {h} rode the {t} everywhere.
The next day, {h} helped a smaller child who wanted to learn it, too. "Nobody can do it the first time," {he} said with a smile.
And {h} learned that you must sometimes fall before you can fly.
"""),
    Plot("seed", place="=garden,yard,field,park,farm,greenhouse,courtyard,meadow,hill,village,castle,orchard",
         themes="planting a seed|growing a flower|being patient|patience",
         asks="plants a seed|plants a seed {at}|waits for a flower to grow", text="""
{OPEN} who loved [flowers|green things].
{OPEN}. {he} could never wait for anything.
{h} was {akid} who liked to work outside.

{ONEDAY}, {h} found a [tiny|small brown] seed {at}.
{ONEDAY}, {his} friend {fn} gave {him} a small seed. "Plant it and take care of it," said {f}.
{ONEDAY}, an old woman gave {h} a seed. "There is something wonderful in it," she said.

{h} dug a hole {at}, put the seed in it and covered it with earth.
So {h} planted it {at} in a sunny spot.

? Every morning {he} gave it water and waited.
{he} watered it and sat down to see it grow.
Each day {h} came with a little can of water.

But after one week, there was nothing to see but brown earth.
The days went by, and nothing happened.
"Why does it not grow?" asked {h}. {he} wanted to see a flower right now.

---

{h} was sad. "Perhaps the seed is dead," {he} said to {his} friend {fn}.
{h} wanted to dig it up again, but {his} friend {fn} stopped {him}.
{h} told {his} friend {fn} about it. "I think it will never come up," {he} said.

"A seed needs time," said {f}. "Just keep on."
"It is working under the earth where you cannot see it," {f} said.
{f} shook {fhis} head. "Good things take a while. Wait a little longer," {fhe} said.

? So {h} waited. {he} gave it water when it was dry and kept the snails away.
So {h} went on with the work every day. Some days {he} sang to it, too.

((
Then, after a night of warm rain, there was a tiny green leaf!
One morning, something green came out of the earth. {h} shouted for joy.

The plant grew and grew. Soon it was taller than {h}.
Day by day it became taller, and then there was a bud.

In summer it opened, and it was the most beautiful flower of all.
And one day there was a great yellow flower, as bright as the sun.

? Everyone came to see it, and {h} was very proud.
Bees and butterflies came to visit it.
||
At last a little green tip broke through the ground. "It is alive!" cried {h}.
Then, in spring, two small leaves came out. {h} could not believe {his} eyes.

But it was not a flower at all. It was a little apple tree!
Year after year it grew, and it became a fine tree.

? When it had its first red apples, {h} gave half of them to {f}.
{h} and {f} sat in its shade and ate sweet apples.
))

"It was good to wait," said {h}.
{h} gathered the new seeds and gave one to each of {his} friends.
Now {h} knew that [the best things need time|patience is like water for a seed].
And whenever something took a long time, {h} thought of the little seed and smiled.
"""),
    Plot("build", place="wild town",
         thing="=kite,boat,raft,swing,tent,birdhouse,sandcastle,bench,ladder,wooden bridge,fort,scarecrow,wagon,"
         "go-cart,sled,toy boat,toy plane", hero="child animal role",
         themes="building {att}|working together|making something with a friend",
         asks="builds {att}|builds {att} {at}|makes {att} with a friend", text="""
{OPEN} who loved to [make|build] things.
{OPEN}. {he} had clever hands and many ideas.
{h} was {akid} who always had new ideas.

{ONEDAY}, {h} said to {his} friend {fn}, "Let us make {att}!"
{ONEDAY}, {h} had an idea. "I want to build {att}!" {he} told {his} friend {fn}.
{ONEDAY}, {h} and {his} friend {fn} had nothing to do. "Let us build {att}," said {h}.

They met {at} and collected everything they needed.
"Good idea! Let us do it {at}," answered {f}.
They went to {p} and looked for things that they could use.

? {h} wanted to do it quickly, but {f} wanted to think first.
"I will do it my way," said {h}. "No, my way is better," said {f}.
They began at once and did not make a plan.

After an hour it looked like {att}, but then it fell apart.
They worked hard, but it was crooked, and in the end it broke.
But it was not easy. When they were nearly done, everything fell down with a crash.

---

? {h} [kicked a stone|sat down on the ground]. "All that work for nothing!" {he} said.
"This will never be {att}," said {h} sadly.
First they both wanted to go home.

But {f} began to laugh. "We learned how not to do it," {fhe} said.
Then {f} said, "Let us try once more, but this time we make a plan together."
"Let us put your idea and my idea together," said {f}.

They drew a picture in the sand and gave each other tasks.
So they sat down and made a good plan. {h} did one half, and {f} did the other.
{h} held the parts, and {f} tied them together. It went much better.

? When one of them was tired, the other one went on.
They measured twice, and they helped each other.
? From time to time they stopped and ate some bread and apples.

When the sun went down, it was ready. It was the best {t} they had ever seen!
In the evening, there it was: a real {t}! It was strong and beautiful.
At last they stepped back and looked at it. What a fine {t} it was!

((
"I could not have done it alone," said {h}. "Nor could I," said {f}.
They painted it {colourword} and wrote both their names on it.
||
All the others came to see it and clapped.
An old man came by. "Did you make that {t} all by yourselves? Well done!" he said.
))

{h} and {f} were so happy that they danced around it.
From then on, they always made a plan first, and they made it together.
{h} learned that two heads are better than one.
They played with it until the stars came out.
"""),
    Plot("treasure_map", place="wild", thing="treasure", hero="child animal role",
         themes="a treasure map|a treasure|an adventure",
         asks="finds a treasure map|looks for a treasure|looks for a treasure {at}", text="""
{OPEN} who dreamed of adventures.
{OPEN}. {he} wanted to find a treasure.
{h} was {akid}, and {f} was {his} best friend. They both loved adventures.

{ONEDAY}, {h} found an old map in a [bottle|dusty book|box].
{ONEDAY}, a strange piece of paper fell out of an old book. It was a map!
{ONEDAY}, {h} was cleaning up when {he} found a yellow map under a loose board.

There was a red cross on it, and it was right {at}.
The map showed {p}, and in the middle of it was a red cross.

{h} ran to {his} friend {fn} at once. "Look at this! Will you come with me?" {he} asked.
{h} showed it to {his} friend {fn}. "A treasure!" cried {f}. "Let us go!"

---

They took a rope, a shovel and some bread, and off they went to {p}.
The next morning, the two set out for {p} with a shovel.

? "Take ten steps from the tall tree," {h} read. So they counted ten steps.
First they had to find a rock that looked like a [bear|chair]. It took them a long time.
The map said, "Follow the path to the twisted tree." They found it and went on.

((
Then they came to a hole in the ground. It was dark, and {h} was afraid.
They had to crawl through a narrow tunnel. "I am frightened," whispered {h}.

"I am here with you," said {f} and took {his} hand.
{f} lit a candle and went first. "Come, it is not so bad," {fhe} said.
||
But then the wind took the map and blew it into the water.
Suddenly it began to rain, and the writing on the map disappeared.

"Now all is lost!" cried {h}. But {f} had a good memory and knew the way.
"Never mind," said {f}. "I remember it. We must go left at the big stone."
||
))

At last they stood where the cross was, and they began to dig.
Then they came to the right spot. They dug and dug.

Clunk! The shovel hit something hard. It was an old chest!
Suddenly there was a hollow sound. In the sand lay a small wooden box.

With shaking hands they opened it. In it lay {act}!
Inside there was {act} that shone in the sun.
They lifted the lid. They saw {act} and a little note.

((
Next to it lay a letter. It said, "The real treasure is the friend who came with you."
"For the one who does not give up," was written on the lid.

? {h} looked at {f} and laughed. "That is true!" {he} said.
"Then it belongs to both of us," said {h}.
||
? "It is not big," said {f}, "but it is ours."
"We will share it," said {h}. "One week you have it, and one week I have it."
||
))

They took the {t} home, and they told everyone about their great adventure.
They put the {t} on a shelf, and whenever they saw it they remembered that day.
And the next day, they drew a new map and hid the {t} for someone else to find.
"""),
    Plot("cooking", place="", hero="child animal", thing="",
         food="cooked",
         themes="cooking|cooking with a grandmother|making {food}",
         asks="makes {food}|makes {food} with {his} grandmother|learns to make {food}", text="""
{OPEN} who loved {food}.
{OPEN}. {his} favourite food was {food}.
{h} was {akid} who liked to help in the kitchen.

{ONEDAY}, {h} wanted to make {food} with {his} grandmother.
{ONEDAY}, {h} visited {his} grandmother. "Today we will make {food}," she said.
{ONEDAY}, {his} grandmother said, "Will you help me to make {food}?" Of course {h} said yes.

? {h} put on a big apron and washed {his} hands.
First {he} got out a bowl and a big spoon.
They put everything they needed on the table.

But {h} was in too much of a hurry, and a cup fell down and broke.
{h} was so excited that {he} dropped the sugar, and it went everywhere!
Then {h} turned around too fast, and the flour fell all over the floor.

---

"Oh no, I have spoiled it all!" cried {h}.
{h} looked at the mess and wanted to cry.
{h} was ashamed. "I am not a good cook," {he} said.

{his} grandmother laughed, and it was a kind laugh. "That happens to every cook," she said.
"Do you know how often that has happened to me?" asked {his} grandmother and smiled.
But {his} grandmother only gave {him} a broom. "We clean up, and then we start again," she said.

So they began once more. This time {h} read every step twice.
{he} tried again, slowly and carefully. {h} stirred and {his} grandmother sang.
Step by step they did it together. {h} was allowed to stir.

? From time to time {he} tasted a little bit with the tip of a spoon.
? The cat sat on a chair and watched everything.

After a while, there was a wonderful smell in the whole house.
Soon the {food} {was} ready, and the house smelled good.
When the {food} {was} done at last, the table was set with flowers.

They called {his} friend {fn}, and they all sat down to eat.
{his} friend {fn} smelled it and knocked at the door. "Can I have a little bit?" {fhe} asked.

"This is the best {food} that I ever had!" said {f}.
{f} asked for more, and then for more again.
Nobody spoke, because everyone was eating. Then {f} said, "May I come again tomorrow?"

{h} was very proud. {he} knew that the secret was time and love.
"The secret is to try again," said {h}, and {his} grandmother nodded.
Since that day, {h} and {his} grandmother have cooked together every Sunday.
"""),
    Plot("music", thing="music", place="town indoor", hero="child animal role",
         themes="music|learning to play {att}|practising",
         asks="learns to play {act}|wants to play {act}|plays {act} {at}", text="""
{OPEN} who loved music.
{OPEN}. {he} wanted to play {att}.
{h} was {akid} who heard music everywhere, even in the rain.

{ONEDAY}, {h} found an old {ct} in a box. It was dusty, but it worked.
{ONEDAY}, {h} got {act} as a gift from an old neighbour.
{ONEDAY}, {h} heard somebody play {att} {at}. "I want to do that, too," {he} said and got an old {ct}.

{he} tried to play at once, but it sounded [terrible|like an angry cat].
The first sound was so bad that the birds flew away.
But when {he} played, everyone covered their ears.

"Please stop!" said {his} friend {fn}.
{his} friend {fn} laughed. "That hurts my ears!" {fhe} said.
Even {his} friend {fn} ran away. {h} felt very sad.

---

But {h} did not give up. Every day {he} went to a quiet place and practised.
"I will learn it," {h} said to {himself}, and {he} practised every evening.
{h} met an old musician who showed {him} how to do it. "Play slowly, and listen," he said.

At first {he} learned one note, then two, then a little song.
Week after week, it sounded a little better.
? Some days it was hard, and {he} wanted to stop. But {he} went on.

Then there was a big party {at}, but the musician was ill!
When summer came, there was a feast {at}. But nobody had thought of music.

? "What shall we do without music?" asked {f}.
Everyone was sad. "No music, no dancing," said {f}.

{h} stepped forward. "I can play," {he} said in a small voice.
Then {h} took the {t} in {his} arms. {his} knees were shaking.

{he} began to play, and it became very quiet.
{h} closed {his} eyes and played the little song that {he} knew so well.

((
It was so beautiful that [nobody moved|some people had tears in their eyes].
Then all began to clap and dance.

"Is that really you?" asked {f}. "That was wonderful! I am sorry that I laughed."
{f} clapped the loudest of all. "You are a true musician," {fhe} said.
||
One by one they began to dance, and the old and the young danced together.
First one foot tapped, then another. Soon everybody was dancing.

{f} danced, too. "Play it again!" {fhe} called.
"One more song!" they all shouted, and {f} shouted the loudest.
))

{h} played until the moon was high in the sky.
That was the happiest day of {h}'s life.
{h} smiled. All the practice had been worth it.
From then on, there was no feast without {h} and the {t}.
"""),
)
