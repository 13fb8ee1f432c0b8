"""Makes tests/data/chat_templates/*.json: what jinja2 renders for the templates in a folder.

usage: chat_templates.py FOLDER_WITH_JINJA_FILES OUTPUT_FOLDER
"""

import json
import pathlib
import sys

from jinja_environment import NOW_UNIX_S, make_environment, render

WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a \"city\" & <place>.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city, e.g. Zürich"},
                "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
                "days": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["city"],
        },
    },
}
TIME_TOOL = {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}

USER = {"role": "user", "content": "What is 2+2?"}
SYSTEM = {"role": "system", "content": "Answer briefly."}
ASSISTANT = {"role": "assistant", "content": "It is 4."}
TRICKY = "  \n{{ messages }} {% raise %} {# no #} \"double\" 'single' \\n <b>&amp;</b>\tÜñí 漢字 🙂 <|im_end|></s> \n "
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich \"x\"", "days": [1, 2], "deep": {"a": None, "b": True, "c": 1.5}}}}]}
TWO_CALLS = {"role": "assistant", "content": "Both.", "tool_calls": [
    CALL["tool_calls"][0], {"id": "abcdef124", "type": "function", "function": {"name": "now", "arguments": {}}}]}
RESULT = {"role": "tool", "tool_call_id": "abcdef123", "name": "get_weather", "content": "{\"degrees\": 21}"}
SECOND_RESULT = {"role": "tool", "tool_call_id": "abcdef124", "name": "now", "content": "noon"}
STRING_ARGUMENTS = {"role": "assistant", "content": None, "tool_calls": [
    {"id": "abcdef123", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Bern\"}"}}]}

CONVERSATIONS = {
    "user": {"messages": [USER]},
    "user without generation prompt": {"messages": [USER], "add_generation_prompt": False},
    "system and user": {"messages": [SYSTEM, USER]},
    "several turns": {"messages": [SYSTEM, USER, ASSISTANT, {"role": "user", "content": "Thanks"}]},
    "several turns without generation prompt": {
        "messages": [SYSTEM, USER, ASSISTANT, {"role": "user", "content": "Thanks"}, {"role": "assistant", "content": "Bye"}],
        "add_generation_prompt": False},
    "tricky text": {"messages": [{"role": "system", "content": TRICKY}, {"role": "user", "content": TRICKY},
                                 {"role": "assistant", "content": TRICKY}, {"role": "user", "content": TRICKY}]},
    "empty texts": {"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, USER]},
    "two users in a row": {"messages": [USER, USER]},
    "content in parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Look "}, {"type": "text", "text": "here"}]}]},
    "thinking in the answer": {"messages": [USER, {"role": "assistant", "content": "<think>\nhm\n</think>\n\nFour."}, USER]},
    "reasoning field": {"messages": [USER, {"role": "assistant", "content": "Four.", "reasoning_content": "hm", "thinking": "hm"}]},
    "thinking off": {"messages": [USER], "extra": {"enable_thinking": False, "thinking": False}},
    "tools": {"messages": [SYSTEM, USER], "tools": [WEATHER_TOOL, TIME_TOOL]},
    "tool call and result": {"messages": [USER, CALL, RESULT], "tools": [WEATHER_TOOL]},
    "two calls, two results, answer": {"messages": [USER, TWO_CALLS, RESULT, SECOND_RESULT, ASSISTANT, USER], "tools": [TIME_TOOL]},
    "arguments as a string": {"messages": [USER, STRING_ARGUMENTS, RESULT], "tools": [TIME_TOOL]},
}


def variables(conversation):
    values = {"messages": conversation["messages"], "bos_token": "<bos>", "eos_token": "<eos>",
              "add_generation_prompt": conversation.get("add_generation_prompt", True)}
    if "tools" in conversation:
        values["tools"] = conversation["tools"]
    values.update(conversation.get("extra", {}))
    return values


def main():
    templates, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    environment = make_environment()
    out.mkdir(parents=True, exist_ok=True)
    conversations = {"now_unix_s": NOW_UNIX_S, "conversations": CONVERSATIONS}
    (out / "conversations.json").write_text(json.dumps(conversations, ensure_ascii=False, indent=1) + "\n")
    for path in sorted(templates.glob("*.jinja")):
        source = path.read_bytes().decode()
        golden = {name: render(environment, source, variables(conversation)) for name, conversation in CONVERSATIONS.items()}
        (out / (path.stem + ".json")).write_text(json.dumps(golden, ensure_ascii=False, indent=0) + "\n")
        for name, conversation in CONVERSATIONS.items():
            with_none = render(environment, source, {"tools": None, **variables(conversation)})
            if with_none != golden[name]:
                print(f"{path.stem}: {name}: differs when tools is None")
        kinds = ["output" in result for result in golden.values()]
        print(f"{path.stem}: {sum(kinds)} rendered, {len(kinds) - sum(kinds)} raised")


if __name__ == "__main__":
    main()
