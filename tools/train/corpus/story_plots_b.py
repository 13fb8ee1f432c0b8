"""Plots about friends, animals and help. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("new_friend", place="wild town", thing="toy",
         themes="making a new friend|a shy new child|being lonely|friendship",
         asks="makes a new friend|meets a new friend {at}|finds a friend {at}", text="""
{OPEN} who [was often alone|had no one to play with].
{OPEN}. {he} had just moved to a new home and knew nobody.
{h} was {akid}, but {he} was shy and had no friends yet.

{ONEDAY}, {h} went to {p} with {his} {ct}.
{ONEDAY}, {h} sat {at} and played alone with {act}.
{ONEDAY}, {h} took {his} {ct} and walked to {p}.

The others were playing together, but nobody looked at {him}.
{he} [heard|saw] others laugh and play, and {he} felt even more alone.
? {he} wished that somebody would come and play.

Then {he} saw {fintro} who was alone, too.
Not far away sat {fintro}. {f} was alone as well.
On the other side, {he} noticed {fintro}, all alone.

---

{h} wanted to say hello, but {his} heart beat fast. "What if {fhe} does not like me?" {he} thought.
{h} was too shy to speak. {he} looked at {his} feet.
First {h} took one step, and then {he} stopped again. It was hard to be brave.

((
Just then the {t} [slipped from {his} hands|fell down], and {f} picked it up. "Is this yours? It is lovely," said {f}.
{f} looked up and smiled. "What a nice {t}! Can I see it?" {fhe} asked.

"Yes, of course," said {h}. "Would you like to play with me?"
{h} nodded. "We can play with it together, if you like," {he} said.
||
Then {h} took a deep breath and walked over. "Hello, I am {h}. Would you like to play with my {t}?" {he} asked.
At last {he} said very softly, "Hello. Do you want to play with me?"

"I would love to!" said {f}. "I was hoping that you would ask."
{f}'s face became bright. "Yes, please! I do not know anybody here," {fhe} said.
))

They played with the {t} until it was time for dinner.
Soon they were laughing and [telling jokes|making up games] as if they had always known each other.
The two of them played with the {t}, climbed on stones and shared an apple.

From that day on, {h} and {f} met every day.
When the sun went down, {h} had a friend, and so did {f}.
"See you tomorrow!" called {f}. {h} danced all the way home.
{h} learned that sometimes one small hello is enough to find a friend.
"""),
    Plot("hurt_animal", place="wild town", animal="=owl,robin,sparrow,crow,parrot,eagle,swan,goose,duck,stork,pigeon,woodpecker", hero="child animal role",
         themes="helping an animal|{aa} with a hurt wing|being kind to animals",
         asks="helps {aa}|helps {aa} with a hurt wing|finds a hurt {a} {at}", text="""
{OPEN} who [loved|liked] all [animals|living things].
{OPEN}. {he} had a soft heart.
{h} was {akid} who was always ready to help.

{ONEDAY}, {h} was walking {at} when {he} heard a [weak|sad] little sound.
{ONEDAY}, {h} heard a cry {at}.
{ONEDAY}, {h} went to {p} and saw something move [in the grass|behind a stone].

It was {aa}. One of its wings was hurt, and it could not fly.
There lay {aa} with a hurt wing. It looked at {him} with [frightened|sad] eyes.
There sat {aa}. It tried to fly, but one wing hung down.

"You poor thing!" said {h}. "Do not be afraid. I will help you."
"I will not hurt you," {h} whispered and came closer very slowly.
{h} knelt down. "Who did this to you, little one?" {he} asked softly.

---

{he} put {his} scarf around the {a} and carried it home.
{h} lifted the {a} gently and made a bed of [hay|soft grass|leaves] for it.
Very carefully, {h} carried the {a} to a safe, warm place.

? {he} [washed|cleaned] the wing with warm water and tied a soft cloth around it.
{h} gave it water to drink and put a bandage on the wing.

Every day {h} brought [seeds|bread] and fresh water, and {he} [sang|talked] to it.
Every morning {he} fed it, and in the evening {he} told it a story.
? Some nights it was cold, and {h} kept the {a} warm under {his} blanket.

Slowly the wing got better.
After two weeks, the {a} could move its wing again.
Little by little, the {a} grew strong.

