"""Sums with small numbers: the request has many forms, the answer one ("17 + 25 = 42.").

The split: a sum of two larger numbers is either trained on or judged, whatever its wording, so that a right answer was
worked out. What everybody knows by heart (sums up to 10 + 10, the multiplication table, doubles, halves) must all be
trained on, so there the wording belongs to the key, and what is judged is an unseen wording.
"""

from __future__ import annotations

from random import Random

from .arithmetic_stories import word_problem
from .arithmetic_words import (
    ADD, AFTER, BEFORE, COUNT_DOWN, COUNT_UP, DIVIDE, DOUBLE, HALF, LARGER, MULTIPLY, NUMBER_WORDS, SMALLER, SUBTRACT,
    TOO_BIG, TOO_BIG_PRODUCT,
)
from .example import Example, chat, either_case, pick, sentence
from .question_samples import print_samples

BY_HEART_MAX = 10
KIND_OF = {"add": "addition", "sub": "subtraction", "mul": "multiplication", "div": "division", "double": "double",
           "half": "half", "next": "next_number", "previous": "previous_number"}
BELOW_ZERO_ANSWER = "That is less than 0. I only know numbers from 0 to 100."
TOO_BIG_ANSWER = "That is too big for me. I only know numbers up to 100."


def worded(rng: Random, wording: str, *numbers: int) -> str:
    """The wording with its numbers: digits mostly; where no sign is used, small numbers now and then as words."""
    signs = any(sign in wording for sign in ("+", "-", "*", ":", "=", "{a}x", " x "))
    spoken = not signs and max(numbers) < len(NUMBER_WORDS) and rng.random() < 0.15
    shown = [NUMBER_WORDS[number] if spoken else str(number) for number in numbers]
    return either_case(rng, sentence(wording.format(**dict(zip("ab", shown))))).rstrip()


def sum_example(rng: Random, operation: str, wordings: tuple[str, ...], a: int, b: int, answer: str) -> Example:
    """One operation on a and b; the wordings hold {a} and {b}."""
    wording = pick(rng, wordings)
    request = worded(rng, wording, a, b)
    key = f"{operation}:{a}:{b}"
    if operation in ("mul", "div") or max(a, b) <= BY_HEART_MAX:
        key += ":" + wording
    return chat(KIND_OF[operation], request, answer, key, {"exact": answer})


def small_or_large_pair(rng: Random) -> tuple[int, int]:
    """Half of the time both are at most 20, a fifth at most 10; of the others nearly all have a sum of at most 100."""
    draw = rng.random()
    if draw < 0.2:
        return rng.randrange(11), rng.randrange(11)
    if draw < 0.5:
        return rng.randrange(21), rng.randrange(21)
    if draw < 0.56:
        return rng.randrange(20, 101), rng.randrange(20, 101)
    total = rng.randrange(20, 101)
    a = rng.randrange(total + 1)
    return a, total - a


def addition(rng: Random) -> Example:
    a, b = small_or_large_pair(rng)
    return sum_example(rng, "add", ADD, a, b, f"{a} + {b} = {a + b}.")


def subtraction(rng: Random) -> Example:
    b, result = small_or_large_pair(rng)
    a = b + result
    return sum_example(rng, "sub", SUBTRACT, a, b, f"{a} - {b} = {result}.")


def multiplication(rng: Random) -> Example:
    a, b = rng.randrange(11), rng.randrange(11)
    return sum_example(rng, "mul", MULTIPLY, a, b, f"{a} x {b} = {a * b}.")


def division(rng: Random) -> Example:
    """Only what comes out even, from the multiplication table."""
    b, result = rng.randrange(1, 11), rng.randrange(1, 11)
    a = b * result
    return sum_example(rng, "div", DIVIDE, a, b, f"{a} divided by {b} is {result}.")


def one_number(rng: Random, operation: str, wordings: tuple[str, ...], number: int, answer: str) -> Example:
    """What is asked about one number is known by heart: the wording is in the key."""
    wording = pick(rng, wordings)
    request = worded(rng, wording, number)
    return chat(KIND_OF[operation], request, answer, f"{operation}:{number}:{wording}", {"exact": answer})


