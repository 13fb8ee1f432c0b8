# pip: haystack-ai==3.4.1 ollama-haystack==7.0.2
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from haystack import Document
from haystack.components.agents import Agent
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool
from haystack.utils import Secret
from haystack_integrations.components.embedders.ollama import OllamaTextEmbedder
from haystack_integrations.components.generators.ollama import OllamaChatGenerator
from pydantic import BaseModel

TOKEN = Secret.from_token(KEY)
ASKED = [ChatMessage.from_user("What's Natural Language Processing?")]
WEATHER = Tool(name="weather", description="The weather", function=lambda city: f"sunny in {city}", parameters={
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})


class Calendar(BaseModel):
    event_name: str
    participants: list[str]


def openai(**more):
    return OpenAIChatGenerator(api_key=TOKEN, api_base_url=f"{URL}/v1", model=MODEL, max_retries=0, **more)


def ollama(**more):
    return OllamaChatGenerator(model=MODEL, url=URL, **more)


@cell("chat")
def chat():
    for generator in (openai(), ollama()):
        is_said(generator.run(ASKED)["replies"][0].text)


@cell("stream")
def stream():
    for make in (openai, ollama):
        pieces = []
        make(streaming_callback=lambda chunk: pieces.append(chunk.content)).run(ASKED)
        is_streamed(pieces)


@cell("tools")
def tools():
    for make in (openai, ollama):
        reply = make(tools=[WEATHER]).run(ASKED)["replies"][0]
        assert reply.tool_calls and isinstance(reply.tool_calls[0].arguments["city"], str), reply
        agent = Agent(chat_generator=make(), tools=[WEATHER])
        is_said(agent.run(messages=ASKED)["messages"][-1].text)


@cell("schema")
def schema():
    reply = openai(generation_kwargs={"response_format": Calendar}).run(ASKED)["replies"][0]
    Calendar.model_validate_json(reply.text)
    Calendar.model_validate_json(ollama(response_format=Calendar.model_json_schema()).run(ASKED)["replies"][0].text)


@cell("embed")
def embed():
    text = "I love pizza!"
    is_vector(OpenAITextEmbedder(api_key=TOKEN, api_base_url=f"{URL}/v1", model=MODEL).run(text)["embedding"], text)
    documents = OpenAIDocumentEmbedder(api_key=TOKEN, api_base_url=f"{URL}/v1", model=MODEL).run(
        [Document(content=text), Document(content="And pasta")])
    is_vector(documents["documents"][1].embedding, "And pasta")
    is_vector(OllamaTextEmbedder(model=MODEL, url=URL).run(text)["embedding"], text)


@cell("responses")
def responses():
    from haystack.components.generators.chat import OpenAIResponsesChatGenerator
    generator = OpenAIResponsesChatGenerator(api_key=TOKEN, api_base_url=f"{URL}/v1", model=MODEL, tools=[WEATHER])
    reply = generator.run(ASKED)["replies"][0]
    assert reply.tool_calls, reply
    is_said(Agent(chat_generator=generator, tools=[WEATHER]).run(messages=ASKED)["messages"][-1].text)


run()
