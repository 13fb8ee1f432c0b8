# pip: guidance==0.3.1 openai==3.57.0
from cells import KEY, MODEL, URL, cell, run
import guidance
from guidance import assistant, gen, json, models, select, system, user
from guidance.models.experimental import VLLMModel
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


def model(kind=models.OpenAI):
    return kind(MODEL, base_url=f"{URL}/v1", api_key=KEY, echo=False)


def asked(lm):
    with system():
        lm += "You are a helpful assistant"
    with user():
        lm += "Hello. What is your name?"
    return lm


@cell("chat")
def chat():
    lm = asked(model())
    with assistant():
        lm += gen(name="said", max_tokens=200)
    assert lm["said"], lm


@cell("schema")
def schema():
    lm = asked(model())
    with assistant():
        lm += json(name="person", schema=Person)
    Person.model_validate_json(lm["person"])


@cell("schema")
def vllm():
    lm = asked(model(VLLMModel))
    with assistant():
        lm += "My favourite is " + select(["red", "green"], name="colour") + gen(name="tail", regex="[0-9]{3}")
    assert lm["colour"] in ("red", "green"), lm


run()
