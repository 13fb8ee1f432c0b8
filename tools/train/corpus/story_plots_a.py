"""Plots about things that are lost, found, shared and mended. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("lost_thing", place="wild town", thing="toy small",
         themes="a lost {t}|something that is lost and found|not giving up",
         asks="loses {act}|loses {act} {at}|looks for {act}", text="""
{OPEN} who had {act}.
{OPEN}. {he} had {act} and took it everywhere.
{h} was {akid} who [loved|liked] {his} {ct} more than anything.

{ONEDAY}, {h} [went|walked] to {p} with {his} friend {fn}, but on the way home the {t} was gone.
{ONEDAY}, {h} played {at} with {his} friend {fn}. When it was time to go home, the {t} was gone.
{ONEDAY}, {h} and {his} friend {fn} went to {p}. They ran and laughed so much that {h} forgot the {t}.

"Oh no! Where is my {t}?" [cried|asked] {h}.
"My {t} is lost!" {h} said [sadly|with tears in {his} eyes].
{h} looked in {his} bag, but the {t} was not there. {he} [began to cry|felt very sad].

"Do not worry," said {f}. "We will [look for|find] it together."
"Let us go back and look," {f} said [kindly|softly].
{f} [took a deep breath|thought for a moment]. "Where did you see it last?" {fhe} asked.

---

First they looked under [a bench|a bush|an old log], but they found only [leaves|dust|a snail].
They looked behind the big stones, but nothing was there.
They walked [slowly along the path|back step by step] and looked left and right.

? Then they [asked|met] an old man, but he had not seen the {t}.
Then it began to get dark, and {h} wanted to give up. "Just one more place," said {f}.
They were tired now, but they did not give up.

((
At last {f} saw something {at}. It was the {t}, [half hidden in the grass|under some leaves|next to a small bush]!
Suddenly {h} saw something [shine|move] under a leaf. There was the {t}!
Then {f} pointed to a small bush. "Look there!" {fhe} called. It was the {t}!
||
Just then they heard a small sound. A [squirrel|little bird|puppy|mouse] was sitting [on a stone|under a tree], and next to it lay the {t}!
A [crow|magpie|little dog] came by and carried something. It was the {t}! It [put the {t} down|dropped the {t}] right in front of them.
))

{h} [picked it up|held it tight] and [smiled|laughed] with joy. "Thank you, {f}!" {he} said.
{h} hugged {his} friend. "I could not have found it without you," {he} said.
{h} jumped for joy and thanked {f} [again and again|with a big hug].

From that day on, {h} took good care of the {t}.
After that, {h} always looked after {his} things, and {he} never forgot how {his} friend had helped.
They walked home together, and {h} did not let go of the {t} once.
"Two pairs of eyes see more than one," said {f}, and they both laughed.
"""),
    Plot("found_owner", place="wild town indoor", thing="small",
         themes="being honest|{att} that belongs to someone else|doing the right thing",
         asks="finds {act}|finds {act} {at}|finds {act} and gives it back", text="""
{OPEN} who liked to [explore|walk and look around].
{OPEN}. {he} always kept {his} eyes open.
{h} was {akid} who loved to find things.

{ONEDAY}, {h} found {act} {at}. It was [almost new|very fine], and nobody was near.
{ONEDAY}, {h} was {at} when {he} saw something on the ground. It was {act}!
{ONEDAY}, {h} went to {p}. There, {he} [found|saw] {act} lying on the ground.

"[What a fine|How nice! What a good] {t}," {h} said. "Can I keep it?"
{h} [wanted|wished] to keep it, for {he} had never had such a fine {t}.
{h} [put it in {his} bag|picked it up] and began to walk home with it. {he} felt very lucky.

But then {h} had another thought. "Somebody must miss this {t}," {he} said.
But soon {h} [stopped|stood still]. What if somebody was looking for it?
Then {he} [thought about|remembered] the day when {he} had lost something. It had been a sad day.

---

So {h} [asked|went to] everyone {he} met. "Is this your {t}?" {he} asked [politely|again and again].
So {h} went from door to door and asked who had lost {att}.
{h} asked a [baker|farmer] and a [nurse|painter], but they both shook their heads.

