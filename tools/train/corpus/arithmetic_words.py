"""How people ask for a sum. {a} and {b} are the numbers."""

NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)

ADD = (
    "What is {a} + {b}?", "What is {a} + {b}?", "{a} + {b}", "{a} + {b} =", "{a} + {b} = ?", "{a}+{b}", "{a}+{b}=",
    "What's {a} + {b}?", "What's {a}+{b}?", "What is {a}+{b}?", "What is {a} plus {b}?", "What's {a} plus {b}?",
    "{a} plus {b}", "How much is {a} + {b}?", "How much is {a} plus {b}?", "How much is {a} and {b}?",
    "Add {a} and {b}.", "Add {b} to {a}.", "Please add {a} and {b}.", "Can you add {a} and {b}?",
    "Could you add {a} and {b} for me?", "What is the sum of {a} and {b}?", "Give me the sum of {a} and {b}.",
    "What do you get when you add {a} and {b}?", "Calculate {a} + {b}.", "Compute {a} + {b}.", "Work out {a} + {b}.",
    "Can you work out {a} plus {b}?", "Tell me what {a} + {b} is.", "Can you tell me what {a} plus {b} is?",
    "Solve this: {a} + {b}", "What does {a} + {b} equal?", "{a} + {b} is how much?", "I need help with {a} + {b}.",
    "Do you know what {a} + {b} is?", "Here is a sum: {a} + {b} = ?", "What do {a} and {b} make together?",
)

SUBTRACT = (
    "What is {a} - {b}?", "What is {a} - {b}?", "{a} - {b}", "{a} - {b} =", "{a} - {b} = ?", "{a}-{b}", "{a}-{b}=",
    "What's {a} - {b}?", "What's {a}-{b}?", "What is {a}-{b}?", "What is {a} minus {b}?", "What's {a} minus {b}?",
    "{a} minus {b}", "How much is {a} - {b}?", "How much is {a} minus {b}?", "How much is {a} take away {b}?",
    "Take {b} away from {a}.", "Subtract {b} from {a}.", "Please subtract {b} from {a}.",
    "Can you subtract {b} from {a}?", "Could you take {b} away from {a} for me?",
    "What is the difference between {a} and {b}?", "What do you get when you take {b} from {a}?",
    "Calculate {a} - {b}.", "Compute {a} - {b}.", "Work out {a} - {b}.", "Can you work out {a} minus {b}?",
    "Tell me what {a} - {b} is.", "Can you tell me what {a} minus {b} is?", "Solve this: {a} - {b}",
    "What does {a} - {b} equal?", "{a} - {b} is how much?", "I need help with {a} - {b}.",
    "Do you know what {a} - {b} is?", "Here is a sum: {a} - {b} = ?", "What is left if you take {b} from {a}?",
)

MULTIPLY = (
    "What is {a} x {b}?", "What is {a} x {b}?", "{a} x {b}", "{a} x {b} =", "{a} x {b} = ?", "{a}x{b}", "{a} * {b}",
    "{a}*{b}", "{a} * {b} =", "What's {a} x {b}?", "What is {a} * {b}?", "What's {a} * {b}?", "What is {a}*{b}?",
    "What is {a} times {b}?", "What's {a} times {b}?", "{a} times {b}", "How much is {a} x {b}?",
    "How much is {a} times {b}?", "Multiply {a} by {b}.", "Multiply {a} and {b}.", "Please multiply {a} by {b}.",
    "Can you multiply {a} by {b}?", "What is the product of {a} and {b}?", "What is {a} multiplied by {b}?",
    "What do you get when you multiply {a} by {b}?", "Calculate {a} x {b}.", "Compute {a} * {b}.",
    "Work out {a} x {b}.",
    "Tell me what {a} x {b} is.", "Can you tell me what {a} times {b} is?", "Solve this: {a} x {b}",
    "Do you know what {a} times {b} is?", "What does {a} x {b} equal?",
)

DIVIDE = (
    "What is {a} divided by {b}?", "What's {a} divided by {b}?", "{a} divided by {b}", "Divide {a} by {b}.",
    "Please divide {a} by {b}.", "Can you divide {a} by {b}?", "How much is {a} divided by {b}?",
    "What do you get when you divide {a} by {b}?", "Calculate {a} divided by {b}.", "Work out {a} divided by {b}.",
    "Tell me what {a} divided by {b} is.", "Can you tell me what {a} divided by {b} is?", "{a} : {b}", "{a} : {b} =",
    "What is {a} : {b}?", "How many times does {b} go into {a}?", "Could you divide {a} by {b} for me?",
)

DOUBLE = (
    "What is double {a}?", "What's double {a}?", "Double {a}.", "Double the number {a}.", "What is the double of {a}?",
    "What is twice {a}?", "What's twice {a}?", "How much is double {a}?", "How much is twice {a}?",
    "Can you double {a}?", "Please double {a}.", "Tell me the double of {a}.", "What do you get when you double {a}?",
    "Can you tell me what double {a} is?", "Could you double {a} for me?", "Work out double {a}.",
)