def double(rng: Random) -> Example:
    number = rng.randrange(1, 21 if rng.random() < 0.6 else 51)
    return one_number(rng, "double", DOUBLE, number, f"Double {number} is {2 * number}.")


def half(rng: Random) -> Example:
    result = rng.randrange(1, 21 if rng.random() < 0.6 else 51)
    return one_number(rng, "half", HALF, 2 * result, f"Half of {2 * result} is {result}.")


def next_number(rng: Random) -> Example:
    number = rng.randrange(0, 20 if rng.random() < 0.4 else 100)
    return one_number(rng, "next", AFTER, number, f"After {number} comes {number + 1}.")


def previous_number(rng: Random) -> Example:
    number = rng.randrange(1, 21 if rng.random() < 0.4 else 101)
    return one_number(rng, "previous", BEFORE, number, f"Before {number} comes {number - 1}.")


def compare(rng: Random) -> Example:
    """Which of two different numbers is larger, or smaller."""
    top = 21 if rng.random() < 0.5 else 101
    a, b = rng.sample(range(top), 2)
    if rng.random() < 0.6:
        wordings, answer = LARGER, f"{max(a, b)} is larger than {min(a, b)}."
    else:
        wordings, answer = SMALLER, f"{min(a, b)} is smaller than {max(a, b)}."
    request = worded(rng, pick(rng, wordings), a, b)
    return chat("compare_numbers", request, answer, f"compare:{a}:{b}", {"exact": answer})


def counting(rng: Random) -> Example:
    """From one number to another, at most ten of them, up or down."""
    start = 1 if rng.random() < 0.4 else rng.randrange(0, 40)
    length = rng.randrange(3, 11)
    numbers = list(range(start, start + length))
    wordings = COUNT_UP
    if rng.random() < 0.25:
        numbers.reverse()
        wordings = COUNT_DOWN
    answer = ", ".join(map(str, numbers)) + "."
    wording = pick(rng, wordings)
    request = worded(rng, wording, numbers[0], numbers[-1])
    key = f"count:{numbers[0]}:{numbers[-1]}"
    if start == 1:
        key += ":" + wording
    return chat("counting", request, answer, key, {"exact": answer})


def beyond(rng: Random) -> tuple[int, int]:
    """Two numbers of which one has three to six digits."""
    digits = rng.randrange(3, 7)
    large = rng.randrange(max(201, 10 ** (digits - 1)), 10 ** digits)
    other = rng.randrange(2, 10 ** rng.randrange(1, 6))
    return (large, other) if rng.random() < 0.6 else (other, large)


def too_big(rng: Random) -> Example:
    """A number that it has not learned about: it says so instead of guessing."""
    answer, draw = TOO_BIG_ANSWER, rng.random()
    if draw < 0.2:
        wordings, (a, b) = TOO_BIG_PRODUCT, (rng.randrange(11, 100), rng.randrange(11, 100))
    elif draw < 0.35:
        wordings, answer = SUBTRACT, BELOW_ZERO_ANSWER
        a, b = sorted(rng.sample(range(21 if rng.random() < 0.5 else 101), 2))
    else:
        wordings, (a, b) = TOO_BIG, beyond(rng)
    wording = pick(rng, wordings)
    if "difference" in wording:  # which has no sign: it would not be below zero
        wording = "What is {a} - {b}?"
    request = worded(rng, wording, a, b)
    return chat("too_big", request, answer, f"too_big:{a}:{b}", {"exact": answer})


KINDS = {
    "addition": addition,
    "subtraction": subtraction,
    "multiplication": multiplication,
    "division": division,
    "double": double,
    "half": half,
    "word_problem": word_problem,
    "next_number": next_number,
    "previous_number": previous_number,
    "compare_numbers": compare,
    "counting": counting,
    "too_big": too_big,
}

if __name__ == "__main__":
    print_samples(KINDS)
