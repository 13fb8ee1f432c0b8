# pip: instructor[anthropic]==1.17.0
from typing import Iterable

from cells import KEY, MODEL, URL, cell, run
import instructor
from anthropic import Anthropic
from openai import OpenAI
from pydantic import BaseModel

ASKED = [{"role": "user", "content": "John is 25 years old"}]
client = OpenAI(base_url=f"{URL}/v1", api_key=KEY, max_retries=0)


class User(BaseModel):
    name: str
    age: int


@cell("tools")
def tools():
    user = instructor.from_openai(client).chat.completions.create(model=MODEL, response_model=User, messages=ASKED)
    assert isinstance(user, User)
    strict = instructor.from_openai(client, mode=instructor.Mode.TOOLS_STRICT)
    assert isinstance(strict.chat.completions.create(model=MODEL, response_model=User, messages=ASKED), User)
    users = instructor.from_openai(client, mode=instructor.Mode.PARALLEL_TOOLS).chat.completions.create(
        model=MODEL, response_model=Iterable[User], messages=ASKED)
    assert all(isinstance(one, User) for one in users)


@cell("schema")
def schema():
    # Its mode JSON says the schema to the model only.
    user = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA).chat.completions.create(
        model=MODEL, response_model=User, messages=ASKED, max_retries=0)
    assert isinstance(user, User)


@cell("tools")
def by_name():
    ollama = instructor.from_provider(f"ollama/{MODEL}", base_url=f"{URL}/v1", mode=instructor.Mode.TOOLS)
    user = ollama.chat.completions.create(
        response_model=User, messages=ASKED, max_retries=0)
    assert isinstance(user, User)


@cell("tools")
def anthropic():
    aclient = instructor.from_anthropic(Anthropic(base_url=URL, api_key=KEY, max_retries=0))
    assert isinstance(aclient.messages.create(model=MODEL, max_tokens=900, response_model=User, messages=ASKED), User)


@cell("stream")
def stream():
    partial = instructor.from_openai(client).chat.completions.create_partial(
        model=MODEL, response_model=User, messages=ASKED)
    assert isinstance(list(partial)[-1], User)


@cell("responses")
def responses():
    aclient = instructor.from_openai(client, mode=instructor.Mode.RESPONSES_TOOLS)
    user = aclient.responses.create(model=MODEL, input="John is 25 years old", response_model=User)
    assert isinstance(user, User)


run()
