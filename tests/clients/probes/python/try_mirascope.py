# pip: mirascope[openai,anthropic,ollama]==2.8.2
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from mirascope import llm
from pydantic import BaseModel

llm.register_provider("openai", api_key=KEY, base_url=f"{URL}/v1")
llm.register_provider("anthropic", api_key=KEY, base_url=URL)
llm.register_provider("ollama", api_key=KEY, base_url=f"{URL}/v1/")
models = [llm.Model(f"openai/{MODEL}:completions"), llm.Model(f"anthropic/{MODEL}"), llm.Model(f"ollama/{MODEL}")]
responding = llm.Model(f"openai/{MODEL}:responses")


@llm.tool
def exp(a: float, b: float) -> float:
    """Compute an exponent"""
    return a


@llm.tool
def add(a: float, b: float) -> float:
    """Add two numbers"""
    return a + b


class Book(BaseModel):
    """A book."""

    title: str
    year: int


def talks(model):
    response = model.call("Recommend a book")
    is_said(response.text())


def streams(model):
    # The line break at the end is the library's own.
    is_streamed([piece for piece in model.stream("Recommend a book").text_stream() if piece != "\n"])


def calls(model):
    response = model.stream("What is 42 ** 4 + 37 ** 3?", tools=[exp, add])
    called = 0
    for _ in range(5):
        for stream in response.streams():
            if stream.content_type == "text":
                list(stream)
            elif stream.content_type == "tool_call":
                stream.collect()
        if not response.tool_calls:
            break
        called += len(response.tool_calls)
        response = response.resume(response.execute_tools())
    assert called
    is_said(response.text())


def shapes(model):
    assert isinstance(model.call("Recommend a book", format=Book).parse(), Book)
    assert isinstance(model.call("Recommend a book", format=llm.format(Book, mode="tool")).parse(), Book)


@cell("chat")
def chat():
    for model in models:
        talks(model)


@cell("stream")
def stream():
    for model in models:
        streams(model)


@cell("tools")
def tools():
    for model in models:
        calls(model)


@cell("schema")
def schema():
    for model in models:
        shapes(model)


@cell("responses")
def responses():
    for check in (talks, streams, calls, shapes):
        check(responding)


run()
