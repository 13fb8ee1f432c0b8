"""Stories from a request, continuations of a beginning, and stories alone.

    python -m corpus.stories --seed 1 --count 20 [--kind story] [--plot lost_thing]
"""

from __future__ import annotations

import argparse
import re
from random import Random

from . import story_plots_a, story_plots_b, story_plots_c, story_plots_d, story_plots_e, story_plots_f, story_plots_g
from .example import Example, chat, either_case, pick
from .story_cast import draw_slots
from .story_plot import Plot, Slots, parse, render, repeats
from .story_request import request_for

PLOTS: tuple[Plot, ...] = (story_plots_a.PLOTS + story_plots_b.PLOTS + story_plots_c.PLOTS + story_plots_d.PLOTS
                           + story_plots_e.PLOTS + story_plots_f.PLOTS + story_plots_g.PLOTS)
SECTIONS = {plot.name: parse(plot.text) for plot in PLOTS}

WORDS_MIN = 55
WORDS_MAX = 165
RENDERINGS = 3
"""So many tellings of the same slots are tried before other slots are drawn."""

BEDTIME = (
    "When bedtime came, {h} fell asleep with a smile. Good night!", "And now it is time to sleep, too. Good night!",
    "Soon {h} closed {his} eyes and slept until morning. Good night!", "Then {h} went to bed and dreamed sweet dreams.",
    "Before long, {h} was fast asleep. Sleep well!")

CONTINUE = (
    "Continue this story: {x}", "Continue the story: {x}", "Please continue this story: {x}",
    "How does this story go on? {x}", "How does this go on? {x}", "What happens next? {x}",
    "Here is the beginning of a story. Please write the rest: {x}", "Finish this story: {x}",
    "Can you finish this story? {x}", "Please finish the story for me: {x}", "Write the rest of this story: {x}",
    "Go on with this story: {x}", "{x} What happens next?", "{x} How does the story go on?",
    "This is how my story begins: {x} Please go on.", "Complete this story: {x}", "Tell me how this ends: {x}",
    "{x} Please continue.", "Could you continue this story? {x}", "My story starts like this: {x} What comes next?")


def _holds(story: str, words: list[str]) -> bool:
    """True if each word occurs as a word of its own (a plural or possessive counts)."""
    return all(re.search(r"\b" + re.escape(word) + r"(s|'s)?\b", story, re.IGNORECASE) for word in words)


def _well_made(story: str, slots: Slots) -> bool:
    return (WORDS_MIN <= len(story.split()) <= WORDS_MAX and not repeats(story)
            and len(re.findall(r"\b" + re.escape(slots.hero.name) + r"\b", story)) >= 2)


def _answers(story: str, slots: Slots, asked: list[str], closing: str) -> bool:
    """True if the story may be used: it holds what was asked for, and nobody falls asleep twice at its end."""
    asleep = closing and re.search(r"\b(sleep|asleep|slept)\b", story[:-len(closing)][-120:])
    return not asleep and _well_made(story, slots) and _holds(story, asked)


def draw_story(rng: Random, plot: Plot | None = None) -> tuple[Plot, Slots, str, list[str], str]:
    """A request with its story: (plot, slots, request, asked words, story). Draws again until all is as it must be."""
    while True:
        plot_drawn = plot or pick(rng, PLOTS)
        slots = draw_slots(rng, plot_drawn)
        request, asked, bedtime = request_for(rng, plot_drawn, slots)
        closing = pick(rng, BEDTIME) if bedtime else ""
        for _ in range(RENDERINGS):
            story = render(rng, SECTIONS[plot_drawn.name], slots, closing)
            if _answers(story, slots, asked, closing):
                return plot_drawn, slots, request, asked, story


def story(rng: Random) -> Example:
    """A request and its story."""
    _, _, request, asked, text = draw_story(rng)
    return chat("story", request, text, "story:" + request.lower(), {"story": asked})


def plain_story(rng: Random) -> Example:
    """A story alone, with no request and no template around it."""
    *_, text = draw_story(rng)
    return Example("plain_story", (("text", text),), "plain_story:" + text[:120].lower())


def split_beginning(text: str, count: int) -> tuple[str, str]:
    """The first `count` sentences and the rest."""
    cuts = [match.end() + (text[match.end()] == '"') for match in re.finditer(r'[.!?](?="? ["A-Z]|"?\n)', text)]
    cuts = [cut for cut in cuts if text[:cut].count('"') % 2 == 0]  # never inside of what somebody says
    cut = cuts[min(count, len(cuts)) - 1]
    return text[:cut], text[cut:].strip()


def continuation(rng: Random) -> Example:
    """The beginning of a story, and how it goes on."""
    plot, slots, _, _, text = draw_story(rng)
    beginning, rest = split_beginning(text, 1 + rng.randrange(3))
    request = either_case(rng, pick(rng, CONTINUE).replace("{x}", beginning))
    named = [word for word in (slots.hero.name, slots.friend and slots.friend.name, slots.thing) if word]
    asked = [word for word in named if _holds(beginning, [word]) and _holds(rest, [word])]
    return chat("continuation", request, rest, "continuation:" + beginning.lower(), {"story": asked})


KINDS = {"story": story, "continuation": continuation, "plain_story": plain_story}


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints stories to look at.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--kind", choices=sorted(KINDS), default="story")
    parser.add_argument("--plot", help="only this plot", choices=sorted(SECTIONS))
    arguments = parser.parse_args()
    rng = Random(arguments.seed)
    for _ in range(arguments.count):
        if arguments.plot:
            plot = next(plot for plot in PLOTS if plot.name == arguments.plot)
            _, _, request, asked, text = draw_story(rng, plot)
            print(f"> {request}   {asked}\n{text}\n")
            continue
        example = KINDS[arguments.kind](rng)
        for role, text in example.messages:
            print(("> " if role == "user" else "") + text)
        print(example.check, "\n")


if __name__ == "__main__":
    main()
