"""Plots about courage, small heroes, water and the world outside. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("night_noise", place="=forest,beach,lake,river,hill,meadow,mountain,jungle,field,valley,pond,"
         "stream,island,desert,shore,grove,garden,park,orchard,yard,campsite,farm", animal="=owl,hedgehog,cat,mouse,raccoon,frog,badger,squirrel,dog,goat,rabbit,kitten,puppy",
         hero="child animal role", themes="a strange noise|being brave|a scary night",
         asks="hears a strange noise {at}|hears a strange noise at night|sleeps in a tent {at}", text="""
{OPEN} who wanted to sleep in a tent for once.
{OPEN}. {he} said that {he} was afraid of nothing.
{h} and {f} were good friends. {h} was {akid} who loved adventures.

One warm evening, {h} and {his} friend {fn} put up a tent {at}.
In summer, {h} went to {p} with {his} friend {fn}. They wanted to sleep in a tent.

They ate bread and cheese and looked at the stars.
First they told each other funny stories, and then it grew dark.

In the middle of the night, there was a noise. Crunch, crunch, crunch!
They were almost asleep when something scratched at the tent.
Suddenly they heard a strange sound outside. It came nearer and nearer.

? "Did you hear that?" whispered {h}.
{h} sat up straight. "What was that?" {he} asked.

? "Maybe it is a bear," said {f} with a shaking voice.
"It must be a ghost!" said {f} and crept under the blanket.

---

? They held hands and did not dare to breathe.
For a while they sat there and did not move at all.

"I will go and look," {h} said at last, though {his} knees were weak.
"We cannot sit here all night," said {h}. "Let us go and look together."

{h} took the lamp and opened the tent very slowly.
Step by step, they crept out of the tent. The grass was cold under their feet.

There was a dark shadow with two shining eyes! {h} held up the lamp.
Something moved in the dark. {h} lifted the lamp and looked.

It was only {aa}! It had found their bread and was eating it.
And there sat {aa} with cheese on its nose.
In the light stood {aa}, and it looked just as frightened as they were.

? They laughed until their sides hurt.
"What a terrible monster!" laughed {f}.
{h} began to laugh, and {f} laughed, too.

? "Come here, little guest," said {h} and gave the {a} some more.
They shared the rest of the food with the {a}, and then it trotted off.

After that, they slept well until the sun came up.
In the morning they told everyone about their wild {a}.
"Being brave means to look, even if you are afraid," said {h}.
Since that night, {h} always looked first before {he} was afraid.
"""),
    Plot("small_helps_big", hero="small", animal="=elephant,bear,lion,horse,tiger,hippo,giraffe,rhino,camel,cow",
         place="=forest,jungle,meadow,valley,field,desert,farm,hill,mountain",
         themes="a small hero|being small|a big {a} who needs help",
         asks="helps a big {a}|is small but helps {aa}|saves {aa} {at}", text="""
{OPEN} who was the smallest of all.
{OPEN}. {he} was so small that nobody noticed {him}.
{h} was {akid} who lived {at}. {he} was very small.

The proudest one {at} was a big {a}. It laughed at everyone who was small.
{at}, there was also a big {a}, and it was very proud of its strength.

"What can you do?" the {a} asked and laughed. "You are no bigger than a nut."
"Out of my way, little one," said the {a}. "You are no use to anyone."

? {h} felt hurt, but {he} did not say anything bad.
"I may be small," said {h}, "but small ones can help, too."
{h} went home and cried a little.

---

{ONEDAY}, there was a loud cry. The big {a} [was caught in a net|had walked into a net]!
{ONEDAY}, hunters came and put a net in the grass. The big {a} walked right into it.
{ONEDAY}, the big {a} did not look where it was going and got caught in an old net.

? It pulled and pushed, but all its strength was no use.
"Help me!" cried the {a}. The others came, but nobody knew what to do.

Then {h} heard of it. {he} ran to the {a} as fast as {he} could.
{h} pushed through the crowd. "Let me try," {he} said.

"You?" asked the {a}. "You are much too small!"
Everyone looked at {him} and shook their heads.