At last {he} saw {fintro} who was crying. "I lost my {t}," said {f}.
Then {he} met {fintro}. {f} looked [sad|very unhappy] and was searching for something on the ground.
Near an old tree sat {fintro}. "I have lost my {t}, and it was a gift from my grandmother," {f} said with a sigh.

"Here it is!" said {h} and held out the {t}.
{h} smiled and gave the {t} to {f}. "I think this is yours," {he} said.
{h} opened {his} bag and took out the {t}. "Is it this one?" {he} asked.

{f}'s face lit up. "You are so kind! Thank you!" {fhe} cried.
{f} jumped for joy. "You found it! How can I thank you?" {fhe} asked.
{f} wiped {fhis} eyes and began to laugh. "That is it! You are very honest," {fhe} said.

{f} asked {h} to stay and play, and soon they were [good|best] friends.
From that day on, the two were friends and often met {at}.
{h} did not have the {t} now, but {he} had something better: a new friend.
{h} walked home and felt warm inside. It is good to be honest.
"""),
    Plot("share_toy", place="wild town indoor", thing="toy ride",
         themes="sharing|learning to share|two friends and {att}",
         asks="learns to share {act}|does not want to share {act}|has a new {ct}", text="""
{OPEN} who had a new {ct}.
{OPEN}. {he} had just got a new {ct}.
{h} was {akid}. On {his} birthday, {he} had got a new {ct}.

{ONEDAY}, {h} took the {t} [with {him}|along] and went to {p}. There {he} met {his} friend {fn}.
{ONEDAY}, {h} was playing with it {at} when {his} friend {fn} came by.
{ONEDAY}, {his} friend {fn} came to {p}, where {h} was playing with the {t}.

"What a [nice|great|lovely] {t}! May I play with it, too?" asked {f}.
"Can I have a turn with your {t}?" {f} asked.
{f} looked at the {t} with big eyes. "May I try it, please?" {fhe} asked.

"No, it is mine!" said {h} and [turned away|held it tight].
{h} shook {his} head. "You will break it," {he} said.
"No! I want to play with it alone," {h} answered.

{f} did not say a word. {fhe} [sat down under a tree|walked away slowly] and looked sad.
{f} felt hurt and went to play alone.
{f} was sad and went away with {fhis} head down.

---

At first {h} was glad to have the {t} for {himself}. But soon {he} [was bored|felt lonely].
{h} played for a while, but it was no fun without a friend.
Now {h} had the {t}, but nobody to laugh with. It was very quiet.

? {h} remembered how {f} had always shared {fhis} [apples|cookies|books] with {him}.
{h} thought about it. "I was not nice to {f}," {he} said to {himself}.

So {h} [went|ran] to {f}. "I am sorry. Let us play together," {he} said.
Then {h} took the {t} and walked over to {f}. "You can have the first turn," {he} said.
At last {h} went to {f} and held out the {t}. "Please play with me. I was wrong," {he} said.

{f} smiled at once, and [they took turns all afternoon|the two played until the sun went down].
{f}'s eyes shone. "Thank you!" {fhe} said, and they took turns.
{f} was not angry any more. {fhe} showed {h} a new game, and they laughed [a lot|all day].

{h} learned that [a toy is more fun when you share it|sharing makes everything better].
"It is much more fun with two," said {h}.
Since that day, {h} has always shared with {his} friends.
That evening, {h} was happier than ever before. A good friend is worth more than any {t}.
"""),
    Plot("broken_toy", thing="=toy boat,toy train,toy car,toy plane,toy truck,toy robot,doll,puppet,kite,spinning top,music box,"
         "drum,flute,guitar,violin,rocking horse",
         themes="a broken {t}|mending a broken {t}|saying sorry",
         asks="breaks {act}|has a broken {t}|mends {act}", text="""
{OPEN} who had {act}. {he} played with it every day.
{OPEN}. {his} best thing in the world was {act}.
{h} was {akid} who had {act}. It was old, but {h} loved it.

{ONEDAY}, {h} was running too fast and fell. There was a loud crack, and the {t} was broken.
{ONEDAY}, {h} put the {t} on a chair. It fell down with a [crash|bang] and broke.
{ONEDAY}, {his} friend {fn} came to play. {f} dropped the {t}, and it broke in two.
{ONEDAY}, {h} stepped on it by mistake. Now the {t} was broken.

