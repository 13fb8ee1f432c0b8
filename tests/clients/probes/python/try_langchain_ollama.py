# pip: langchain==1.5.2 langchain-ollama==1.1.0
from cells import MODEL, URL, cell, is_said, is_streamed, is_vector, run
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel, Field

llm = ChatOllama(base_url=URL, model=MODEL, validate_model_on_init=True)


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It's always sunny in {city}!"


class Joke(BaseModel):
    """Joke to tell user."""

    setup: str = Field(description="The setup of the joke")
    punchline: str = Field(description="The punchline")
    rating: int | None = Field(description="How funny, from 1 to 10")


class Setup(BaseModel):
    """A joke's beginning."""

    setup: str


@cell("chat")
def chat():
    answer = llm.invoke([("system", "You translate."), ("human", "I love programming.")])
    is_said(answer.content)
    assert answer.usage_metadata["output_tokens"] > 1
    assert ChatOllama(base_url=URL, model=MODEL, reasoning=True).invoke("x").additional_kwargs["reasoning_content"]
    assert OllamaLLM(base_url=URL, model=MODEL).invoke("The first man on the moon was ...")


@cell("stream")
def stream():
    is_streamed([chunk.content for chunk in llm.stream("Write me a poem")])


@cell("tools")
def tools():
    calls = llm.bind_tools([get_weather]).invoke("How is the weather?").tool_calls
    assert calls and isinstance(calls[0]["args"]["city"], str), calls


@cell("tools")
def agent():
    answer = create_agent(llm, tools=[get_weather], system_prompt="You help.").invoke(
        {"messages": [{"role": "user", "content": "what is the weather in sf"}]})
    is_said(answer["messages"][-1].content)


@cell("schema")
def schema():
    assert isinstance(llm.with_structured_output(Joke).invoke("Tell me a joke"), Joke)
    # As a tool's arguments without `rating`: the ollama package leaves `anyOf` out of tools.
    fields = llm.with_structured_output(Setup, method="function_calling").invoke("Tell me a joke")
    assert isinstance(fields, Setup)


@cell("schema")
def agent_with_a_format():
    answer = create_agent(llm, tools=[], response_format=Setup).invoke(
        {"messages": [{"role": "user", "content": "a joke"}]})
    assert isinstance(answer["structured_response"], Setup), answer


@cell("embed")
def embed():
    vectors = OllamaEmbeddings(base_url=URL, model=MODEL)
    is_vector(vectors.embed_query("hello"))
    assert len(vectors.embed_documents(["one", "two"])) == 2


run()