((
But {h} began to bite through the ropes, one by one.
{h} did not listen. {he} bit and bit until {his} teeth hurt.

It took the whole night, but at last the net fell off.
Snap! Snap! The last rope broke, and the {a} was free.
||
But {h} slipped through a hole in the net and found the knot.
{h} was so small that {he} could creep under the net.

{he} pulled at it with all {his} might, and the knot opened.
There {he} found the end of the rope, and {he} pulled until it came loose.
))

The {a} stood up and was silent for a while. "I was wrong," it said. "You may be small, but your heart is big."
"Thank you," said the {a} and bowed its head. "I will never laugh at you again."

All the others cheered and carried {h} around.
From that day on, {h} rode on the back of the {a}, and they were the best of friends.
And everyone learned that no one is too small to help.
"""),
    Plot("swim", hero="child animal", place="=beach,lake,river,pond,sea,stream,shore,island",
         themes="learning to swim|being afraid of water|being brave",
         asks="learns to swim|learns to swim {at}|is afraid of the water", text="""
{OPEN} who was afraid of water.
{OPEN}. All {his} friends could swim, but {h} could not.
{h} was {akid} who did not even like to wash {his} face.

{SUNNY}, everybody went to {p}. The others jumped and splashed, but {h} stayed in the grass.
It was a hot day, and they all went to {p}. But {h} sat under a tree and watched the others.

"Come in! It is wonderful!" called {his} friend {fn}.
{his} friend {fn} waved at {him}. "Why do you not come in?" {fhe} asked.

"I do not feel like it," said {h}. But that was not the truth.
"The water is too cold," said {h}. But really {he} was afraid.
{h} only shook {his} head and looked away.

{f} came out and sat down next to {him}. "Are you afraid?" {fhe} asked softly.
{f} understood. {fhe} came and took {his} hand.

---

"Yes," whispered {h}. "I cannot swim."
{h} nodded. "Please do not tell the others," {he} said.

"Once I was afraid, too," said {f}. "We will go very slowly."
"Then I will show you," said {f}. "Today we will only put our feet in."

First {h} put one foot in the water, and then the other. It tickled!
The first day, the water came up to {his} knees, and the second day, to {his} chest.
{h} held on to {f} and went in, step by step.

? Then {h} swallowed some water and wanted to run away. But {f} waited for {him}.
Once a wave came over {his} head. {h} was frightened, but {f} held {him} tight.
? They played with shells and small boats, and soon {h} forgot to be afraid.

? "Lie on your back and look at the clouds," said {f}. "The water will carry you."
"Move like a frog," said {f}, and {h} had to laugh.

? Every day they came back to {p} and tried again.
{h} tried it again and again.

And then, one day, {h} was swimming all alone!
All at once {h} noticed that {f} was not holding {him} any more. {he} was swimming!

? "Look at me!" {he} shouted. "I can swim!"
Everybody clapped, and {f} clapped the loudest.

From that day on, {h} was always the first to jump in.
"Thank you for your patience," said {h}, and they swam side by side.
{h} was proud. {he} had been afraid, and {he} had done it all the same.
"""),
    Plot("theatre", hero="child animal", place="=school,theatre,library,barn,park,village,town square,castle,garden,classroom,fair,market",
         thing="=hat,crown,mask,cape,scarf,coat,apron,cap,bell,lantern,drum",
         themes="a school play|stage fright|a play",
         asks="acts in a play|is in a play {at}|forgets the words in a play", text="""
{OPEN} who loved the theatre.
{OPEN}. {he} wanted to be on a stage one day.
{h} was {akid} who liked to pretend to be someone else.

{ONEDAY}, there was going to be a play {at}. {h} was allowed to play the king.
The children wanted to put on a play {at}, and {h} got the biggest part.
There was a play {at}, and {h} had to be a wizard in it.

{he} wore {act}, and {he} learned {his} words day and night.
{his} father gave {him} {act} for the part, and {h} practised in front of the mirror.

{his} friend {fn} helped {him} with the words.
{his} friend {fn} was in the play, too. {f} played a tree.

---

When the evening came, [a hundred people sat there|all the seats were full].
Then the great day came, and everyone was there to watch.

{h} went onto the stage with {his} {t} and opened {his} mouth. But no word came out!
{h} stepped forward in {his} costume. Suddenly {his} head was empty. {he} had forgotten everything!

? It was so quiet that you could hear a pin drop.
{his} knees shook, and {his} face turned as red as a tomato.
Everyone looked at {him}. {h} wanted to disappear.