One morning the {a} was ready. {h} carried it outside and opened {his} arms.
At last the day came to say goodbye. "Fly, my friend!" said {h}.
Then {h} brought it back to {p} and took off the bandage.

((
The {a} spread its wings and flew high into the sky. {h} was sad and happy at once.
Up it went, over the trees, and it made one big circle above {him}.

The next spring, {h} heard a sound at the window. It was the {a}, and it had come to say thank you!
From then on, the {a} came back to see {him} every day.
{h} waved for a long time. "Come and visit me!" {he} called.
||
But the {a} did not fly away. It sat on {h}'s shoulder and stayed with {him}.
The {a} flew up, turned around and came back to {h}. It did not want to leave.

From that day on, they were the best of friends.
So {h} had a new friend, and the {a} had a new home.
))
"""),
    Plot("lost_pet", animal="=dog,cat,kitten,puppy,hamster,guinea pig", pet=True, place="wild town", hero="child",
         themes="a lost {a}|looking for a lost {a}|not giving up",
         asks="looks for {his} lost {a}|loses {his} {a} {at}", text="""
{OPEN} who had {aa}. They did everything together.
{OPEN}. {his} best friend was {his} {a}.
{h} was {akid} who had a lovely brown {a}.

{ONEDAY}, {h} took {his} {a} to {p}. There was so much to see!
{ONEDAY}, {h} and {his} {a} went for a walk {at}.
{ONEDAY}, they played {at}, and the {a} ran ahead.

Suddenly there was a loud noise, and the {a} ran away in fright.
{h} stopped to look at a butterfly. When {he} turned around, the {a} was gone.
The {a} saw something move and ran after it. In a moment, it was out of sight.

"Where are you? Come back!" called {h}, but nothing moved.
{h} called and called, but there was no answer.
{h} looked left and right, but {he} could not see it anywhere.

{h} met {fintro}. "I have lost my {a}. Will you help me?" {he} asked.
Then {his} friend {fn} came along. "Why are you so sad?" asked {f}. {h} told {fhim} everything.
{h} began to cry. {his} friend {fn} heard it and came to help.

---

? "Let us look for it together," said {f}.
{f} nodded. "Four eyes see more than two," {fhe} said.

? They looked behind [the bushes|an old wall] and under [a bench|a fallen tree], but it was not there.
First they found only a cat that was asleep in the sun.
They asked everyone they met, but nobody had seen the {a}.

? Then it started to rain, but {h} did not want to go home.
Soon the sun began to go down, and {h} was very worried.

((
Then {f} found small footprints in the mud. They followed them step by step.
"Look at these footprints!" said {f}. The prints went to an old shed.

At the end of the trail sat the {a}. Its foot was caught in a [net|bush], and they set it free.
There it was! The {a} was hiding in the straw and shaking with fear.
||
"What does it like best?" asked {f}. "Cheese!" said {h}. So they put down a piece of cheese and waited.
Then {f} had an idea. "Sing the song that it knows," {fhe} said. So {h} sang as loud as {he} could.

They waited, very still. Then a nose came out from behind a stone. It was the {a}!
Suddenly they heard quick little steps. The {a} came running out of the shadows!
))

? {h} held the {a} in {his} arms and cried with joy.
"I was so afraid for you!" said {h} and kissed it on the nose.
The {a} licked {h}'s face, and {h} laughed.

"Thank you, {f}," said {h}. "You are a real friend."
? {f} was just as happy as {h} was.
They all walked home together, and the {a} stayed close to {h}.

From then on, {h} never let {his} {a} out of {his} sight.
That night, the {a} slept at the end of {h}'s bed, safe and warm.
After that day, the three of them always went for walks together.
"""),
    Plot("share_food", place="wild town", hero="child animal role",
         themes="sharing food|sharing|being kind to a stranger",
         asks="shares {food} with a friend|shares {food}|takes {food} to {p}", text="""
{OPEN} who loved {food} more than anything else.
{OPEN}. {he} liked to eat, and most of all {he} liked {food}.
{h} was {akid}. {he} loved to eat, and {his} favourite food was {food}.

{ONEDAY}, {h} packed {some} and went to {p}.
{ONEDAY}, {h} took {some} along for a long walk to {p}.
{ONEDAY}, {h} sat down {at} with {some}.

? {he} found a nice place in the shade. "Now I will eat all of this by myself," {he} said.
The {food} smelled so good! {h} could hardly wait.
{h} was very hungry and wanted to begin at once.

