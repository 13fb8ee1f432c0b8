# pip: llama-index-core==0.14.25 llama-index-llms-openai-like==0.8.1 llama-index-llms-ollama==0.11.0 llama-index-embeddings-ollama==0.10.0 llama-index-embeddings-openai-like==0.4.0
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.ollama import OllamaEmbedding
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.ollama import Ollama
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

# Tools of this library say `strict: false`, with which arguments are the model's own affair, unless it is told otherwise.
like = OpenAILike(model=MODEL, api_base=f"{URL}/v1", api_key=KEY, is_chat_model=True, is_function_calling_model=True,
                  context_window=65536, max_retries=0, strict=True)
ollama = Ollama(model=MODEL, base_url=URL, request_timeout=60.0, context_window=65536)
ASKED = [ChatMessage(role="system", content="You are a pirate"), ChatMessage(role="user", content="Your name?")]


class Song(BaseModel):
    """Data for a song."""

    title: str
    length_seconds: int


def generate_song(name: str, artist: str) -> str:
    """Generates a song with provided name and artist."""
    return f"{name} by {artist}"


@cell("chat")
def chat():
    for llm in (like, ollama):
        is_said(str(llm.chat(ASKED).message.content))
    assert ollama.complete("Paul Graham is ").text
    assert OpenAILike(model=MODEL, api_base=f"{URL}/v1", api_key=KEY, max_tokens=9).complete("Paul<|say|>").text


@cell("stream")
def stream():
    for llm in (like, ollama):
        is_streamed([chunk.delta for chunk in llm.stream_chat(ASKED)])


@cell("tools")
def tools():
    tool = FunctionTool.from_defaults(fn=generate_song)
    for llm in (like, ollama):
        calls = llm.get_tool_calls_from_response(llm.chat_with_tools([tool], user_msg="A song?"))
        assert calls and set(calls[0].tool_kwargs) >= {"name", "artist"}, calls
        assert "by" in str(llm.predict_and_call([tool], user_msg="Pick a random song for me"))


@cell("tools")
async def agent():
    for llm in (like, ollama):
        answer = await FunctionAgent(tools=[generate_song], llm=llm, system_prompt="You help.").run("A song?")
        is_said(str(answer))


@cell("schema")
def schema():
    for llm in (like, ollama):
        song = llm.as_structured_llm(Song).chat(ASKED).raw
        assert isinstance(song, Song), song
    formed = like.chat(ASKED, response_format={"type": "json_schema", "json_schema": {
        "name": "song", "schema": Song.model_json_schema(), "strict": True}})
    Song.model_validate_json(formed.message.content)


@cell("embed")
def embed():
    for model in (OpenAILikeEmbedding(model_name=MODEL, api_base=f"{URL}/v1", api_key=KEY),
                  OllamaEmbedding(model_name=MODEL, base_url=URL)):
        is_vector(model.get_query_embedding("Where is blue?"), "Where is blue?")
        both = model.get_text_embedding_batch(["This is a passage!", "This is another passage"])
        is_vector(both[1], "another passage")


run()
