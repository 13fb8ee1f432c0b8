# pip: agno==3.1.10 openai==3.57.0 ollama==0.6.3 anthropic==2.14.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from agno.agent import Agent
from agno.models.anthropic import Claude
from agno.models.ollama import Ollama
from agno.models.openai import OpenAIResponses
from agno.models.openai.like import OpenAILike
from pydantic import BaseModel


WIDTH = 288  # of caller_model.py's vectors


def models():
    return [OpenAILike(id=MODEL, base_url=f"{URL}/v1", api_key=KEY), Ollama(id=MODEL, host=URL),
            Claude(id=MODEL, api_key=KEY, client_params={"base_url": URL})]


class MovieScript(BaseModel):
    name: str
    genre: str
    characters: list[str]


def get_top_stories(count: int) -> str:
    """Get the top stories.

    Args:
        count (int): how many
    """
    return "one, two"


def calls(model):
    answer = Agent(model=model, tools=[get_top_stories], markdown=True).run("Summarize the top stories")
    assert answer.tools, answer
    is_said(answer.content)


@cell("chat")
def chat():
    for model in models():
        is_said(Agent(model=model).run("Share a horror story").content)


@cell("stream")
def stream():
    for model in models():
        is_streamed([event.content for event in Agent(model=model).run("Share a story", stream=True)
                     if event.event == "RunContent"])


@cell("tools")
def tools():
    for model in models():
        calls(model)


@cell("schema")
def schema():
    for model in models()[:2]:
        assert isinstance(Agent(model=model, output_schema=MovieScript).run("New York").content, MovieScript)


@cell("embed")
def embed():
    from agno.knowledge.embedder.ollama import OllamaEmbedder
    from agno.knowledge.embedder.openai import OpenAIEmbedder
    # Without the width it asks for the 1536 of OpenAI's, or 4096.
    for embedder in (OpenAIEmbedder(id=MODEL, api_key=KEY, base_url=f"{URL}/v1", dimensions=WIDTH),
                     OllamaEmbedder(id=MODEL, host=URL, dimensions=WIDTH)):
        is_vector(embedder.get_embedding("The quick brown fox"), "fox")


@cell("responses")
def responses():
    def model():
        return OpenAIResponses(id=MODEL, base_url=f"{URL}/v1", api_key=KEY)

    is_said(Agent(model=model()).run("Share a story").content)
    calls(model())


run()