Just then {fintro} came along. {f} looked [tired|thin] and hungry.
Then {he} saw {fintro} who sat there with nothing to eat.
But not far away sat {fintro}. {f} looked at the {food} and swallowed.

---

{h} pretended not to see {fhim} and took a first bite. But somehow {he} did not enjoy it.
At first {h} turned away. There was not much, and {he} wanted it all.
{h} looked at the food and then at {f}. What should {he} do?

? "My stomach is quite empty," said {f} in a small voice. "I have walked all day."

Then {h} remembered a day when {he} had been hungry {himself}.
{h} knew how it felt to be hungry.

"Come and sit with me," {he} said. "There is enough for two."
"Would you like some of my {food}?" asked {h}.
So {h} moved over and gave half of the {food} to {f}.

? {f} was so glad that {fhe} could hardly speak.
{f} ate slowly and enjoyed every bite. "This is the best meal of my life," {fhe} said.
"Thank you with all my heart," said {f} and ate with a big smile.

((
When they had finished, {f} took a small flute out of {fhis} bag and played a merry song.
After the meal, {f} told {h} wonderful stories of faraway lands.

{h} listened with shining eyes. {he} had never had such a nice [day|lunch].
{h} was not quite full, but {his} heart was.
||
The next day, {f} came back with a big basket of berries. "Now it is my turn to share," {fhe} said.
A week later, {h} forgot {his} lunch at home. But there came {f} and shared everything {fhe} had.

They sat down side by side and ate until they were full.
{h} laughed. "What you give comes back to you," {he} said.
))

From that day on, they often ate together.
{h} had learned that food tastes better when you share it.
And so a little {food} was the beginning of a great friendship.
They became good friends, and neither of them was ever hungry again.
"""),
    Plot("storm", place="wild", hero="child animal role",
         themes="a storm|being brave in a storm|two friends in the rain",
         asks="gets caught in a storm|gets caught in a storm {at}|is afraid of a storm", text="""
{OPEN} who loved to be outside.
{OPEN}. {he} liked to go for long walks with {his} friend {fn}.
{h} was {akid}, and {f} was {his} best friend.

{SUNNY}, {h} and {f} went to {p} to play.
{SUNNY}, {h} went to {p} with {his} friend {fn}.
{ONEDAY}, the two friends {h} and {fn} were playing {at}.

The sky was blue, and they did not look at the time.
They were having so much fun that they did not see the dark clouds.
? They jumped over stones and looked for [snails|shells|flowers].

Suddenly the wind grew strong, and the sky turned black.
Then a cold wind came up, and big drops of rain began to fall.
All at once there was a flash of light, and then came the thunder.

? "We must [find a safe place|get out of here]!" shouted {f}.
{h} was afraid and held on to {his} friend. "I want to go home!" {he} cried.
"It is too far to go home now," said {h}. {he} was shaking.

---

((
They ran as fast as they could and found a small cave under a big rock.
Near by was an old hut. They ran inside and closed the door.
"Over there!" called {f}. They crept under a big rock where it was dry.

Outside, the rain came down like a waterfall, and the thunder was loud.
The wind howled, and it was almost as dark as at night.

"Let us sing," said {f}. "Then we will not hear the thunder."
{f} was frightened, too, but {fhe} began to tell a funny story.
"Hold my hand and count with me," said {f}.

They sang every song they knew, and soon {h} forgot to be afraid.
They counted the seconds after every flash. Each time, the thunder was farther away.
They sat close together and talked about warm soup and soft beds.
||
Then {h} saw a light far away. "There must be a house," {he} said.
Through the rain they saw a small light. It came from a little house.

They walked hand in hand, step by step, against the wind.
{h} did not let go of {f}'s hand, and they walked bravely through the mud.

An old woman opened the door. "Come in, you poor little ones," she said.
A kind old man let them in. He gave them towels and a cup of hot tea.

They sat by the fire, and soon they were warm and dry.
Inside it smelled of fresh bread, and the storm was far away.
))

At last the rain stopped, and the sun came out again.
After a while, the storm was over.
Slowly the clouds moved on, and it was quiet.

? "Look!" cried {h}. Over {p} stood a [great|bright] rainbow.
They stepped outside. The air smelled fresh, and every leaf was shining.
A bird began to sing, and the two friends laughed with relief.

