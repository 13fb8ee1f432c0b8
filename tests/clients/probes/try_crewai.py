# pip: crewai[litellm]
import os

os.environ.update({"CREWAI_DISABLE_TELEMETRY": "true", "OTEL_SDK_DISABLED": "true", "CREWAI_TRACING_ENABLED": "false"})
from cells import KEY, MODEL, URL, cell, is_said, run
from crewai import LLM, Agent, Crew, Process, Task
from crewai.tools import tool
from pydantic import BaseModel

openai = LLM(model=f"openai/{MODEL}", base_url=f"{URL}/v1", api_key=KEY)
ollama = LLM(model=f"ollama/{MODEL}", base_url=URL)


class Dog(BaseModel):
    name: str
    age: int


@tool("search")
def search(query: str) -> str:
    """Searches the web."""
    return "found"


def researcher(llm, **more):
    return Agent(role="Researcher", goal="Find out", backstory="You know it all.", llm=llm, max_iter=3, **more)


@cell("chat")
def chat():
    for llm in (openai, ollama):
        is_said(llm.call("Tell me about AI"))


@cell("stream")
def stream():
    is_said(LLM(model=f"openai/{MODEL}", base_url=f"{URL}/v1", api_key=KEY, stream=True).call("Tell me"))


@cell("tools")
def tools():
    task = Task(description="Research AI agents", expected_output="A list", agent=researcher(openai, tools=[search]))
    result = Crew(agents=[task.agent], tasks=[task], process=Process.sequential).kickoff()
    assert result.raw


@cell("schema")
def schema():
    assert isinstance(LLM(model=f"openai/{MODEL}", base_url=f"{URL}/v1", api_key=KEY, response_format=Dog).call("A dog"),
                      (Dog, str))


run()
