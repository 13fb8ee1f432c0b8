# pip: llm==0.36 llm-ollama==0.19.1
import os
import tempfile

os.environ["LLM_USER_PATH"] = tempfile.mkdtemp()  # where its models and keys are
from cells import KEY, MODEL, URL, cell, is_said, is_streamed, is_vector, run

os.environ["OLLAMA_HOST"] = URL
with open(os.path.join(os.environ["LLM_USER_PATH"], "extra-openai-models.yaml"), "w") as file:
    file.write(f"""\
- model_id: quire
  model_name: {MODEL}
  api_base: {URL}/v1
  api_key_name: quire
  supports_tools: true
  supports_schema: true
""")
import llm
from llm_ollama.models.embed import OllamaEmbeddingModel
from pydantic import BaseModel

openai = llm.get_model("quire")
openai.key = KEY
ollama = llm.get_model(f"ollama/{MODEL}:latest")


class Dog(BaseModel):
    name: str
    age: int


def upper(text: str) -> str:
    """Convert text to uppercase."""
    return text.upper()


@cell("chat")
def chat():
    for model in (openai, ollama):
        is_said(model.prompt("Five surprising names for a pet pelican", system="Be brief", stream=False).text())


@cell("stream")
def stream():
    for model in (openai, ollama):
        is_streamed(list(model.prompt("Five names")))
        conversation = model.conversation()
        conversation.prompt("Hello").text()
        is_said(conversation.prompt("And now?").text())


@cell("tools")
def tools():
    for model in (openai, ollama):
        called = []
        chain = model.chain("Convert panda to upper", tools=[upper], after_call=lambda tool, call, result: called.append(call))
        assert chain.text().endswith("table."), chain
        assert called


@cell("schema")
def schema():
    for model in (openai, ollama):
        Dog.model_validate_json(model.prompt("Invent a good dog", schema=Dog).text())


@cell("embed")
def embed():
    # Its list of models has those alone that say they are made for it.
    vectors = OllamaEmbeddingModel(model_id="vectors", ollama_name=MODEL)
    is_vector(vectors.embed("Why is the sky blue?"), "Why is the sky blue?")
    is_vector(list(vectors.embed_multi(["one", "two"]))[1], "two")


run()