"Oh no, my poor {t}!" cried {h}.
{h} looked at the [pieces|two parts] and began to cry.
{h} sat on the floor and held the broken {t}. Big tears ran down {his} face.

? "Can we buy a new one?" {h} asked, but {his} mother shook her head.
{h} tried to put it together with string, but it fell apart again.
At first {h} wanted to throw it away, but {he} could not do it.

---

((
{his} grandfather came in and looked at it. "We can mend it," he said [with a smile|kindly].
Then {his} grandfather sat down next to {him}. "A broken thing is not a lost thing," he said.

They took glue, a small nail and some [thread|tape], and they worked with care.
{h} held the parts, and {his} grandfather put the glue on. They had to wait for a whole hour.

"You must be patient," said {his} grandfather. So {h} waited and [counted to one hundred|sang a song].
? {his} grandfather told {him} a funny story while the glue was drying.

At last it was ready, and the {t} was whole again. It even had a new coat of paint.
In the end, the {t} was almost as good as new. Only a thin line could be seen.

{h} hugged {his} grandfather and said, "Now I love it even more!"
"You can do magic!" laughed {h}. "No, it was only glue and time," said the old man.
||
Then {his} friend {fn} had an idea. "I know how to mend it," {fhe} said.
But {his} friend {fn} did not give up so fast. "Let us try to mend it," said {f}.

{f} brought some glue and a [brush|bit of wire]. Together they put the parts in the right place.
They worked all afternoon. {h} held the pieces, and {f} used the glue.

It was hard work, and twice it came apart. But the third time, it held.
? "Do not touch it yet. It must dry first," said {f}.

At last the {t} was whole again, and {h} danced around the room.
In the evening, the {t} was as good as new. {h} could not believe it.

"Thank you! You are a true friend," said {h}.
{h} gave {f} a big hug and let {fhim} play with it first.
))

From then on, {h} was more careful with the {t}.
The little line was still there, and {h} liked it, because it told a story.
After that day, {h} mended many things, and {he} always thought of that afternoon.
Now {h} knew that many broken things can be made whole again.
"""),
    Plot("stuck_in_tree", place="wild town", thing="=kite,ball,paper plane,toy plane,balloon,hat,scarf,cap",
         themes="{att} in a tall tree|working together|{att} that is stuck in a tree",
         asks="gets {act} stuck in a tree|loses {act} in a tall tree", text="""
{SUNNY}, {akid} named {h} went to {p} with {act}.
{OPEN}. {SUNNY}, {he} took {his} {ct} to {p}.
{OPEN} who had a new {ct}. {SUNNY}, {he} took it to {p}.

{his} friend {fn} came, too, and they [played|ran about] together.
There {he} met {his} friend {fn}, and they had a lot of fun.
{his} friend {fn} was there already. "Let us play!" {f} called.

Suddenly a strong wind [blew|came] and carried the {t} up into a tall tree.
All at once the wind took the {t}. It flew up, up, up, and got stuck in a tree.
Then a gust of wind came, and the {t} [landed|got stuck] high up in a tree.

"My {t}!" cried {h}. "It is much too high!"
{h} jumped as high as {he} could, but {he} could not reach it.
"How can we get it down?" asked {h}.

First {f} shook the tree, but [nothing happened|only some leaves fell down].
They threw little sticks at the branch, but they always missed.
{f} tried to climb up, but the tree was too smooth.

---

((
Then {f} stood still and thought. "Stand on my back," {fhe} said.
"I have an idea!" said {f}. "You can stand on my shoulders."

{h} climbed up carefully and stretched as far as {he} could. Now {he} could almost touch it.
Slowly {h} climbed onto {f}'s back. It was wobbly, and they both giggled.

One more little stretch, and {h} had the {t}!
{h} reached up and pulled, and down came the {t}.
||
Just then a [little bird|squirrel|crow] looked down at them from the branch.
In the tree sat a [friendly crow|small squirrel|white dove]. It looked at the two friends.

"Please, can you help us?" called {h}.
"Little friend, would you push it down?" {f} asked politely.

It hopped along the branch and gave the {t} a push. Down it came!
It pulled at the {t} again and again until it fell right into {f}'s arms.

? {h} gave the kind helper some [bread|nuts] to say thank you.
))