They walked home with wet feet and a good story to tell.
"With a friend like you, I am not afraid of any storm," said {h}.
From that day on, {h} always looked at the sky first. But {he} was not afraid of thunder any more.
"""),
    Plot("race", place="wild town", hero="child animal role",
         themes="a race|helping instead of winning|a race that is lost and won",
         asks="runs a race|runs in a race {at}|wants to win a race", text="""
{OPEN} who could run [very fast|like the wind].
{OPEN}. {he} loved to run.
{h} was {akid} who wanted to win a race.

{ONEDAY}, there was a big race {at}. The winner would get a golden cup.
Every summer, there was a race {at}, and this year {h} wanted to win it.
{ONEDAY}, a sign said, "Big race {at}! Everyone can come."

{his} friend {fn} wanted to run, too. "May the best one win," said {f}.
{his} friend {fn} was in the race as well. {f} was a good runner.
{his} friend {fn} was in the race, too. "I will be faster than you," said {f} with a smile.

"Ready, steady, go!" somebody called, and off they ran.
A bell rang, and everybody began to run.
When the flag went down, they all ran off.

---

((
{h} was soon in front. {he} could already see the finish.
{h} ran and ran. Before long, {he} was ahead of all the others.

Then {he} heard a cry behind {him}. {f} had fallen and hurt {fhis} leg.
But suddenly {f} tripped over a root and fell into the dust.

? {h} looked at the finish and then at {his} friend. {he} stopped.
{h} could win now. But how could {he} leave {his} friend behind?

{h} turned back and helped {f} to stand up. "Lean on me," {he} said.
{he} ran back, cleaned the knee and took {f} by the arm.

Together they walked to the end, slowly, step by step. They were the very last.
The others ran past them, but {h} did not mind.

But everyone [clapped|cheered] louder than before. "That is a real winner!" they called.
When they came in, everybody stood up and clapped.

The golden cup went to another runner, but {h} got the biggest smile.
"You lost the race because of me," said {f}. "No, I won a better friend," answered {h}.
The winner came and gave {h} the cup. "You have earned it," she said.
||
{h} was so sure to win that {he} stopped to rest under a tree. Soon {he} fell asleep.
{h} was far ahead, so {he} stopped to pick some berries. Then {he} lay down in the sun.

{f} was not as fast, but {fhe} ran on and on.
{f} kept going. "One step and then another," {fhe} said to {fhimself}.

When {h} woke up, the sun was low. {he} jumped up and ran as fast as {he} could.
A loud cheer woke {him} up. {h} ran, but it was too late.

{f} was already at the finish, and everybody was clapping.
There stood {f} with the golden cup in {fhis} arms.

{h} was angry at first. But then {he} shook {f}'s hand. "You ran well," {he} said.
"You were not the fastest, but you never stopped," said {h}. "I can learn from you."

From then on, {h} and {f} trained together every day.
That day {h} learned that being fast is not enough. You must also keep going.
{f} shared the prize with {him}, and they laughed about it for years.
))
"""),
    Plot("lost_way", place="=forest,jungle,mountain,desert,valley,city,cave,meadow,field,grove,desert", animal="=owl,deer,firefly,fox,rabbit,hedgehog,squirrel,"
         "crow,mouse,frog,butterfly,hare,badger", hero="child animal role",
         themes="getting lost|finding the way home|a helpful {a}",
         asks="gets lost {at}|loses {his} way|loses {his} way {at} and meets {aa}", text="""
{OPEN} who wanted to see everything.
{OPEN}. {he} always wanted to know what was behind the next corner.
{h} was {akid} who loved to explore.

{ONEDAY}, {h} went to {p} all alone.
{ONEDAY}, {h} walked deeper and deeper into {p}.
{ONEDAY}, {h} followed a [blue|yellow] butterfly into {p}.

{he} looked at everything and forgot the time. When {he} looked up, nothing seemed familiar.
Soon {he} did not know where {he} was. Everything looked the same.
But then {he} could not find the path again. {h} was lost.

? {h} called for help, but only the wind answered.
The sun went down, and it grew cold and dark.
"How shall I get home?" {he} asked and sat down on a stone.

---

Then {he} heard a soft voice. "Why are you crying?" It was {aa}.
Suddenly something moved, and out came {aa}. "Are you lost?" it asked.
Just then {aa} came along and looked at {him} with bright eyes.

