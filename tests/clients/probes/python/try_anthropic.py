# pip: anthropic==2.14.0
from cells import KEY, MODEL, URL, WEATHER, cell, is_said, is_streamed, is_weather, run
from anthropic import Anthropic, AsyncAnthropic, beta_tool
from pydantic import BaseModel

client = Anthropic(base_url=URL, api_key=KEY, max_retries=0)
ASKED = [{"role": "user", "content": "Hello, Claude"}]
TOOLS = [{"name": "get_weather", "description": "Weather", "input_schema": WEATHER}]


@cell("chat")
def chat():
    message = client.messages.create(model=MODEL, max_tokens=1024, messages=ASKED)
    is_said(message.content[0].text)
    assert message.stop_reason == "end_turn" and message.usage.output_tokens > 1
    system = [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}]
    is_said(client.messages.create(model=MODEL, max_tokens=1024, messages=ASKED, system=system).content[0].text)
    assert client.messages.count_tokens(model=MODEL, messages=ASKED).input_tokens > 1


@cell("chat")
def thinking():
    message = client.messages.create(
        model=MODEL, max_tokens=2048, messages=ASKED, thinking={"type": "enabled", "budget_tokens": 1024})
    assert message.content[0].type == "thinking" and message.content[0].thinking, message.content
    is_said(message.content[1].text)


@cell("stream")
def stream():
    with client.messages.stream(model=MODEL, max_tokens=1024, messages=ASKED) as events:
        is_streamed(list(events.text_stream))
        assert events.get_final_message().usage.output_tokens > 1


@cell("stream")
async def stream_async():
    async with AsyncAnthropic(base_url=URL, api_key=KEY, max_retries=0) as aclient:
        events = await aclient.messages.create(model=MODEL, max_tokens=1024, messages=ASKED, stream=True)
        assert [event.type async for event in events][-1] == "message_stop"


@cell("tools")
def tools():
    message = client.messages.create(model=MODEL, max_tokens=1024, messages=ASKED, tools=TOOLS)
    assert message.stop_reason == "tool_use"
    uses = [block for block in message.content if block.type == "tool_use"]
    for use in uses:
        is_weather(use.input)
    results = [{"type": "tool_result", "tool_use_id": use.id, "content": "14 degrees"} for use in uses]
    messages = [*ASKED, {"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    answer = client.messages.create(model=MODEL, max_tokens=1024, messages=messages, tools=TOOLS)
    is_said(answer.content[0].text)
    with client.messages.stream(model=MODEL, max_tokens=1024, messages=ASKED, tools=TOOLS,
                                tool_choice={"type": "any"}) as events:
        is_weather(events.get_final_message().content[0].input)


@cell("tools")
def tool_runner():
    @beta_tool
    def get_weather(location: str) -> str:
        """Weather of a place.

        Args:
            location: The city and state, e.g. San Francisco, CA
        """
        return "14 degrees"

    runner = client.beta.messages.tool_runner(max_tokens=1024, model=MODEL, tools=[get_weather], messages=ASKED)
    messages = list(runner)
    assert messages[0].stop_reason == "tool_use"
    is_said(messages[-1].content[0].text)


@cell("schema")
def schema():
    class Contact(BaseModel):
        name: str
        email: str
        plan: str | None

    message = client.messages.parse(model=MODEL, max_tokens=1024, messages=ASKED, output_format=Contact)
    assert isinstance(message.parsed_output, Contact)


run()
