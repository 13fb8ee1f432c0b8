# pip: openai-agents==0.24.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from agents import (Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool,
                    set_tracing_disabled)
from openai import AsyncOpenAI
from pydantic import BaseModel

set_tracing_disabled(True)


def chatting():
    return OpenAIChatCompletionsModel(MODEL, AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0))


def responding():
    return OpenAIResponsesModel(MODEL, AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0))


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"The weather in {city} is sunny."


class Event(BaseModel):
    name: str
    date: str
    participants: list[str]


async def talks(model):
    result = await Runner.run(Agent(name="Assistant", instructions="You help.", model=model), "Write a haiku.")
    is_said(result.final_output)


async def streams(model):
    result = Runner.run_streamed(Agent(name="Joker", instructions="You help.", model=model), input="Tell jokes.")
    is_streamed([event.data.delta async for event in result.stream_events()
                 if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"])


async def calls(model):
    result = await Runner.run(Agent(name="Hello", instructions="You help.", model=model, tools=[get_weather]), "Tokyo?")
    is_said(result.final_output)
    assert any(item.type == "tool_call_output_item" for item in result.new_items), result.new_items
    streamed = Runner.run_streamed(Agent(name="Hello", model=model, tools=[get_weather],
                                         model_settings=ModelSettings(tool_choice="required")), "Tokyo?")
    async for _ in streamed.stream_events():
        pass
    is_said(streamed.final_output)


async def hands_over(model):
    spanish = Agent(name="Spanish agent", instructions="You only speak Spanish.", model=model)
    triage = Agent(name="Triage agent", instructions="Hand over.", handoffs=[spanish], model=model)
    result = await Runner.run(triage, input="Hola")
    assert result.last_agent.name == "Spanish agent"


async def shapes(model):
    result = await Runner.run(Agent(name="Extractor", instructions="Extract.", output_type=Event, model=model), "Lunch")
    assert isinstance(result.final_output, Event)


@cell("chat")
async def chat():
    await talks(chatting())


@cell("stream")
async def stream():
    await streams(chatting())


@cell("tools")
async def tools():
    await calls(chatting())
    await hands_over(chatting())


@cell("schema")
async def schema():
    await shapes(chatting())


@cell("responses")
async def responses():
    for check in (talks, streams, calls, hands_over, shapes):
        await check(responding())


run()