"I cannot find my way home," said {h}.
{h} wiped {his} tears. "I want to go home, but I do not know the way," {he} said.
"I went too far, and now I am lost," said {h} in a low voice.

"Do not be afraid," said the {a}. "I know every path. Follow me."
"I can show you the way," said the {a}. "But you must do what I say."
"Look up," said the {a}. "Do you see that bright star? It is right above your home."

((
? The {a} went first, and {h} followed close behind.
They walked for a long time. The {a} never went too fast.

They crossed a little stream and passed a great old tree.
? When {h} was tired, they stopped, and the {a} told {him} which berries were good to eat.

At last {h} saw a light. It was the window of {his} own home!
Then {h} saw a tree that {he} knew. Now {he} was almost home.
||
On the way they came to a deep ditch, and {h} was afraid to jump.
Soon they came to a stream with only a narrow log across it.

"You can do it," said the {a}. "Look at me and not down."
"Be brave. I am right beside you," said the {a}.

{h} took a deep breath and did it. {he} was so proud!
With a beating heart, {h} went across. It was not so hard after all.

On the other side, {he} could see the lights of {his} home.
))

"Thank you, dear {a}! How can I thank you?" asked {h}.
{h} turned around to say thank you, and the {a} smiled.
{h} hugged the {a} and gave it a piece of bread from {his} pocket.

? "Just help the next one who is lost," said the {a}.
"Come and visit me by day," said the {a} and went away into the dark.
The {a} only nodded and was gone.

{h} never forgot it. And {he} never again went so far alone.
That night, {h} lay in {his} warm bed and thought of {his} new friend.
From that day on, {h} helped everyone who did not know the way.
"""),
    Plot("hungry_winter", animal="=fox,deer,squirrel,rabbit,hedgehog,mouse,robin,sparrow,hare,crow", hero="child role",
         place="=forest,park,farm,village,field,meadow,hill,valley,orchard,grove",
         themes="helping animals in winter|a cold winter|a hungry {a}",
         asks="feeds {aa} in winter|helps a hungry {a}|helps {aa} in the snow", text="""
It was a [cold|hard] winter, and snow lay everywhere. In a small house near {p} lived {intro}.
One winter, the snow was so deep that nobody went out. {h}, {akid}, sat at the window of a little house near {p}.
Winter had come, and everything was white. {h} was {akid} who lived near {p}.

{ONEDAY}, {h} looked out and saw {aa}. It was digging in the snow.
{ONEDAY}, {aa} came to the door and looked up at {him}.
{ONEDAY}, {h} found small tracks in the snow {at}. They were the tracks of {aa}.

? It was very thin, and it was looking for food.
The poor {a} was shaking with cold, and {h} saw that it was hungry.
"That {a} has nothing to eat," said {h}.

There was not much food in the house. {h} had only {some} left.
{h} looked into the cupboard. There {was} {some}, and nothing else.

? "I can eat a little less," said {h}. "The {a} needs it, too."
{h} thought for a moment. Then {he} put on {his} warm boots.

---

{he} went outside and put some of the {food} on the snow.
So {h} put half of the {food} on a plate and carried it outside.

? At first the {a} was afraid and hid behind a tree.
The {a} did not come near. It only looked at {him} from far away.

{h} went back inside and waited behind the window. Then the {a} came and ate it all.
{h} stood very still. Step by step, the {a} came closer and began to eat.

From then on, {h} gave it some food every day, and the {a} was not afraid any more.
Every evening {h} brought something, and soon the {a} ate out of {his} hand.
? {he} also made a little bed of straw by the door, so that it was warm at night.

((
At last spring came, and the snow melted away.
When the first flowers came out, the {a} went back to {p}.

One morning, there was something in front of the door. It was a heap of nuts and berries! "That is from my friend," laughed {h}.
One day, {h} saw the {a} again. It was not alone, for it had three little ones with it.
{h} missed it. But one day it came back and sat in the sun beside {him}.
||
One night there was a great snow storm, and {h} lost {his} way {at}.
Then came the coldest night of all. {h} had gone out for wood, and {he} could not see the house any more.

But suddenly the {a} stood in front of {him}. It walked ahead and showed {him} the way home.
The {a} found {him} in the dark and led {him} to the door.
))

"One good turn deserves another," said {h}.
And so they stayed friends, in winter and in summer.
{h} was glad that {he} had shared. Kindness always comes back.
"""),
)