"We did it!" they [both shouted|cried] and danced around the tree.
{h} was so happy that {he} hugged {f}.
"Hurray!" called {f}, and {h} laughed with joy.

After that, they played [far away from the tree|in the open field] until evening.
From then on, they kept away from tall trees when the wind was strong.
{h} learned that a problem is only half as big when two friends work on it.
On the way home, {h} said, "Alone I would never have got it back."
"""),
    Plot("misunderstanding", place="wild town indoor", thing="small toy",
         themes="a misunderstanding|two friends who quarrel|saying sorry to a friend",
         asks="thinks that a friend took {act}|quarrels with a friend about {act}", text="""
{OPEN}. {his} best friend was {fn}.
{OPEN} who had a good friend. The friend was {fn}.
{h} and {f} were best friends. {h} was {akid}, and {f} was a [kind|merry] {fkid}.

{ONEDAY}, the two played {at}. {h} had brought {act}.
{ONEDAY}, {h} showed {f} {act} while they were {at}.
{ONEDAY}, they met {at}, and {h} had {act} with {him}.

When {h} came home, the {t} was [not in {his} bag|gone]. "{f} must have taken it!" {he} thought.
But in the evening, {h} could not find the {t}. "I am sure that {f} has it," {he} said [angrily|to {himself}].
Later {h} looked for the {t}, but it was not there. {he} remembered how much {f} had liked it.

The next day, {h} did not say hello. "You took my {t}!" {he} shouted.
The next morning, {h} was angry. "Give me back my {t}!" {he} said to {f}.
So {h} went to {f} the next day and said, "I know that you have my {t}."

? {f} was very surprised. "I did not take it," {fhe} said with tears in {fhis} eyes.
"I would never take your things," said {f} and went away sadly.
{f} did not know what to say. {fhe} turned around and walked home alone.

---

? For two days, the friends did not [talk|play] together. Both of them were [unhappy|sad].
The days were long and grey without a friend. {h} missed the games they used to play.
{h} played alone, and it was no fun at all.

((
Then {h} moved a big chair, and behind it was the {t}!
On Sunday, {h} looked under {his} bed. There, in the dust, was the {t}!
Then {h} looked behind the door, and what did {he} see? It was the {t}!
||
Then {h} went back to {p}. There, on the ground, was the {t}!
On Sunday, {h} walked to {p} once more. Under a bench, {he} saw the {t}!
))

? {h}'s face turned red. "{f} told the truth, and I was wrong," {he} said.
Now {h} felt terrible. {f} had never taken anything.
{h} felt ashamed. {he} had been so unfair to {his} friend.

{he} ran to {f}'s house as fast as {he} could. "I am so sorry! Please forgive me," {he} said.
{he} went to {f} at once. "I found the {t}. I should have believed you," said {h}.
{h} [took a flower|baked a small cake] and went to see {f}. "I was wrong, and I am very sorry," {he} said.

{f} [smiled|was quiet for a moment]. "Let us be friends again," {fhe} said.
"Everybody makes mistakes," said {f} and gave {h} a hug.
{f} was glad. "I missed you," {fhe} answered.

Since then, {h} has always asked first and looked twice.
From that day on, they trusted each other, and they never quarrelled about such a thing again.
{h} learned that it is wise to look well before you blame a friend.
"""),
    Plot("honest_broken", thing="=vase,cup,teapot,jar,mirror,clock,lamp,bottle,music box,globe",
         themes="telling the truth|a broken {t}|a mistake",
         asks="breaks {act} and tells the truth|breaks {act} by mistake", hero="child animal", text="""
{OPEN} who lived with {his} [mother|grandmother] in a small house.
{OPEN} who liked to run and jump. {he} [ran|jumped] everywhere, even inside the house.
{h} was {akid} who could never sit still.

On a table in the house stood {act}. It was [very old|a gift from an aunt].
In the house there was {act}. Everybody loved it.
By the window stood {act}, and {h}'s mother was very fond of it.

{ONEDAY}, {h} was playing with a ball indoors. The ball hit the {t}, and it broke.
{ONEDAY}, {h} ran around the table and bumped into it. Crash! The {t} was broken.
{ONEDAY}, {h} was chasing a fly. {he} did not look, and down fell the {t}.

? {h}'s heart beat fast. What would {his} mother say?
"Oh no," whispered {h}. "What have I done?"
{h} stood still and looked at the pieces. Nobody had seen it.

