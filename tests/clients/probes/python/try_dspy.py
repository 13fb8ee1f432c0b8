# pip: dspy[numpy]==3.4.1
from typing import Literal

from cells import KEY, MODEL, URL, cell, is_said, is_vector, run
import dspy
import litellm

# It asks litellm what a model can; of one that is not in its list it thinks the least.
for name in (f"openai/{MODEL}", f"ollama_chat/{MODEL}"):
    litellm.register_model({name: {"litellm_provider": name.split("/")[0], "mode": "chat",
                                   "supports_response_schema": True, "supports_function_calling": True}})
openai = dspy.LM(f"openai/{MODEL}", api_base=f"{URL}/v1", api_key=KEY, cache=False, max_tokens=2000, num_retries=0, engine="litellm")
ollama = dspy.LM(f"ollama_chat/{MODEL}", api_base=URL, api_key=KEY, cache=False, max_tokens=2000, num_retries=0, engine="litellm")


class Classify(dspy.Signature):
    """Classify sentiment of a given sentence."""

    sentence: str = dspy.InputField()
    sentiment: Literal["positive", "negative", "neutral"] = dspy.OutputField()
    confidence: float = dspy.OutputField()


def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


@cell("chat")
def chat():
    for lm in (openai, ollama):
        is_said(lm("Say this is a test!")[0])
        lm(messages=[{"role": "user", "content": "Say this is a test!"}], temperature=0.7)


@cell("schema")
def schema():
    for lm in (openai, ollama):
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            answer = dspy.Predict(Classify)(sentence="This book was super fun to read.")
        assert answer.sentiment in ("positive", "negative", "neutral") and isinstance(answer.confidence, float)


@cell("tools")
def tools():
    with dspy.context(lm=openai, adapter=dspy.ChatAdapter(use_native_function_calling=True)):
        predict = dspy.Predict(dspy.Signature("question: str, tools: list[dspy.Tool] -> outputs: dspy.ToolCalls"))
        answer = predict(question="What is the weather in Tokyo?", tools=[dspy.Tool(get_weather)])
    assert answer.outputs.tool_calls[0].name == "get_weather", answer


@cell("embed")
def embed():
    embedder = dspy.Embedder(f"openai/{MODEL}", api_base=f"{URL}/v1", api_key=KEY, caching=False)
    is_vector(embedder(["hello", "world"])[1], "world")


@cell("responses")
def responses():
    lm = dspy.LM(f"openai/{MODEL}", model_type="responses", api_base=f"{URL}/v1", api_key=KEY, cache=False, num_retries=0)
    assert lm("Say this is a test!")


run()
