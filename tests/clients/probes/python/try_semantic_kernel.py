# pip: semantic-kernel[ollama,anthropic]==1.45.0
from typing import Annotated

from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel
from semantic_kernel.agents import ChatCompletionAgent, OpenAIResponsesAgent
from semantic_kernel.connectors.ai.anthropic import AnthropicChatCompletion
from semantic_kernel.connectors.ai.ollama import (OllamaChatCompletion, OllamaChatPromptExecutionSettings,
                                                  OllamaTextEmbedding)
from semantic_kernel.connectors.ai.open_ai import (OpenAIChatCompletion, OpenAIChatPromptExecutionSettings,
                                                   OpenAITextEmbedding)
from semantic_kernel.contents import ChatHistory
from semantic_kernel.functions import KernelArguments, kernel_function

client = AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
openai = OpenAIChatCompletion(ai_model_id=MODEL, async_client=client)
ollama = OllamaChatCompletion(ai_model_id=MODEL, host=URL)
anthropic = AnthropicChatCompletion(ai_model_id=MODEL, async_client=AsyncAnthropic(base_url=URL, api_key=KEY, max_retries=0))
SERVICES = (openai, ollama, anthropic)


class MenuPlugin:
    def __init__(self):
        self.asked = []

    @kernel_function(description="Provides the price of the requested menu item.")
    def get_item_price(self, menu_item: Annotated[str, "The name of the menu item."], count: int) -> str:
        self.asked.append((menu_item, count))
        return "$9.99"


class MenuItem(BaseModel):
    price: float
    name: str


def agent(service, **more):
    return ChatCompletionAgent(service=service, name="Assistant", instructions="You help.", **more)


@cell("chat")
async def chat():
    for service in SERVICES:
        response = await agent(service).get_response(messages="Write a haiku about Semantic Kernel.")
        is_said(str(response))
        history = ChatHistory(system_message="You help.")
        history.add_user_message("Hello, how are you?")
        settings = service.instantiate_prompt_execution_settings()
        is_said(str(await service.get_chat_message_content(chat_history=history, settings=settings)))


@cell("stream")
async def stream():
    for service in SERVICES:
        is_streamed([str(part) async for part in agent(service).invoke_stream(messages="Write a haiku.")])


async def calls(make):
    menu = MenuPlugin()
    is_said(str(await make(plugins=[menu]).get_response(messages="What is the price of the soup special?")))
    assert menu.asked and isinstance(menu.asked[0][1], int), menu.asked
    streamed = MenuPlugin()
    async for _ in make(plugins=[streamed]).invoke_stream(messages="And of the tea?"):
        pass
    assert streamed.asked


@cell("tools")
async def tools():
    for service in SERVICES:
        await calls(lambda **more: agent(service, **more))


@cell("schema")
async def schema():
    for service, settings in ((openai, OpenAIChatPromptExecutionSettings(response_format=MenuItem)),
                              (ollama, OllamaChatPromptExecutionSettings(format=MenuItem.model_json_schema()))):
        response = await agent(service, arguments=KernelArguments(settings)).get_response(messages="The soup?")
        MenuItem.model_validate_json(str(response))


@cell("embed")
async def embed():
    for service in (OpenAITextEmbedding(ai_model_id=MODEL, async_client=client),
                    OllamaTextEmbedding(ai_model_id=MODEL, host=URL)):
        vectors = await service.generate_embeddings(["good morning", "good night"])
        is_vector(vectors[1], "good night")


@cell("responses")
async def responses():
    def make(**more):
        return OpenAIResponsesAgent(ai_model_id=MODEL, client=client, name="Assistant", instructions="You help.", **more)

    first = await make().get_response(messages="Why is the sky blue?")
    is_said(str(first))
    is_said(str(await make().get_response(messages="And then?", thread=first.thread)))
    is_streamed([str(part) async for part in make().invoke_stream(messages="Write a haiku.")])
    await calls(make)
    shaped = make(text=OpenAIResponsesAgent.configure_response_format(MenuItem))
    MenuItem.model_validate_json(str(await shaped.get_response(messages="The soup?")))


run()
