"""What the probes of LangChain's packages share: the cells that every chat model has to pass."""

from cells import cell, is_said, is_streamed
from langchain.agents import create_agent
from langchain_core.tools import tool
from pydantic import BaseModel, Field


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It's always sunny in {city}!"


class Joke(BaseModel):
    """Joke to tell user."""

    setup: str = Field(description="The setup of the joke")
    punchline: str = Field(description="The punchline")
    rating: int | None = Field(description="How funny, from 1 to 10")


def declare_cells(llm, form=Joke, **stream_options):
    """`form` is what an agent's answer keeps to, which may be a tool's arguments."""

    @cell("chat")
    def chat():
        answer = llm.invoke([("system", "You translate."), ("human", "I love programming.")])
        is_said(answer.text)
        assert answer.usage_metadata["output_tokens"] > 1

    @cell("stream")
    def stream():
        is_streamed([chunk.text for chunk in llm.stream("Write me a poem", **stream_options)])

    @cell("tools")
    def tools():
        calls = llm.bind_tools([get_weather]).invoke("How is the weather?").tool_calls
        assert calls and isinstance(calls[0]["args"]["city"], str), calls

    @cell("tools")
    def agent():
        answer = create_agent(llm, tools=[get_weather], system_prompt="You help.").invoke(
            {"messages": [{"role": "user", "content": "what is the weather in sf"}]})
        is_said(answer["messages"][-1].text)

    @cell("schema")
    def agent_with_a_format():
        answer = create_agent(llm, tools=[], response_format=form).invoke(
            {"messages": [{"role": "user", "content": "a joke"}]})
        assert isinstance(answer["structured_response"], form), answer


def takes_a_joke_each_way(llm):
    for method in ("json_schema", "function_calling"):
        assert isinstance(llm.with_structured_output(Joke, method=method).invoke("Tell me a joke"), Joke), method
