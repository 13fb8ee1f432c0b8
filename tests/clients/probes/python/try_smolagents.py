# pip: smolagents[openai,litellm]==1.26.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
from smolagents import LiteLLMModel, OpenAIModel, ToolCallingAgent, tool

openai = OpenAIModel(model_id=MODEL, api_base=f"{URL}/v1", api_key=KEY)
litellm = LiteLLMModel(model_id=f"ollama_chat/{MODEL}", api_base=URL, num_ctx=8192)
ASKED = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]


@tool
def get_weather(location: str, celsius: bool) -> str:
    """Get weather in the next days at given location.

    Args:
        location: the location
        celsius: whether to use Celsius for temperature
    """
    return "The weather is UNGODLY with torrential rains"


@cell("chat")
def chat():
    for model in (openai, litellm):
        is_said(model.generate(ASKED).content)
        model.generate(ASKED, stop_sequences=["from"])


@cell("stream")
def stream():
    is_streamed([part.content for part in openai.generate_stream(ASKED)])


@cell("tools")
def tools():
    for model in (openai, litellm):
        message = model.generate(ASKED, tools_to_call_from=[get_weather])
        assert message.tool_calls, message
        agent = ToolCallingAgent(tools=[get_weather], model=model, max_steps=6, verbosity_level=0)
        assert agent.run("What's the weather like in Paris?", max_steps=6)
        calls = [call for step in agent.memory.steps for call in getattr(step, "tool_calls", None) or []]
        assert calls, agent.memory.steps


@cell("schema")
def schema():
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": {
        "type": "object", "properties": {"thought": {"type": "string"}, "code": {"type": "string"}},
        "required": ["thought", "code"], "additionalProperties": False}}}
    assert "thought" in openai.generate(ASKED, response_format=form).content


run()
