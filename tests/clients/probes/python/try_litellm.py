# pip: litellm==1.110.2
import asyncio
import json

from cells import KEY, MODEL, URL, WEATHER, cell, is_said, is_streamed, is_vector, is_weather, run
import litellm
from pydantic import BaseModel

litellm.telemetry = False
ASKED = [{"role": "user", "content": "Hello, how are you?"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": WEATHER}}]
# The same model by each of the ways that litellm knows to such a server.
WAYS = {
    "openai": {"model": f"openai/{MODEL}", "api_base": f"{URL}/v1", "api_key": KEY},
    "ollama_chat": {"model": f"ollama_chat/{MODEL}", "api_base": URL},
    "ollama": {"model": f"ollama/{MODEL}", "api_base": URL},
    "hosted_vllm": {"model": f"hosted_vllm/{MODEL}", "api_base": f"{URL}/v1"},
    "anthropic": {"model": f"anthropic/{MODEL}", "api_base": URL, "api_key": KEY},
}


class Event(BaseModel):
    name: str
    date: str
    participants: list[str]


def each(check, ways=WAYS):
    """`check` by each way; says which failed."""
    wrong = []
    for name in ways:
        try:
            check(WAYS[name])
        except Exception as error:
            if not wrong:
                first = error
            wrong.append(f"{name}: {str(error)[:160]}")
    if wrong:
        raise AssertionError("; ".join(wrong)) from first


@cell("chat")
def chat():
    def check(way):
        answer = litellm.completion(messages=ASKED, max_tokens=200, **way)
        is_said(answer.choices[0].message.content.strip())
        assert answer.usage.completion_tokens > 1

    each(check)


@cell("stream")
def stream():
    def check(way):
        pieces = [part.choices[0].delta.content for part in litellm.completion(
            messages=ASKED, stream=True, stream_options={"include_usage": True}, max_tokens=200, **way) if part.choices]
        is_streamed(pieces)

    each(check)


@cell("stream")
async def stream_async():
    answer = await litellm.acompletion(messages=ASKED, stream=True, **WAYS["openai"])
    is_streamed([part.choices[0].delta.content async for part in answer])


@cell("tools")
def tools():
    def check(way):
        messages = list(ASKED)
        message = litellm.completion(messages=messages, tools=TOOLS, tool_choice="auto", max_tokens=900, **way).choices[0].message
        assert message.tool_calls, message
        messages.append(message)
        for call in message.tool_calls:
            is_weather(call.function.arguments)
            messages.append({"tool_call_id": call.id, "role": "tool", "name": call.function.name, "content": "14"})
        is_said(litellm.completion(messages=messages, tools=TOOLS, max_tokens=200, **way).choices[0].message.content)

    each(check, ["openai", "ollama_chat", "hosted_vllm", "anthropic"])


@cell("schema")
def schema():
    def check(way):
        answer = litellm.completion(messages=ASKED, response_format=Event, max_tokens=2000, **way)
        Event.model_validate_json(answer.choices[0].message.content)

    each(check)


@cell("embed")
def embed():
    for way in ("openai", "ollama"):
        answer = litellm.embedding(input=["good morning", "good night"], **WAYS[way])
        is_vector(answer.data[1]["embedding"], "good night")


@cell("responses")
def responses():
    answer = litellm.responses(input="Hello", **WAYS["openai"])
    is_said(answer.output[0].content[0].text)


run()
