"""Plots about feelings, home and family. See story_plot.py for the language."""

from .story_plot import Plot

PLOTS = (
    Plot("dark", hero="child animal", thing="=lantern,lamp,teddy bear,blanket,doll,music box,pillow",
         themes="being afraid of the dark|the dark|being brave at night",
         asks="is afraid of the dark|gets {act} and is not afraid of the dark any more", text="""
{OPEN} who was afraid of the dark.
{OPEN}. By day {he} was brave, but at night {he} was afraid.
{h} was {akid} who did not like the night.

Every evening, {h} pulled the blanket over {his} head.
When the light went out, {h} saw monsters in every corner.
In the dark, every little sound seemed loud to {him}.

One night, the wind [rattled at the window|cried around the house], and {h} saw a big shadow on the wall.
One night, {he} heard a strange noise [under the bed|behind the door].
One night, something went tap, tap, tap at the window.

"Help! There is a monster!" {h} called.
{h} did not dare to move. "Mother!" {he} cried.
{h} shook with fear and called for {his} mother.

---

{his} mother came in at once and sat down on the bed.
Soon the door opened, and {his} mother looked in. "What is it, my dear?" she asked.

((
"Let us look together," she said, and they looked [into every corner|under the bed].
"Come, we will find out what it is," said {his} mother and took {him} by the hand.

The monster was only the branch of a tree that moved in the wind.
It was not a monster at all. It was {his} coat on a chair!
There was only the cat, and she was playing with a button.

{h} had to laugh. "Was that all?" {he} asked.
"What a silly monster!" said {h}, and they both laughed.

Then {his} mother gave {him} {act}. "This will keep you company," she said.
"I have something for you," said {his} mother, and she put {act} next to {his} bed.
||
She had brought {act}. "It was mine when I was small, and it helped me to be brave," she said.
In her arms she had {act}. "This is for you. It will watch over you," she said.

"Close your eyes and listen," she said. "The night has its own music."
"The dark is like a big soft blanket for the world," said {his} mother.

They listened to the owl, to the wind and to the clock. It was not so bad at all.
{h} listened. Far away an owl called, and it sounded friendly.
))

{h} put the {t} close to {him} and felt safe.
With the {t} beside {him}, {h} felt much better.
{h} looked at the {t} and was not afraid any more.

Soon {he} was asleep, and {he} dreamed of [stars|the moon|a flying bed].
From that night on, {h} slept well. Some nights {he} even looked out at the stars.
After that, whenever {he} heard a noise, {h} only smiled and turned over.
And {h} learned that things often look bigger in the dark than they are.
"""),
    Plot("birthday_surprise", hero="child animal", thing="toy music wear",
         themes="a birthday surprise|a birthday|a surprise",
         asks="has a birthday|gets {act} for {his} birthday|thinks that everyone forgot {his} birthday", text="""
{OPEN}. Today was {his} birthday!
{OPEN} who woke up very early, because it was {his} birthday.
It was the birthday of {akid} named {h}. {he} jumped out of bed and could hardly wait.

{he} ran to the kitchen, but there was no cake and no gift.
But nobody said, "Happy birthday!" Everyone was busy.
At breakfast, {his} mother only said, "Eat your bread, please."

? {h} thought, "They must have forgotten it."
{h} did not understand it. Had they all forgotten?
{h} waited and waited, but nothing happened.

Then {he} went to {his} friend {fn}. "Do you know what day it is?" asked {h}.
On the way to the shop, {he} met {his} friend {fn}. "Is today a special day?" asked {h}.

"It is just an ordinary day," said {f} and walked away quickly.
"I have no time now," said {f}. "See you tomorrow!"

? {h} sat down under a tree and was close to tears.
{h} walked through the streets alone, and {his} heart was heavy.
A tear ran down {h}'s nose. It was the saddest birthday of all.

---

In the afternoon, {he} went home. It was dark and quiet in the house.
When the sun was low, {h} walked home slowly and opened the door.

Suddenly the lights went on. "Surprise!" everybody shouted.
All at once the room was full of light and song. "Happy birthday, {h}!" they all called.

There were lanterns, flowers and a big cake, and in front of them all stood {f}.
{his} mother had a cake with candles, and {f} was holding a big box.

? "We had to keep it secret," laughed {f}. "I am sorry that I ran away."
"Did you really think that we could forget you?" asked {f}.

((
{h} opened the box. In it was {act}!
Then {h} opened the gift. It was {act}, just what {he} had always wanted.

"Oh, thank you! It is perfect!" cried {h}.
{h} was so surprised that {he} could not say a word.
||
"Close your eyes," said {f} and put something in {his} arms. It was {act}!
"This is from all of us," said {f}. {h} opened the paper and saw {act}.

"How did you know?" asked {h}. {his} eyes were shining.
{h} laughed and cried at the same time.
))

? They ate the cake, sang songs and played until late.
Everyone wanted to see the {t}, and {h} let them all try it.

"This is the best birthday of my life," said {h}.
That night, {h} could not sleep for joy. {he} knew how many friends {he} had.
And when {f} had a birthday, {h} planned an even bigger surprise.
"""),
    Plot("neighbour", hero="child animal", thing="",
         themes="a kind old neighbour|helping a neighbour|being helpful",
         asks="helps an old neighbour|brings {food} to an old neighbour", text="""
{OPEN}. Next door lived an old [man|farmer], and nobody ever visited him.
{OPEN} who had an old neighbour. He was always alone.
Next to the house of {akid} named {h} lived a very old man.

The other children said that he was [strange|always angry], and they ran past his door.
"Do not go there," the others said. "He never smiles."
Everyone thought that he was unfriendly. {h} was a little afraid of him, too.

{ONEDAY}, {h} saw that the old man was carrying a heavy basket. It fell down, and [apples|potatoes] rolled everywhere.
{ONEDAY}, {h}'s ball flew over the fence into the old man's garden.
{ONEDAY}, the old man did not come out to feed his birds. {h} was worried.

---

{his} heart beat fast, but {h} went up to him. "Can I help you?" {he} asked.
"I will go and see," said {h}. {he} went through the gate and said hello.
{h} took all {his} courage and walked to the old man. "Good morning," {he} said.

The old man looked up in surprise. Then he smiled. "How kind of you," he said.
"Nobody has talked to me for a long time," the old man answered.
The man's face changed. "Come in, my child," he said in a gentle voice.

((
{h} helped him to carry his things and swept the kitchen for him.
{h} saw that the old man's back hurt. So {he} fetched wood and lit the fire.

To say thank you, the old man gave {him} {some}.
Then they sat down at the table and ate {food} together.

The old man told {him} stories of his travels on the wild sea.
"When I was young, I was a sailor," he said and showed {him} a ship in a bottle.
||
{h} ran home and came back with {some}. "This is for you," {he} said.
The next day, {h} brought him {some}, for it was easy to see that he was hungry.

The old man was so happy that he took an old violin from the wall and played a song.
They ate the {food} together, and the old man told {him} funny stories.

{h} laughed until {his} sides hurt. The old man was not strange at all.
He knew the name of every bird and every star, and {h} listened with wide eyes.
))

? From then on, {h} visited him every week.
Soon the other children came, too, and the old man's house was full of laughter.

{h} had learned that you should not believe everything that people say.
"I am glad that I knocked at your door," said {h}. "So am I," said the old man.
And the old man was never lonely again.
"""),
    Plot("letter", hero="child animal role", thing="=letter", place="wild town",
         themes="a letter|a friend who is far away|missing a friend",
         asks="writes a letter|writes a letter to a friend|gets {att}", text="""
{OPEN} whose best friend was {fn}.
{OPEN}. {his} best friend was {fn}.
{h} was {akid}. {he} and {his} friend {fn} had always played {at}.

They had played together {at} every day, but now {f} lived far away.
Then {f} moved away, and {h} missed the long days {at}.
But one day {f} had to go and live in another land.

? {h} was lonely. "I wish I could talk to {f}," {he} said.
{h} walked to {p} all alone, but it was not the same.
Without {f}, {h} had nobody to laugh with.

Then {h} had an idea. {he} took paper and a pencil and wrote a letter.
So {h} sat down {at} and wrote a long letter.
"I know what I can do!" said {h}. "I will write a letter."

---

In the letter, {he} wrote about [the weather|the birds], about the trees and about {his} new shoes.
{he} wrote, "Dear {f}, I think of you every day. Do you think of me, too?"
{he} wrote, "Dear {f}, it is quiet here without you." Then {he} drew a picture of {p}.

? {h} put a [pressed flower|small blue feather] in it and sent it off.
Then {h} folded the letter, put a stamp on it and ran to the post office.

The days went by, and no answer came. Had {f} forgotten {him}?
Every morning {h} looked into the letter box, but it was empty.
One week passed, and then another. {h} began to lose hope.

((
Then, one morning, the postman smiled. "There is something for you," he said. It was a letter from {f}!
At last there was a thick letter in the box. {h} opened it with shaking hands.

"Dear {h}," it said, "I was so happy to hear from you. I miss you, too."
{f} had written, "I read your letter ten times! In summer I will come to visit you."

{h} read it again and again until {he} knew every word.
{h} danced through the house with the letter.

From then on, they wrote to each other every week.
{h} put the letter under {his} pillow. Far away does not mean forgotten.
||
One day there was a knock at the door. {h} opened it, and there stood {f}!
Then {he} heard somebody laugh {at}. {h} knew that voice. It was {f}!

"I got your letter," said {f}. "So I asked if I could come and see you."
"Your letter was so nice that I wanted to answer it myself," said {f}.

They hugged for a long time, and then they ran to {p} as in the old days.
{h} could hardly believe it. They talked and laughed until night.

"A good friend is always near," said {f}, "even when the way is long."
When {f} had to go again, {h} was not sad. There would always be letters.
))
"""),
    Plot("school_day", hero="child animal", place="=school,classroom,library", thing="=book,pencil,notebook,paintbrush",
         themes="the first day at school|a first day|being nervous",
         asks="goes to school for the first time|is nervous on the first day of school", text="""
{OPEN}. Today was {his} first day at school.
{OPEN} who was going to school for the first time.
It was the first day of school, and {h}, {akid}, was nervous.

{h} put {his} new {ct} on the table and looked at it again and again.
{his} father had given {him} a new {ct} for this day.
{he} was proud of {his} new {ct}, but {his} stomach felt funny.

"What if nobody likes me?" {h} asked {his} mother.
"I do not want to go," said {h}. "I do not know anybody there."

"Every child feels like that on the first day," said {his} mother.
{his} mother kissed {him}. "You will see, it will be fine," she said.

---

{at}, there were so many children. {h} stood by the door and did not know where to go.
{at}, it was loud and full. {h} held {his} {t} tight and looked at the floor.

((
Next to {him} stood {fintro}. {f} was crying quietly.
Then {he} saw {fintro} who looked just as frightened.

"Are you afraid, too?" asked {h}.
Suddenly {h} was not thinking of {himself} any more. "Can I help you?" {he} asked.

{f} nodded. "I forgot my {t} at home," {fhe} whispered.
"Yes," said {f}, "and I have lost my {t}."

"We can share mine," said {h}.
{h} smiled. "Then we will use mine together," {he} said.
||
Then {his} {t} fell down, and everybody looked at {him}. {h} wanted to run away.
{h} stumbled, and the {t} flew across the room. {his} face turned red.

But {fintro} picked it up. "I stumbled, too, this morning," said {f}.
But {fintro} came over and gave it back. "Do not worry," said {f}.

"You can sit with me," {fhe} said.
"There is a free chair next to mine," {fhe} said.
))

? So the two sat side by side, and the teacher told them a funny story.
They sat down together, and soon the lesson began. It was fun!
They learned a song about the days of the week, and {h} sang along.

? When the bell rang, {h} did not want to go home yet.
The day went by so fast that {h} was surprised when it was over.

"How was it?" asked {his} mother. "Wonderful! I have a friend," said {h}.
That evening, {h} said, "I hope it is morning soon. I want to go back!"
{h} had learned that others are often afraid, too, and that it helps to be kind.
"""),
    Plot("sick_friend", hero="child animal role", thing="", place="=garden,meadow,park,forest,market,orchard,field,bakery,kitchen,beach,lake,hill",
         themes="visiting a sick friend|a friend who is ill|cheering up a friend",
         asks="visits a sick friend|brings {food} to a sick friend|cheers up a friend who is ill", text="""
{OPEN} who played {at} with {his} friend {fn} every day.
{OPEN}. Every day {he} met {his} friend {fn} {at}.
{h} was {akid} who had a very good friend. The friend's name was {f}, and they often met {at}.

{ONEDAY}, {h} waited {at}, but {f} did not come.
{ONEDAY}, {f} was not there. {h} waited for a long time.

"{f} is ill and must stay in bed," said a neighbour.
Then {h} heard that {f} was ill.
At last {h} heard the news: {f} had a bad cold and could not go out.

"Poor {f}!" said {h}. "It is so boring to be in bed all day."
{h} was worried. {he} thought about what {he} could do.
? {h} remembered how {f} had helped {him} when {he} was ill.

---

So {he} packed {some} into a basket and went to see {f}.
{h} got {some} and put a bunch of flowers next to it. Then {he} set off.
First {h} made a card with a bright sun on it. Then {he} packed {some}.

? {f} lay in bed with a red nose and looked very pale.
{f} was lying under three blankets and did not smile.
When {h} came in, {f} only said, "Hello," in a weak voice.

"I have brought you something," said {h}. "Look, {food}!"
{h} put the basket on the bed. "Here is something to make you strong," {he} said.

((
{f} ate a little bit, and then a little more.
{f} tried some of the {food} and began to smile.

Then {h} told {fhim} everything that had happened {at}.
Then {h} made a puppet show with two old socks.

{f} laughed so much that {fhe} forgot {fhis} cold.
It was so funny that {f} had to hold {fhis} stomach.
||
"I cannot see {p} from here," said {f} sadly.
"What I miss most is being {at}," said {f}.

So {h} took paper and paint and made a big picture of {p}.
The next day, {h} came again and brought leaves and flowers and put them all around the bed.

"Now you can be there in your thoughts," said {h}.
"If you cannot go out, the world must come to you," said {h}.
))

{h} came every day, and every day {f} felt a little better.
After a few days, {f} was well again.

Soon they met {at} again and ran about in the sun.
"You were the best medicine," said {f}.
And when {h} had a cold in the autumn, {f} came with a basket and a smile.
"""),
    Plot("promise", hero="child animal role", place="wild town", thing="",
         themes="keeping a promise|a promise|being a good friend",
         asks="keeps a promise|makes a promise to a friend|forgets a promise", text="""
{OPEN} who had many friends.
{OPEN}. {he} liked to say yes to everybody.
{h} was {akid} who always had a lot to do.

{ONEDAY}, {his} friend {fn} asked, "Will you help me to carry wood tomorrow?" "Yes, I promise," said {h}.
{ONEDAY}, {his} friend {fn} said, "Tomorrow I must paint my fence. Can you help me?" "Of course! I promise," said {h}.
{ONEDAY}, {h} said to {his} friend {fn}, "I will come tomorrow and help you to pick apples. I promise!"

The next morning, the sun was shining, and {h} wanted to go to {p}.
But the next day was so beautiful that {h} only thought of {p}.
But in the morning somebody called, "Come with us to {p}! There is a show today!"

? "{f} can wait," {he} thought and went off.
{h} thought for a moment. "I can help {f} some other day," {he} said.

---

It was lovely {at}, but {h} could not enjoy it.
{h} played and laughed {at}. But then {he} thought of {f}.

((
? In {his} mind {he} saw how {f} was waiting and looking down the road.
"A promise is a promise," a small voice inside {him} said.

"I must go," {he} told the others and ran as fast as {he} could.
{h} stood up. "I have forgotten something important," {he} said and ran off.

{f} was already at work, all alone. {fhe} looked tired and sad.
When {he} came to {f}'s house, {f} was sitting on the steps.

"I am late, but I am here," said {h}. "Please forgive me."
"I am sorry," said {h}. "I gave you my word, and I almost broke it."
||
In the evening, {h} met {f} on the road. {f} was very tired, for {fhe} had done it all alone.
On the way home, {he} saw {f}, who had worked alone all day.

"I waited for you," said {f}. That was all, but it hurt {h} more than angry words.
"You gave me your word," said {f} quietly.

{h} felt ashamed. "I was wrong. Tomorrow I will come, and nothing will stop me," {he} said.
"I am so sorry," said {h}. "Let me make it good again."

The next morning, {h} was there before the sun was up.
And the next day, {h} came very early and did most of the work.
))

They worked side by side, and with two it went quickly.
Together they finished the work, and it was even fun.
{h} worked hard until everything was done.

? {f} smiled again. "Now I know that I can trust you," {fhe} said.
"Thank you," said {f}. "Now let us go to {p} together!"

From that day on, {h} thought first before {he} promised something. And what {he} promised, {he} did.
{h} learned that a kept promise is the best gift for a friend.
"""),
)
