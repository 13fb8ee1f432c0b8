# pip: magentic[anthropic]==0.41.1 anthropic==0.125.0
from typing import Literal

from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from magentic import FunctionCall, StreamedStr, prompt, prompt_chain
from magentic.chat_model.anthropic_chat_model import AnthropicChatModel
from magentic.chat_model.openai_chat_model import OpenaiChatModel
from pydantic import BaseModel

openai = OpenaiChatModel(MODEL, api_key=KEY, base_url=f"{URL}/v1")
anthropic = AnthropicChatModel(MODEL, api_key=KEY, base_url=URL)


class Superhero(BaseModel):
    name: str
    age: int
    power: str
    enemies: list[str]


def search_twitter(query: str, category: Literal["latest", "people"]) -> str:
    """Searches Twitter for a query."""
    return f"{query} {category}"


@cell("chat")
def chat():
    for model in (openai, anthropic):
        @prompt('Add more "dude"ness to: {phrase}', model=model)
        def dudeify(phrase: str) -> str: ...

        is_said(dudeify("Hello, how are you?"))


@cell("stream")
def stream():
    for model in (openai, anthropic):
        @prompt("Tell me about {country}", model=model)
        def describe_country(country: str) -> StreamedStr: ...

        is_streamed(list(describe_country("Brazil")))


@cell("tools")
def tools():
    for model in (openai, anthropic):
        @prompt("Use the search function to answer: {question}", functions=[search_twitter], model=model)
        def perform_search(question: str) -> FunctionCall[str]: ...

        assert perform_search("What is the latest news?")().rsplit(" ", 1)[1] in ("latest", "people")

        @prompt_chain("What's the weather like in {city}?", functions=[search_twitter], model=model)
        def describe_weather(city: str) -> str: ...

        is_said(describe_weather("Boston"))


@cell("schema")
def schema():
    for model in (openai, anthropic):
        @prompt("Create a Superhero named {name}.", model=model)
        def create_superhero(name: str) -> Superhero: ...

        assert isinstance(create_superhero("Garden Man"), Superhero)


run()
