# pip: pydantic-ai-slim[openai,anthropic]==2.68.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from pydantic import BaseModel
from pydantic_ai import Agent, Embedder, NativeOutput, PromptedOutput, RunContext
from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider

openai = OpenAIProvider(base_url=f"{URL}/v1", api_key=KEY)
MODELS = {
    "chat": OpenAIChatModel(MODEL, provider=openai),
    "ollama": OllamaModel(MODEL, provider=OllamaProvider(base_url=f"{URL}/v1")),
    "anthropic": AnthropicModel(MODEL, provider=AnthropicProvider(api_key=KEY, base_url=URL)),
}
RESPONSES = OpenAIResponsesModel(MODEL, provider=openai)


class CityLocation(BaseModel):
    city: str
    country: str
    population: int | None  # with a default, its tool says `strict: false` below /v1/responses, and nothing holds


def roll_dice(context: RunContext[str]) -> str:
    """Roll a six-sided die and return the result."""
    return "4"


def greet(name: str, times: int) -> str:
    """Greet somebody."""
    return f"Hello {name}" * min(times, 3)


async def talks(model):
    result = await Agent(model, instructions="Be concise.").run("Where does 'hello world' come from?")
    is_said(result.output)
    assert result.usage.output_tokens > 1


async def streams(model):
    async with Agent(model).run_stream("Where is it from?") as answer:
        is_streamed([piece async for piece in answer.stream_text(delta=True, debounce_by=None)])


async def calls(model):
    result = await Agent(model, deps_type=str, tools=[roll_dice, greet]).run("My guess is 4", deps="Anne")
    is_said(result.output)
    assert result.usage.tool_calls >= 1, result.all_messages()


async def shapes(model):
    for wanted in (CityLocation, NativeOutput(CityLocation)):
        output = (await Agent(model, output_type=wanted).run("Where were the olympics?")).output
        assert isinstance(output, CityLocation), output
    async with Agent(model, output_type=CityLocation).run_stream("Where?") as answer:
        assert isinstance(await answer.get_output(), CityLocation)


@cell("chat")
async def chat():
    for model in MODELS.values():
        await talks(model)


@cell("stream")
async def stream():
    for model in MODELS.values():
        await streams(model)


@cell("tools")
async def tools():
    for model in MODELS.values():
        await calls(model)


@cell("schema")
async def schema():
    for name in ("chat", "ollama"):
        await shapes(MODELS[name])
    assert isinstance((await Agent(MODELS["anthropic"], output_type=CityLocation).run("x")).output, CityLocation)


@cell("embed")
async def embed():
    result = await Embedder(OpenAIEmbeddingModel(MODEL, provider=openai)).embed_query("What is it?")
    is_vector(result.embeddings[0], "What is it?")


@cell("responses")
async def responses():
    for check in (talks, streams, calls, shapes):
        await check(RESPONSES)


run()
