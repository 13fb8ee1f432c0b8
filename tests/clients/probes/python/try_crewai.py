# pip: crewai[anthropic]==1.15.30 ollama==0.6.3
import os
import tempfile

os.environ["CREWAI_STORAGE_DIR"] = tempfile.mkdtemp()  # where it keeps what it did
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from crewai import LLM, Agent, Crew, Task
from crewai.rag.embeddings.factory import build_embedder
from crewai.tools import tool
from pydantic import BaseModel

LLMS = [{"model": f"openai/{MODEL}", "base_url": f"{URL}/v1", "api_key": KEY},
        {"model": f"ollama/{MODEL}", "base_url": URL},
        {"model": f"hosted_vllm/{MODEL}", "base_url": f"{URL}/v1"},
        {"model": MODEL, "provider": "anthropic", "base_url": URL, "api_key": KEY, "max_tokens": 1024}]
RESPONDING = LLMS[0] | {"api": "responses"}


class Dog(BaseModel):
    name: str
    age: int


def crew(llm, tools=(), task=None, **more):
    agent = Agent(role="Researcher", goal="Find things out", backstory="Has long done so.", llm=llm, tools=list(tools),
                  max_iter=3, max_retry_limit=0)
    work = Task(description="How is the weather in {city}?", expected_output="One sentence", agent=agent, **(task or {}))
    return Crew(agents=[agent], tasks=[work], **more)


def talks(options):
    llm = LLM(**options)
    is_said(llm.call("Hello, how are you?"))
    is_said(llm.call([{"role": "system", "content": "You help."}, {"role": "user", "content": "Hello"}]))
    result = crew(llm).kickoff(inputs={"city": "Paris"})
    is_said(result.raw)
    assert result.token_usage.completion_tokens > 1, result.token_usage


def streams(options):
    streaming = crew(LLM(stream=True, **options), stream=True).kickoff(inputs={"city": "Paris"})
    is_streamed([chunk.content for chunk in streaming])
    is_said(streaming.result.raw)


def calls(options):
    asked = []

    @tool("get_weather")
    def get_weather(city: str, days: int) -> str:
        """The weather of a city for some days."""
        asked.append(days)
        return f"It's always sunny in {city}!"

    is_said(crew(LLM(**options), tools=[get_weather]).kickoff(inputs={"city": "Paris"}).raw)
    assert asked and isinstance(asked[0], int), asked


def shapes(options):
    dog = LLM(response_format=Dog, **options).call("Invent a good dog")
    assert isinstance(dog, Dog) or Dog.model_validate_json(dog), dog
    result = crew(LLM(**options), task={"output_pydantic": Dog}).kickoff(inputs={"city": "Paris"})
    assert isinstance(result.pydantic, Dog), result


@cell("chat")
def chat():
    for options in LLMS:
        talks(options)


@cell("stream")
def stream():
    for options in LLMS:
        streams(options)


@cell("tools")
def tools():
    for options in LLMS:
        calls(options)


@cell("schema")
def schema():
    for options in LLMS:
        shapes(options)


@cell("embed")
def embed():
    for spec in ({"provider": "openai", "config": {"api_key": KEY, "model_name": MODEL, "api_base": f"{URL}/v1"}},
                 {"provider": "ollama", "config": {"model_name": MODEL, "url": f"{URL}/api/embeddings"}}):
        is_vector(build_embedder(spec)(["good morning", "good night"])[1], "good night")


@cell("responses")
def responses():
    for check in (talks, streams, calls, shapes):
        check(RESPONDING)


run()
