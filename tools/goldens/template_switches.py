#!/usr/bin/env python3
"""What jinja2 renders for chat templates with tools, thinking and effort switched on and off, as checksums: the texts are
the templates' own.

    python3 tools/goldens/template_switches.py FOLDER_WITH_JINJA_FILES tests/data/template_switches.json
    python3 tools/goldens/template_switches.py FOLDER_WITH_JINJA_FILES --show TEMPLATE CONVERSATION SWITCHES

Writes {template: {conversation: [a result for each of the switches]}}: the CRC-32 of the text in hexadecimal, "raised"
where the template refuses, "error" where it fails, null where it reads no variable of the switch. --show prints one of
them whole. Needs PyPI's jinja2.
"""
import functools
import itertools
import json
import pathlib
import sys
import zlib

from chat_templates import CONVERSATIONS, TIME_TOOL, WEATHER_TOOL, variables
from jinja_environment import NOW_UNIX_S, make_environment, render

# Those that read the switches.
NAMES = [
    "user",
    "system and user",
    "several turns",
    "several turns without generation prompt",
    "thinking in the answer",
    "reasoning field",
    "tool call and result",
    "two calls, two results, answer",
    "arguments as a string",
]

TOOLS = [{}, {"tools": [WEATHER_TOOL, TIME_TOOL]}]
# Templates call the switch by one of these names.
THINKING = [{}] + [{"enable_thinking": on, "thinking": on} for on in (True, False)]
EFFORT = [{}, {"reasoning_effort": "low"}, {"reasoning_effort": "high"}]
SWITCHES = [{**tools, "extra": {**thinking, **effort}} for tools, thinking, effort in itertools.product(TOOLS, THINKING, EFFORT)]


def conversation_of(name, switches):
    conversation = {key: value for key, value in CONVERSATIONS[name].items() if key not in ("tools", "extra")}
    return {**conversation, **switches}


def reads(source, switches):
    return all(name in source for name in switches["extra"] if name != "enable_thinking")


def result_of(environment, source, name, switches):
    if not reads(source, switches):
        return None
    rendered = render(environment, source, variables(conversation_of(name, switches)))
    if "output" not in rendered:
        return "raised" if "raised" in rendered else "error"
    return f"{zlib.crc32(rendered['output'].encode()):08x}"


def show(folder, template, name, index):
    source = (folder / f"{template}.jinja").read_bytes().decode()
    rendered = render(make_environment(), source, variables(conversation_of(name, SWITCHES[int(index)])))
    print(rendered.get("output", rendered), end="")


def write(folder, out):
    environment = make_environment()
    environment.from_string = functools.cache(environment.from_string)
    results = {}
    for path in sorted(folder.glob("*.jinja")):
        source = path.read_bytes().decode()
        results[path.stem] = {
            name: [result_of(environment, source, name, switches) for switches in SWITCHES] for name in NAMES
        }
    conversations = {name: conversation_of(name, {}) for name in NAMES}
    golden = {"now_unix_s": NOW_UNIX_S, "conversations": conversations, "switches": SWITCHES, "results": results}
    out.write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    each = [result for of in results.values() for row in of.values() for result in row if result is not None]
    refused = sum(result in ("raised", "error") for result in each)
    print(f"{len(results)} templates, {len(each)} results, {refused} of them refusals")


def main():
    folder = pathlib.Path(sys.argv[1])
    if sys.argv[2] == "--show":
        show(folder, *sys.argv[3:6])
    else:
        write(folder, pathlib.Path(sys.argv[2]))


main()