((
Then {f} whispered the first word from behind the curtain.
Just then {f} gave {him} a sign and whispered the words.

That was enough. {h} remembered it all, and {his} voice grew strong and clear.
{h} took a deep breath and began. After the first sentence it was easy.
||
Just then the {t} fell to the floor, and everybody laughed.
{h} took a step back, stumbled over {his} own feet and sat down on the {t}.

{h} wanted to cry, but {f} came and said, "O great one, shall I help you up?"
"Was that a part of the play?" asked {f} loudly and winked at {him}.

{h} had to laugh, too. And suddenly all the words came back.
Then {h} began to play the fool, and it was even funnier than before.
))

At the end, they all stood up and clapped for a long time.
When it was over, the people cheered and threw flowers.
{h} bowed three times, and the clapping did not stop.

? "You saved me," {h} said to {f}.
"Without you I would still be standing there," {h} told {f}.
{h} pulled {f} to the front, so that {fhe} could bow, too.

The {t} hung over {h}'s bed from then on.
{h} learned that a mistake is not the end, if you have a friend.
That night, {h} was too happy to sleep.
"""),
    Plot("boat_trip", hero="child animal role", place="=lake,sea,harbour,beach,shore,island", thing="=boat,raft",
         themes="an adventure on the water|a trip in {att}|working together",
         asks="goes on a trip in {act}|sails in {act}|builds {act} and goes on a trip", text="""
{OPEN} who dreamed of the wide sea.
{OPEN}. {he} loved the water.
{h} was {akid} who wanted to be a captain.

{ONEDAY}, {h} and {his} friend {fn} found {act} {at}. It was old, but it did not leak.
In spring, {h} and {his} friend {fn} built {act}. {SUNNY}, they took it to {p}.

? They gave it a name and put some bread and a bottle of water in it.
"I am the captain," said {h}, "and you are the sailor." {f} saluted.

They pushed off, and the {t} began to move.
Soon the {t} was far out on the water, and it rocked softly.

---

? At first it was lovely. They saw fish below them and white clouds above.
They sang songs of the sea and put their feet in the water.

((
But then the wind grew strong, and the waves became high.
Suddenly a storm came up and threw the {t} from side to side.

"We will sink!" cried {h} and held on tight.
{h} was afraid. "What shall we do?" {he} cried.

"You row on the left, and I will row on the right," said {f}.
"Keep calm," said {f}. "If we row together, we can do it."

"One, two! One, two!" they counted, and slowly they came nearer to the shore.
They rowed and rowed until their arms hurt.
||
But then they fell asleep in the sun. When they woke up, there was no land to be seen.
Then a thick fog came, and they did not know where the shore was.

"Which way is home?" asked {h}.
"We are lost," said {h}, and {his} voice was very small.

{f} listened. "Do you hear the bell?" {fhe} asked. "We must go that way."
Then a white gull flew over them. "Gulls fly to the land," said {f}. "Let us follow it."

{h} rowed, and {f} showed the way.
They took turns at rowing and did not lose heart.
))

At last the {t} touched the sand. They were safe!
When they felt the ground under their feet, they fell into each other's arms.

? "You are a good captain," said {f}. "And you are the best sailor in the world," answered {h}.
"That was a real adventure," laughed {f}.
{h} took off {his} cap and gave it to {f}. "Now you are the captain," {he} said.

From then on, they always looked at the sky before they went out in the {t}.
They tied up the {t} and went home to have hot soup.
{h} learned that in a storm it is good not to be alone.
"""),
    Plot("clean_up", hero="child animal role", place="=park,beach,forest,garden,lake,river,playground,yard,village,stream,meadow,pond,shore,town square,field,orchard",
         themes="cleaning up|taking care of nature|keeping {p} clean",
         asks="cleans up {p}|picks up the rubbish {at}", text="""
{OPEN} who loved to play {at}.
{OPEN}. {his} favourite place was {p}.
{h} was {akid}, and {he} knew every stone {at}.

{ONEDAY}, {h} came to {p} and was sad. There was rubbish everywhere.
{ONEDAY}, there was paper lying around {at}, and there were old bottles and broken boxes.