{he} hid the pieces [under the bed|in a box|behind a chair]. "Nobody will know," {he} thought.
First {he} pushed the pieces under the carpet.
{he} wanted to say that the cat had done it.

---

But at dinner {h} could not eat. {his} stomach felt [strange|heavy].
But all day long, {he} could not [play|think of anything else].
But in the evening {he} could not sleep. {he} turned left and right.

At last {h} went to {his} mother. "I broke the {t}," {he} said in a small voice. "I am sorry."
Then {h} could not wait any longer. "Mother, it was me. I broke the {t}," {he} said.
So {he} took a deep breath and told {his} mother everything.

{his} mother [was quiet for a moment|looked at {him}]. Then she smiled and took {him} in her arms.
{his} mother was sad about the {t}, but she was not angry.

"I am proud that you told me the truth," she said. "That is worth more than any {t}."
"Thank you for telling me. It takes courage to say such a thing," she said.
"Things can break, and that is all right," said {his} mother. "But it is good to be honest."

? Together they glued the pieces. The {t} was not as pretty as before, but it was whole.
The next day they mended the {t} together, and {h} held the parts very carefully.
{h} helped to clean up, and together they found a new place for the {t}.

{h} felt as light as a feather. That night, {he} slept very well.
After that, {h} never ran about in the house again.
From that day on, {h} always told the truth, even when it was hard.
"""),
    Plot("saved_coins", place="town", thing="toy music ride",
         themes="saving money|giving|a kind gift",
         asks="saves money for {act}|wants to buy {act}|buys {act}", hero="child animal", text="""
{OPEN} who wanted {act} very much.
{OPEN}. {he} had one big wish: {act}.
{h} was {akid}. In a shop window near {p}, {he} saw {act}, and {he} wanted it very much.

But the {t} cost ten coins, and {h} had only two.
It cost a lot of money, and {h} had only one small coin.
"Ten coins! That is too much for me now," said {h}, "but I can work for it."

So {h} [carried water for|helped] an old neighbour and [swept|cleaned] the yard.
So {he} picked apples for a farmer and fed the hens every morning.
{he} sold [lemonade|flowers] {at} every Saturday.

? Each coin went into a [little box|jar] under {his} bed.
Coin by coin, the little box grew heavy.
? It took a long time, but {h} did not give up.

After many weeks, {h} had enough money at last. {he} ran to {p} with the coins in {his} bag.
When the summer was over, {he} had ten coins. {h} [sang|whistled] on the way to {p}.

---

((
But on the way {he} met {fintro} who was crying. "I lost the money for my mother's medicine," said {f}.
Near the shop sat {fintro}. "We have no money for bread today," {f} said [quietly|sadly].

? {h} looked at the window and then at {f}. It was not easy.
{h} thought about the {t} for a long time. Then {he} made up {his} mind.

"Take this," said {h} and gave {f} the coins.
{h} put the money into {f}'s bag. "You need it more than I do," {he} said.

? {f} could not believe it. "I will never forget this," {fhe} said.
{f}'s eyes were full of thanks, and {fhe} hugged {him}.

The man in the shop had seen it all. The next day, he gave the {t} to {h}. "A good heart should have a gift," he said.
A week later, there was a box in front of {h}'s door. In it was the {t}, and a note said, "For a good friend."

{h} was so happy that {he} danced. And whenever {he} played with the {t}, {f} played, too.
From then on, {h} and {f} were friends, and they shared the {t}.
||
In front of the shop stood {fintro} and looked at the {t}, too. "I could never buy that," said {f}.
There {he} met {fintro}. {f} had seen the {t} in the window and dreamed of it every night.

{h} bought the {t} and walked out of the shop. It felt wonderful.
{h} put all the coins on the counter. "One {t}, please!" {he} said proudly.

But {f} still stood there alone. {h} stopped and went back.
Then {he} saw {f}'s sad face, and {he} had an idea.

"Come with me," said {h}. "We can play with it together."
"Would you like to have the first turn?" asked {h}.

? {f} nodded and smiled from ear to ear.
"Really? You would let me?" asked {f} and jumped for joy.

They played until the evening, and {h} thought that this was the best part of all.
{h} had worked for {att}, and in the end {he} had a friend as well.
))
"""),
)
