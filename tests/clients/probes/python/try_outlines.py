# pip: outlines==1.3.3 openai==3.57.0 ollama==0.6.3
from enum import Enum
from typing import Literal

from cells import KEY, MODEL, URL, cell, is_said, is_streamed, run
import ollama
import openai
import outlines
from outlines.types import CFG, JsonSchema, Regex
from pydantic import BaseModel

client = openai.OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)
as_openai = outlines.from_openai(client, MODEL)
as_vllm = outlines.from_vllm(client, MODEL)
as_ollama = outlines.from_ollama(ollama.Client(host=URL), MODEL)


class Rating(Enum):
    poor = 1
    fair = 2


class ProductReview(BaseModel):
    rating: Rating
    pros: list[str]
    summary: str


@cell("chat")
def chat():
    for model in (as_openai, as_vllm):
        is_said(model("Hello?"))
    assert as_ollama("Hello?")


@cell("stream")
def stream():
    is_streamed(list(as_openai.stream("Hello?")))
    is_streamed(list(as_vllm.stream("Hello?")))
    assert "".join(as_ollama.stream("Hello?"))


@cell("schema")
def schema():
    for model in (as_openai, as_vllm, as_ollama):
        ProductReview.model_validate_json(model("Review: the XPS 13.", ProductReview, **(
            {} if model is as_ollama else {"max_tokens": 2000})))


@cell("schema")
def vllm():
    assert as_vllm("Sentiment?", Literal["Positive", "Negative", "Neutral"]) in ("Positive", "Negative", "Neutral")
    assert as_vllm("When?", Regex(r"[0-9]{4}-[0-9]{2}"))[4] == "-"
    int(as_vllm("How many?", int, max_tokens=20))  # "+7" is one
    assert as_vllm("Sum?", CFG('?start: "a" | "b"'))


run()
