# pip: autogen-agentchat==0.7.5 autogen-ext[openai,ollama]==0.7.5
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import UserMessage
from autogen_ext.models.ollama import OllamaChatCompletionClient
from autogen_ext.models.openai import OpenAIChatCompletionClient
from pydantic import BaseModel

INFO = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": True}
openai = OpenAIChatCompletionClient(model=MODEL, base_url=f"{URL}/v1", api_key=KEY, model_info=INFO, max_retries=0)
ollama = OllamaChatCompletionClient(model=MODEL, host=URL, model_info=INFO)
ASKED = [UserMessage(content="What is the capital of France?", source="user")]


class Answer(BaseModel):
    thoughts: str
    response: str


async def get_weather(city: str) -> str:
    """Get the weather for a given city."""
    return f"The weather in {city} is 73 degrees and Sunny."


@cell("chat")
async def chat():
    for client in (openai, ollama):
        result = await client.create(ASKED)
        is_said(result.content)
        assert result.usage.completion_tokens > 1


@cell("stream")
async def stream():
    for client in (openai, ollama):
        is_streamed([part async for part in client.create_stream(ASKED) if isinstance(part, str)])


@cell("tools")
async def tools():
    for client in (openai, ollama):
        agent = AssistantAgent(name="weather_agent", model_client=client, tools=[get_weather], system_message="You help.",
                               reflect_on_tool_use=True)
        is_said((await agent.run(task="What is the weather in New York?")).messages[-1].content)


@cell("schema")
async def schema():
    for client in (openai, ollama):
        Answer.model_validate_json((await client.create(ASKED, json_output=Answer)).content)
    agent = AssistantAgent(name="thinker", model_client=openai, output_content_type=Answer)
    assert isinstance((await agent.run(task="I am happy.")).messages[-1].content, Answer)


run()
