#!/usr/bin/env python3
"""Conversations whose last message is left open, as transformers leaves it for continue_final_message.

    python3 tools/goldens/continued_chats.py FOLDER_WITH_JINJA_FILES tests/data/continued_chats.json

Writes {template: [[bytes, the last characters] or null, ...]}, one for each of CONVERSATIONS; null where the template
raises or does not show the message. Needs PyPI's jinja2.
"""
import copy
import json
import pathlib
import sys

from jinja_environment import NOW_UNIX_S, make_environment, render

MARK = "CONTINUE_FINAL_MESSAGE_TAG "

CONVERSATIONS = [
    [{"role": "user", "content": "Count."}, {"role": "assistant", "content": "One, two,"}],
    [{"role": "user", "content": "Count."}, {"role": "assistant", "content": "One, two, \n"}],
    [
        {"role": "user", "content": "Count."},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "Again <|im_end|>."},
        {"role": "assistant", "content": "O <|im_end|> ne"},
    ],
]


def left_open(environment, source, messages):
    messages = copy.deepcopy(messages)
    messages[-1]["content"] += MARK
    variables = {"messages": messages, "add_generation_prompt": False, "bos_token": "<bos>", "eos_token": "<eos>"}
    text = render(environment, source, variables).get("output")
    if text is None or MARK.strip() not in text:
        return None
    at = text.rindex(MARK.strip())
    text = text[:at] if text[at : at + len(MARK)] == MARK else text[:at].rstrip()
    return [len(text.encode()), text[-160:]]


def main():
    folder, out = map(pathlib.Path, sys.argv[1:3])
    environment = make_environment()
    results = {}
    for path in sorted(folder.glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        results[path.stem] = [left_open(environment, source, messages) for messages in CONVERSATIONS]
    golden = {"now_unix_s": NOW_UNIX_S, "conversations": CONVERSATIONS, "outputs": results}
    out.write_text(json.dumps(golden, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")


main()