HALF = (
    "What is half of {a}?", "What's half of {a}?", "Half of {a}?", "What is one half of {a}?",
    "How much is half of {a}?",
    "Tell me half of {a}.", "Give me half of {a}.", "Can you halve {a}?", "Halve {a}.", "Halve the number {a}.",
    "What do you get when you halve {a}?", "Can you tell me what half of {a} is?", "Please halve {a}.",
    "Work out half of {a}.", "If I cut {a} in half, what do I get?",
)

AFTER = (
    "What comes after {a}?", "What number comes after {a}?", "Which number comes after {a}?",
    "What is the next number after {a}?", "What number is next after {a}?", "What comes next after {a}?",
    "Which number follows {a}?", "What number follows {a}?", "Tell me the number after {a}.",
    "Tell me which number comes after {a}.", "I am counting. What comes after {a}?", "What is one more than {a}?",
    "Which number comes right after {a}?", "Can you tell me the number after {a}?", "I counted to {a}. What is next?",
)

BEFORE = (
    "What comes before {a}?", "What number comes before {a}?", "Which number comes before {a}?",
    "What is the number before {a}?", "What comes just before {a}?", "Which number comes right before {a}?",
    "Tell me the number before {a}.", "Tell me which number comes before {a}.", "What is one less than {a}?",
    "Can you tell me the number before {a}?", "I am counting. What comes before {a}?",
    "I am counting down from {a}. What is next?", "What number do I say before {a}?",
)

LARGER = (
    "Which is larger, {a} or {b}?", "Which is bigger, {a} or {b}?", "What is larger, {a} or {b}?",
    "What is bigger, {a} or {b}?", "Which number is larger, {a} or {b}?", "Which number is bigger, {a} or {b}?",
    "Which is more, {a} or {b}?", "Is {a} or {b} larger?", "Is {a} or {b} bigger?", "Which is greater, {a} or {b}?",
    "Tell me which is larger: {a} or {b}.", "Which one is bigger: {a} or {b}?", "{a} or {b}, which is larger?",
    "{a} or {b}: which is bigger?", "Can you tell me which is larger, {a} or {b}?",
    "Which of these numbers is larger: {a}, {b}?", "What is the larger number, {a} or {b}?",
)

SMALLER = (
    "Which is smaller, {a} or {b}?", "What is smaller, {a} or {b}?", "Which number is smaller, {a} or {b}?",
    "Which is less, {a} or {b}?", "Is {a} or {b} smaller?", "Tell me which is smaller: {a} or {b}.",
    "Which one is smaller: {a} or {b}?", "{a} or {b}, which is smaller?", "{a} or {b}: which is smaller?",
    "Can you tell me which is smaller, {a} or {b}?", "Which of these numbers is smaller: {a}, {b}?",
    "What is the smaller number, {a} or {b}?",
)

COUNT_UP = (
    "Count from {a} to {b}.", "Please count from {a} to {b}.", "Can you count from {a} to {b}?", "Count {a} to {b}.",
    "Could you count from {a} to {b} for me?", "Count up from {a} to {b}.", "Say the numbers from {a} to {b}.",
    "List the numbers from {a} to {b}.", "Give me the numbers from {a} to {b}.", "Start at {a} and count to {b}.",
    "What are the numbers from {a} to {b}?", "Write the numbers from {a} to {b}.",
    "Show me how to count from {a} to {b}.",
    "Let us count from {a} to {b}.", "Tell me all numbers from {a} to {b}.",
)

COUNT_DOWN = (
    "Count down from {a} to {b}.", "Please count down from {a} to {b}.", "Can you count down from {a} to {b}?",
    "Count backwards from {a} to {b}.", "Can you count backwards from {a} to {b}?", "Count back from {a} to {b}.",
    "Count from {a} down to {b}.", "Start at {a} and count down to {b}.",
    "Could you count down from {a} to {b} for me?",
)

TOO_BIG = (
    "What is {a} + {b}?", "{a} + {b}", "How much is {a} plus {b}?", "Add {a} and {b}.", "What is {a} - {b}?",
    "{a} - {b}", "What is {a} minus {b}?", "What is {a} x {b}?", "{a} x {b}", "{a} * {b}", "What is {a} times {b}?",
    "Calculate {a} + {b}.", "Calculate {a} * {b}.", "Multiply {a} by {b}.", "What's {a} + {b}?", "What's {a} * {b}?",
    "{a}+{b}", "{a}*{b}", "Can you work out {a} times {b}?", "What is the sum of {a} and {b}?",
)

TOO_BIG_PRODUCT = (
    "What is {a} x {b}?", "{a} x {b}", "{a} * {b}", "{a}*{b}", "What is {a} times {b}?", "What's {a} * {b}?",
    "Calculate {a} * {b}.", "Multiply {a} by {b}.", "How much is {a} times {b}?", "{a} times {b}",
    "Can you tell me what {a} times {b} is?",
)
