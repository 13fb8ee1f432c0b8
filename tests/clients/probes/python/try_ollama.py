# pip: ollama==0.6.3
from cells import MODEL, SENTENCE, URL, cell, is_said, is_streamed, is_vector, run
from ollama import AsyncClient, Client
from pydantic import BaseModel

client = Client(host=URL)
ASKED = [{"role": "user", "content": "Why is the sky blue?"}]


@cell("chat")
def chat():
    answer = client.chat(model=MODEL, messages=ASKED)
    is_said(answer["message"]["content"])
    assert answer.eval_count > 1 and answer.done_reason == "stop"
    generated = client.generate(model=MODEL, prompt="Why is the sky blue?", keep_alive="5m", options={"seed": 1})
    assert SENTENCE in generated.response
    assert client.list().models[0].model.startswith(MODEL) and client.show(MODEL).details.family == "llama"
    assert client.ps().models


@cell("chat")
def thinking():
    message = client.chat(model=MODEL, messages=ASKED, think=True).message
    assert message.thinking, message
    is_said(message.content)
    for level in ("low", "high", False):
        client.chat(model=MODEL, messages=ASKED, think=level)


@cell("stream")
def stream():
    chunks = list(client.chat(model=MODEL, messages=ASKED, stream=True))
    is_streamed(chunk.message.content for chunk in chunks)
    assert chunks[-1].done and chunks[-1].eval_count > 1


@cell("stream")
async def stream_async():
    pieces = [part["message"]["content"] async for part in await AsyncClient(host=URL).chat(
        model=MODEL, messages=ASKED, stream=True)]
    is_streamed(pieces)


def add_two_numbers(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first number
        b: The second number

    Returns:
        The sum
    """
    return a + b


@cell("tools")
def tools():
    messages = list(ASKED)
    answer = client.chat(model=MODEL, messages=messages, tools=[add_two_numbers])
    assert answer.message.tool_calls, answer.message
    messages.append(answer.message)
    for call in answer.message.tool_calls:
        output = add_two_numbers(**call.function.arguments)
        messages.append({"role": "tool", "content": str(output), "tool_name": call.function.name})
    is_said(client.chat(model=MODEL, messages=messages, tools=[add_two_numbers]).message.content)
    streamed = client.chat(model=MODEL, messages=ASKED, tools=[add_two_numbers], stream=True, think=False)
    assert any(chunk.message.tool_calls for chunk in streamed)


@cell("schema")
def schema():
    class Friend(BaseModel):
        name: str
        age: int
        is_available: bool

    class Friends(BaseModel):
        friends: list[Friend]

    answer = client.chat(model=MODEL, messages=ASKED, format=Friends.model_json_schema(), options={"temperature": 0})
    Friends.model_validate_json(answer.message.content)
    client.generate(model=MODEL, prompt="x", format="json")


@cell("embed")
def embed():
    one = client.embed(model=MODEL, input="The sky is blue")
    is_vector(one.embeddings[0], "The sky is blue")
    is_vector(client.embed(model=MODEL, input=["One", "Two"]).embeddings[1], "Two")
    is_vector(client.embeddings(model=MODEL, prompt="The sky").embedding, "The sky")


run()