? "Who did this?" asked {h}.
"It is not nice here any more," {h} said to {his} friend {fn}.
{h} saw that even the birds had gone away.

{h} told {his} friend {fn} about it. "What can we do? We are only two," said {f}.
"It is too much," said {his} friend {fn}. "We can never clean all of this."

---

"Then we will begin with one piece," said {h} and picked up a bottle.
"Two are better than none," said {h}. {he} fetched a big bag.

So {h} and {f} started to clean. They picked up paper and glass and put it all in bags.
They worked all morning, and their backs hurt.
Piece by piece they put the rubbish into a cart.

((
Others came by and laughed. "Why do you do that? It is not your rubbish," they said.
At first nobody helped them. Some people only stood and watched.

"It is our place," said {h}, "and it is yours, too."
{h} did not stop. "Somebody has to begin," {he} said.

Then a small child bent down and picked up a piece of paper. Then another came, and another.
An old woman thought about it. Then she took a bag and helped. Soon there were ten helpers, and then twenty.
||
Then {f} had an idea. "Let us make a game of it! Who can fill a bag first?" {fhe} said.
"We could sing," said {f}, "then it will be easier." So they sang a merry song.

Others heard them laugh and wanted to join in.
Soon more and more friends came and helped.
))

By evening, everything was clean again.
When the sun went down, they could not find one more piece of paper.

? The flowers seemed brighter, and the birds came back and sang.
They put up a sign. It said, "Please keep this place clean."
It was so beautiful that they all sat down in the grass and had a picnic.

"We were only two," said {f}, "but we were not two for long."
{h} was tired and happy. Great things begin with a small step.
From then on, everyone took good care of {p}.
"""),
    Plot("kind_monster", hero="child animal role", place="=cave,forest,mountain,castle,tower,attic,cellar,barn,jungle,windmill,lighthouse,cliff,valley",
         animal="=dragon,monster,giant,troll,ghost,bear,wolf", thing="",
         themes="a kind {a}|not judging by looks|a scary {a}",
         asks="meets {aa}|meets {aa} {at}|makes friends with {aa}", text="""
{OPEN} who asked about everything.
{OPEN}. {he} always wanted to know the truth.
{h} was {akid} who was not easily afraid.

{at}, so people said, there lived a terrible {a}. Nobody dared to go there.
Everybody was afraid of the {a} that lived {at}. "It eats whatever it can find," they said.
The people told dark stories about {aa} that lived {at}.

? "Have you ever seen it?" {h} asked, but nobody had.
"Why is it so bad?" asked {h}. Nobody had an answer.

{ONEDAY}, {h} packed {some} and went to {p}.
{ONEDAY}, {h} said, "I will go and see for myself." {he} took {some} with {him}.

---

? It was very quiet {at}. {h}'s heart was beating loudly.
{h} walked on tiptoe. Then {he} heard a deep sound, like thunder far away.

There sat the {a}. It was as big as it was in the stories, but it was crying!
Then {he} saw the {a}. It did not roar. It only sighed, and a big tear fell on the ground.

((
"Why are you crying?" asked {h}.
"Do not cry," said {h} and came a little closer.

"Everyone runs away from me," said the {a}. "I have never had a friend."
"Nobody ever comes to see me," said the {a}. "They are afraid of my looks."
||
"Go away," said the {a}, "or you will be afraid like all the others."
The {a} hid its face. "Please do not be afraid of me," it said.

"I am not afraid," said {h}. It was almost true.
{h} shook {his} head. "You do not look so bad to me," {he} said.
))

"Are you hungry?" asked {h} and gave the {a} the {food}.
{h} sat down next to it and shared the {food}.

? The {a} smiled for the first time in a hundred years.
"That is good!" said the {a}, and its eyes shone like stars.

? They talked and laughed, and the {a} knew the best stories in the world.
Then they played hide and seek, but the {a} was much too big to hide.

The next day, {h} brought the {a} to the village. At first people screamed, but then they saw its friendly face.
{h} told everyone about it, and one by one they came to say hello.

