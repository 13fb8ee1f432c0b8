"""Judges a model by what a running quire answers with it.

    python evaluate.py --quire ../../build/release/quire --model ../../models/quire-tiny.gguf [--json build/judged.json]
    python evaluate.py --host 127.0.0.1:11434 --model quire-tiny

Three parts: held-out requests of each kind with greedy decoding; sampled stories; and whether requests get the same
answers together as they do alone. The held-out loss is train.py's: `python train.py --data ... --out ... --held-out`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from corpus.example import Example
from corpus.lists import list_is_right
from corpus.mix import generate_kind, makers
from corpus.story_plot import repeats

SEED = 900_000_001
"""Not that of data.py's held-out rows, by which learning rates and sizes may have been chosen."""

STORY_OPTIONS = {"temperature": 0.8}
TOKENS_MAX = 600
TOGETHER = 32
START_SECONDS_MAX = 30


@dataclass(frozen=True)
class Answer:
    text: str
    done_reason: str
    tokens: int

    @property
    def ended_by_itself(self) -> bool:
        return self.done_reason == "stop"


class Client:
    """One server and one of its models; may be shared by threads, since every request has a connection of its own."""

    def __init__(self, host: str, model: str):
        self.host, self.model = host, model

    def ask(self, example: Example, options: dict) -> Answer:
        """What the model answers in place of the example's own last message."""
        messages = [{"role": role, "content": text} for role, text in example.messages[:-1]]
        options = {"num_predict": TOKENS_MAX, **options}
        body = {"model": self.model, "messages": messages, "stream": False, "options": options}
        connection = http.client.HTTPConnection(self.host, timeout=600)
        try:
            connection.request("POST", "/api/chat", json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            found = json.loads(response.read())
        finally:
            connection.close()
        if "error" in found:
            raise SystemExit(f"{self.host}: {found['error']}")
        return Answer(found["message"]["content"], found["done_reason"], found["eval_count"])

    def ask_all(self, examples: list[Example], options: list[dict], together: int) -> list[Answer]:
        with ThreadPoolExecutor(together) as pool:
            return list(pool.map(self.ask, examples, options))


def names(answer: str, word: str) -> bool:
    """True if the word occurs as one of its own; its plural and possessive count."""
    return re.search(r"\b" + re.escape(word) + r"(s|'s)?\b", answer, re.IGNORECASE) is not None


def story_faults(answer: Answer, words: list[str]) -> list[str]:
    faults = []
    if not all(names(answer.text, word) for word in words):
        faults.append("does not name everything")
    if not answer.ended_by_itself:
        faults.append("does not end")
    if repeats(answer.text):
        faults.append("repeats a sentence")
    return faults


def is_right(answer: Answer, check: dict) -> bool:
    """Judges by an example's check (corpus/example.py); an answer that does not end is never right."""
    text = answer.text.strip()
    if not answer.ended_by_itself:
        return False
    if "story" in check:
        return not story_faults(answer, check["story"])
    if "accept" in check:
        return text in check["accept"]
    if "exact" in check:
        return text == check["exact"]
    if "list" in check:
        return list_is_right(text, check["list"], check["of"])
    if "contains" in check:
        return all(part.lower() in text.lower() for part in check["contains"])
    raise ValueError(f"an unknown check: {check}")


def distinct(kind: str, count: int) -> list[Example]:
    """At most `count` held-out examples whose prompts differ; a kind of few requests has fewer."""
    found: dict[tuple, Example] = {}
    for example in generate_kind(kind, SEED, 5 * count, held_out_wanted=True):
        if example.check:
            found.setdefault(example.messages[:-1], example)
        if len(found) == count:
            break
    return list(found.values())


def judge_kinds(client: Client, count: int) -> dict[str, dict]:
    results = {}
    for kind in makers():
        examples = distinct(kind, count)
        if not examples:
            continue  # plain text has nothing to judge
        answers = client.ask_all(examples, [{"temperature": 0.0}] * len(examples), 8)
        wrong = [
            {"prompt": example.messages[-2][1], "expected": example.messages[-1][1], "found": answer.text}
            for example, answer in zip(examples, answers)
            if not is_right(answer, example.check)
        ]
        results[kind] = {"prompts": len(examples), "right": len(examples) - len(wrong), "wrong": wrong}
        print(f"{kind}: {results[kind]['right']} of {len(examples)}", flush=True)
    return results


def judge_stories(client: Client, count: int) -> dict:
    examples = distinct("story", count)
    answers = client.ask_all(examples, [{**STORY_OPTIONS, "seed": seed} for seed in range(len(examples))], 8)
    faults = [story_faults(answer, example.check["story"]) for example, answer in zip(examples, answers)]
    kinds = ("does not name everything", "does not end", "repeats a sentence")
    return {
        "stories": len(examples),
        "name_everything": sum(kinds[0] not in fault for fault in faults),
        "end_by_themselves": sum(kinds[1] not in fault for fault in faults),
        "repeat_no_sentence": sum(kinds[2] not in fault for fault in faults),
        "all_three": sum(not fault for fault in faults),
        "different": len({answer.text for answer in answers}),
        "mean_tokens": round(sum(answer.tokens for answer in answers) / max(1, len(answers)), 1),
        "faulty": [
            {"prompt": example.messages[-2][1], "faults": fault, "found": answer.text}
            for example, answer, fault in zip(examples, answers, faults)
            if fault
        ],
        "samples": [
            {"prompt": example.messages[-2][1], "found": answer.text} for example, answer in zip(examples[:8], answers)
        ],
    }


def judge_equality(client: Client) -> dict:
    """The same requests one at a time and all at once; half of them greedy, half sampled."""
    kinds = ("story", "continuation", "list", "addition")
    per_kind = TOGETHER // len(kinds)
    examples = [example for kind in kinds for example in distinct(kind, per_kind)]
    options = [
        {"temperature": 0.0} if index % 2 else {**STORY_OPTIONS, "seed": 1000 + index} for index in range(len(examples))
    ]
    begin = time.monotonic()
    alone = client.ask_all(examples, options, 1)
    between = time.monotonic()
    together = client.ask_all(examples, options, len(examples))
    end = time.monotonic()
    return {
        "requests": len(examples),
        "equal": sum(first == second for first, second in zip(alone, together)),
        "seconds_alone": round(between - begin, 2),
        "seconds_together": round(end - between, 2),
    }


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def table(result: dict) -> str:
    lines = ["| ability | held-out prompts | right |", "|---|---|---|"]
    for kind, judged in result["kinds"].items():
        lines.append(f"| {kind} | {judged['prompts']} | {percent(judged['right'], judged['prompts'])} |")
    stories, equality = result["stories"], result["equality"]
    lines += ["", f"| {stories['stories']} sampled stories, temperature 0.8 | share |", "|---|---|"]
    for name in ("name_everything", "end_by_themselves", "repeat_no_sentence", "all_three", "different"):
        lines.append(f"| {name.replace('_', ' ')} | {percent(stories[name], stories['stories'])} |")
    lines += [
        "",
        f"{equality['equal']} of {equality['requests']} answers are equal alone ({equality['seconds_alone']} s) and all "
        f"at once ({equality['seconds_together']} s).",
    ]
    return "\n".join(lines)


@contextmanager
def served(quire: Path, model: Path, threads: int) -> Iterator[Client]:
    """A server of its own on a free port, stopped at the end."""
    environment = {**os.environ, "QUIRE_NUM_PARALLEL": str(TOGETHER)}
    command = [quire, "serve", "--port", "0", "--model", f"judged={model}", "--threads", str(threads)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, env=environment)
        try:
            yield Client(address_of(process, log), "judged")
        finally:
            process.terminate()
            process.wait()


def address_of(process: subprocess.Popen, log) -> str:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        log.seek(0)
        if found := re.search(r"listens on http://(\S+)", log.read()):
            return found[1]
        time.sleep(0.05)
    log.seek(0)
    raise SystemExit(f"the server did not start:\n{log.read()}")


def judge(client: Client, arguments: argparse.Namespace) -> None:
    result = {
        "kinds": judge_kinds(client, arguments.count),
        "stories": judge_stories(client, arguments.stories),
        "equality": judge_equality(client),
    }
    print("\n" + table(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description="Judges a model by what quire answers with it.")
    parser.add_argument("--model", required=True, help="with --quire a GGUF file, with --host a model's name")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--host", help="of a running server, HOST:PORT")
    place.add_argument("--quire", type=Path, help="the program, to start a server with")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the server that --quire starts")
    parser.add_argument("--count", type=int, default=200, help="held-out prompts of each kind")
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--json", type=Path, help="also every wrong answer, for reading")
    arguments = parser.parse_args()
    if arguments.host:
        judge(Client(arguments.host, arguments.model), arguments)
    else:
        with served(arguments.quire, Path(arguments.model), arguments.threads) as client:
            judge(client, arguments)


if __name__ == "__main__":
    main()
