# pip: strands-agents[openai,ollama,anthropic]==1.62.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from pydantic import BaseModel
from strands import Agent, tool
from strands.models.anthropic import AnthropicModel
from strands.models.ollama import OllamaModel
from strands.models.openai import OpenAIModel


def models():
    return [OpenAIModel(client_args={"api_key": KEY, "base_url": f"{URL}/v1"}, model_id=MODEL),
            OllamaModel(host=URL, model_id=MODEL),
            AnthropicModel(client_args={"api_key": KEY, "base_url": URL}, model_id=MODEL, max_tokens=1024)]


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def word_count(text: str) -> int:
    """Count words in text."""
    return len(text.split())


def said(result):
    return "".join(part.get("text", "") for part in result.message["content"])


@cell("chat")
def chat():
    for model in models():
        is_said(said(Agent(model=model, callback_handler=None)("Tell me about agentic AI")))


@cell("stream")
async def stream():
    for model in models():
        agent = Agent(model=model, callback_handler=None)
        is_streamed([event["data"] async for event in agent.stream_async("Hello") if "data" in event])


@cell("tools")
def tools():
    for model in models():
        agent = Agent(model=model, tools=[word_count], callback_handler=None)
        is_said(said(agent("How many words are in this sentence?")))
        assert any("toolResult" in part for message in agent.messages for part in message["content"])


@cell("schema")
def schema():
    for model in models():
        result = Agent(model=model, callback_handler=None)("John is 30", structured_output_model=Person)
        assert isinstance(result.structured_output, Person), result


run()