From that day on, nobody was afraid any more, and the {a} was never alone.
And the {a} helped to [carry heavy stones|light the fires in winter], and everyone was glad to have it.
{h} had learned that you should look into the heart and not at the face.
"""),
    Plot("sea_help", hero="sea", place="=beach,island,harbour,shore,lighthouse", thing="=boat,raft,ship",
         themes="the sea|helping others at sea|a storm at sea",
         asks="saves {att}|helps {att} in a storm|swims to {p}", text="""
{OPEN} who lived in the deep blue water.
{OPEN}. {his} home was the sea.
{h} was {akid} who loved to play in the waves.

Every day {he} played with {his} friend {fn} near {p}.
{he} and {his} friend {fn} knew every stone and every plant in the water near {p}.

{ONEDAY}, the sky turned black, and the waves became as high as houses.
{ONEDAY}, there was a great storm, and the water was wild.

? "Let us go down where it is calm," said {f}.
"We must hide in the deep," called {f}.

---

But then {h} heard a cry. Far out there was {act}, and it was in danger.
But just then {h} saw {act} on the waves. There were children in it!

? "They will hit the rocks!" said {h}. "We must help them."
"They do not know the way," said {h}. "Come, we will show them."

{f} was afraid, but {fhe} came along.
"It is dangerous," said {f}. But {f} stayed close to {h}.

((
{h} swam in front of the {t} and splashed so that everyone could see {him}.
{h} and {f} swam ahead and showed the way between the rocks.

"Follow them!" somebody called, and the {t} turned around.
The people saw them and steered the {t} behind them.
||
{h} took the rope in {his} mouth and pulled with all {his} strength.
{h} pushed the {t} from behind, and {f} pulled it from the front.

It was very heavy, but they did not give up.
Wave after wave came, but they held on.
))

At last they reached calm water near {p}.
After a long time, the {t} was safe {at}.

The children waved and shouted, "Thank you, thank you!"
"You saved our lives!" the people called and threw flowers into the water.

{h} and {f} jumped for joy, and the sun came out again.
From that day on, the children came to {p} every Sunday and played with {h}.
{h} was tired but very proud. It is good to be brave for others.
"""),
    Plot("snow_day", hero="child animal", place="=hill,park,garden,yard,field,meadow,village,playground,mountain,farm,courtyard",
         thing="=snowman,fort,snow castle,snow bear", themes="a snowy day|snow|winter|playing in the snow",
         asks="plays in the snow|plays in the snow {at}|makes {att} in winter", text="""
{OPEN} who waited for the snow every winter.
{OPEN}. {he} loved the winter most of all.
{h} was {akid} who had never seen so much snow.

One morning, {he} looked out of the window, and the whole world was white.
In the night it had snowed, and in the morning everything was white and quiet.

"Hurray!" cried {h}. {he} put on {his} boots and ran to {p}.
{h} put on a warm coat and went to {p} as fast as {he} could.

There was {his} friend {fn} already. "Let us make {att}!" said {f}.
{his} friend {fn} was waiting {at}. "Today we will make {att}," said {h}.

---

? They worked and worked. Their noses were red, and their fingers were cold.
{h} carried the snow and some old wood, and {f} put it all together.
They used snow, sticks and some old boards, and they laughed all the time.

But they quarrelled, because each of them wanted to be the boss.
But then {f} threw a snowball. It hit {h} in the face, and {he} was angry.
But a big dog came running and jumped right into it. Everything was broken!

((
"I do not want to play with you any more," said {h} and went away.
{h} sat down and turned {his} back. {f} did the same.

It was cold, and it was no fun to be alone.
They sat like that for a long time, and it began to snow again.

Then {f} came over. "I am sorry," {fhe} said. "I am sorry, too," said {h}.
Suddenly {h} looked at {f}, and {f} had snow on {fhis} nose. They both had to laugh.
||
{h} was very sad. "We must start all over again," {he} said.
"Oh no!" said {h}. For a moment, {he} wanted to go home.

But {f} said, "The next one will be even better."
"There is enough snow for ten more," {f} said and laughed.
))

So they made the {t} together, and it was the best one far and wide.
They began again, and soon the {t} was ready.

? They played with it until the moon came up.
Everyone came to see the {t}, and there was a big snowball fight.

? Then they went home and drank hot milk by the fire.
Tired and happy, they sat by the warm stove and ate [biscuits|apples].

"I hope that the winter will never end," said {h}.
When spring came, the snow melted, but the friendship of {h} and {f} did not.
{h} fell asleep with warm feet and a warm heart.
"""),
)
