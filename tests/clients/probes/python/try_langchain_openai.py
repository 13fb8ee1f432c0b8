# pip: langchain==1.5.2 langchain-openai==1.7.4
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

llm = ChatOpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0)
responding = ChatOpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0, use_responses_api=True)


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"It's always sunny in {city}!"


class Joke(BaseModel):
    """Joke to tell user."""

    setup: str = Field(description="The setup of the joke")
    punchline: str = Field(description="The punchline")
    rating: int | None = Field(description="How funny, from 1 to 10")


@cell("chat")
def chat():
    answer = llm.invoke([("system", "You translate."), ("human", "I love programming.")])
    is_said(answer.content)
    assert answer.usage_metadata["output_tokens"] > 1


@cell("stream")
def stream():
    is_streamed([chunk.content for chunk in llm.stream("Write me a poem", stream_usage=True)])


@cell("tools")
def tools():
    calls = llm.bind_tools([get_weather]).invoke("How is the weather?").tool_calls
    assert calls and isinstance(calls[0]["args"]["city"], str), calls
    chunks = None
    for chunk in llm.bind_tools([get_weather], tool_choice="any").stream("How is it?"):
        chunks = chunk if chunks is None else chunks + chunk
    assert chunks.tool_calls, chunks


@cell("tools")
def agent():
    answer = create_agent(llm, tools=[get_weather], system_prompt="You help.").invoke(
        {"messages": [{"role": "user", "content": "what is the weather in sf"}]})
    is_said(answer["messages"][-1].content)


@cell("schema")
def schema():
    for method in ("json_schema", "function_calling"):
        assert isinstance(llm.with_structured_output(Joke, method=method).invoke("Tell me a joke"), Joke), method


@cell("schema")
def agent_with_a_format():
    answer = create_agent(llm, tools=[], response_format=Joke).invoke(
        {"messages": [{"role": "user", "content": "a joke"}]})
    assert isinstance(answer["structured_response"], Joke), answer


@cell("embed")
def embed():
    vectors = OpenAIEmbeddings(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, check_embedding_ctx_length=False)
    is_vector(vectors.embed_query("hello"))
    assert len(vectors.embed_documents(["one", "two"])) == 2


@cell("responses")
def responses():
    is_said(responding.invoke("Hello").text)
    is_streamed([chunk.text for chunk in responding.stream("Hello")])
    assert responding.bind_tools([get_weather]).invoke("weather?").tool_calls
    assert isinstance(responding.with_structured_output(Joke).invoke("joke"), Joke)
    answer = create_agent(responding, tools=[get_weather]).invoke({"messages": [{"role": "user", "content": "sf?"}]})
    is_said(answer["messages"][-1].text)


@cell("completions")
def completions():
    assert OpenAI(base_url=f"{URL}/v1", api_key=KEY, model=MODEL, max_retries=0, max_tokens=8).invoke("Hello<|say|>")


run()
