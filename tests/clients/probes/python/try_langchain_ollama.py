# pip: langchain==1.5.2 langchain-ollama==1.1.0
from cells import MODEL, URL, cell, is_vector, run
from langchain_cells import Joke, declare_cells
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel


class Setup(BaseModel):
    """A joke's beginning."""

    setup: str


llm = ChatOllama(base_url=URL, model=MODEL, validate_model_on_init=True)
declare_cells(llm, form=Setup)


@cell("chat")
def thinking_and_completion():
    assert ChatOllama(base_url=URL, model=MODEL, reasoning=True).invoke("x").additional_kwargs["reasoning_content"]
    assert OllamaLLM(base_url=URL, model=MODEL).invoke("The first man on the moon was ...")


@cell("schema")
def schema():
    assert isinstance(llm.with_structured_output(Joke).invoke("Tell me a joke"), Joke)
    # As a tool's arguments without `rating`: the ollama package leaves `anyOf` out of tools.
    fields = llm.with_structured_output(Setup, method="function_calling").invoke("Tell me a joke")
    assert isinstance(fields, Setup)


@cell("embed")
def embed():
    vectors = OllamaEmbeddings(base_url=URL, model=MODEL)
    is_vector(vectors.embed_query("hello"), "hello")
    is_vector(vectors.embed_documents(["one", "two"])[1], "two")


run()
