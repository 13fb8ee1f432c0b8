# pip: openai==3.57.0
import json

from cells import KEY, MODEL, URL, WEATHER, cell, is_said, is_streamed, is_vector, is_weather, run
from openai import AsyncOpenAI, OpenAI, pydantic_function_tool
from pydantic import BaseModel

client = OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
ASKED = [{"role": "developer", "content": "Be short."}, {"role": "user", "content": "How is the weather?"}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER, "strict": True}}]


class Step(BaseModel):
    explanation: str
    output: str


class Reasoning(BaseModel):
    steps: list[Step]
    final_answer: str
    confidence: float | None


@cell("chat")
def chat():
    completion = client.chat.completions.create(model=MODEL, messages=ASKED)
    is_said(completion.choices[0].message.content)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    is_said(client.chat.completions.create(model=MODEL, messages=parts, seed=1).choices[0].message.content)
    assert client.models.list().data[0].id.startswith(MODEL)


@cell("stream")
def stream():
    chunks = list(client.chat.completions.create(
        model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}))
    is_streamed(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)
    assert chunks[-1].usage.completion_tokens > 1


@cell("stream")
async def stream_helper():
    async with AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0) as aclient:
        async with aclient.chat.completions.stream(model=MODEL, messages=ASKED) as events:
            is_streamed([event.delta async for event in events if event.type == "content.delta"])


@cell("tools")
def tools():
    messages = list(ASKED)
    message = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message
    assert message.tool_calls, message
    messages.append(message)
    for call in message.tool_calls:
        is_weather(call.function.arguments)
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "14 degrees"})
    is_said(client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS).choices[0].message.content)


@cell("tools")
def tools_forced():
    for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
        message = client.chat.completions.create(
            model=MODEL, messages=ASKED, tools=TOOLS, tool_choice=choice, parallel_tool_calls=False).choices[0].message
        assert len(message.tool_calls) == 1
    message = client.chat.completions.create(model=MODEL, messages=ASKED, tools=TOOLS, tool_choice="none").choices[0].message
    assert not message.tool_calls


@cell("tools")
def tools_streamed():
    class GetWeather(BaseModel):
        city: str
        days: int

    with client.chat.completions.stream(
            model=MODEL, messages=ASKED, tools=[pydantic_function_tool(GetWeather)]) as events:
        completion = events.get_final_completion()
    call = completion.choices[0].message.tool_calls[0]
    assert isinstance(call.function.parsed_arguments, GetWeather), call
    assert completion.choices[0].finish_reason == "tool_calls"


@cell("schema")
def schema():
    completion = client.chat.completions.parse(model=MODEL, messages=ASKED, response_format=Reasoning, max_tokens=2000)
    assert isinstance(completion.choices[0].message.parsed, Reasoning)
    whole = client.chat.completions.create(model=MODEL, messages=ASKED, response_format={"type": "json_object"})
    json.loads(whole.choices[0].message.content)
    with client.chat.completions.stream(model=MODEL, messages=ASKED, response_format=Reasoning) as events:
        assert isinstance(events.get_final_completion().choices[0].message.parsed, Reasoning)


@cell("embed")
def embed():
    for form in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model=MODEL, input=["one", "two"], **form)
        assert len(answer.data) == 2 and answer.usage.total_tokens > 0
        is_vector(answer.data[1].embedding, "two")


@cell("responses")
def responses():
    response = client.responses.create(model=MODEL, instructions="Be short.", input="How do I check an instance?")
    is_said(response.output_text)
    following = client.responses.create(model=MODEL, previous_response_id=response.id, input="And then?")
    is_said(following.output_text)
    events = list(client.responses.create(model=MODEL, input="Say it.", stream=True))
    is_streamed(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].type == "response.completed" and events[-1].response.usage.output_tokens > 1


@cell("responses")
def responses_tools():
    tool = {"type": "function", "name": "get_weather", "description": "Weather", "parameters": WEATHER, "strict": True}
    items = [{"role": "user", "content": "How is the weather?"}]
    response = client.responses.create(model=MODEL, tools=[tool], input=items)
    items += response.output
    calls = [item for item in response.output if item.type == "function_call"]
    assert calls, response.output
    for call in calls:
        is_weather(call.arguments)
        items.append({"type": "function_call_output", "call_id": call.call_id, "output": json.dumps({"degrees": 14})})
    is_said(client.responses.create(model=MODEL, tools=[tool], input=items).output_text)
    with client.responses.stream(model=MODEL, tools=[tool], input="How is it?") as events:
        assert any(event.type == "response.function_call_arguments.delta" for event in events)


@cell("responses")
def responses_schema():
    response = client.responses.parse(model=MODEL, input="Solve it.", text_format=Reasoning, max_output_tokens=2000)
    assert isinstance(response.output_parsed, Reasoning)
    with client.responses.stream(model=MODEL, input="Solve it.", text_format=Reasoning) as events:
        assert isinstance(events.get_final_response().output_parsed, Reasoning)


@cell("completions")
def completions():
    completion = client.completions.create(model=MODEL, prompt="Say this is a test<|say|>", max_tokens=7, temperature=0)
    assert completion.choices[0].text and completion.usage.prompt_tokens > 0


run()
