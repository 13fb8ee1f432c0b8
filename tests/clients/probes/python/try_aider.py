# pip: aider-chat==0.86.2
import contextlib
import json
import os
import pathlib
import sys
import tempfile

from cells import KEY, MODEL, SENTENCE, URL, cell, is_said, is_streamed, run

# It works on the files of the folder that it is started in, and keeps what it remembers in the home folder.
folder = pathlib.Path(tempfile.mkdtemp())
os.environ |= {"HOME": str(folder), "OPENAI_API_BASE": f"{URL}/v1", "OPENAI_API_KEY": KEY, "OLLAMA_API_BASE": URL,
               "ANTHROPIC_API_BASE": URL, "ANTHROPIC_API_KEY": KEY}
os.chdir(folder)
from aider.coders import Coder
from aider.io import InputOutput
from aider.main import main
from aider.models import Model, register_litellm_models

NAMES = [f"openai/{MODEL}", f"ollama_chat/{MODEL}", f"anthropic/{MODEL}"]
METADATA = folder / ".aider.model.metadata.json"
# Of a model that it does not know it looks for prices elsewhere.
METADATA.write_text(json.dumps({name: {"litellm_provider": name.split("/")[0], "mode": "chat",
                                       "max_input_tokens": 65536, "max_output_tokens": 4096} for name in NAMES}))
register_litellm_models([METADATA])


def coder(name, **more):
    io = InputOutput(yes=True, pretty=False, fancy_input=False)
    return Coder.create(main_model=Model(name), io=io, use_git=False, **more)


@cell("chat")
def chat():
    for name in NAMES:
        with contextlib.redirect_stdout(sys.stderr):
            is_said(coder(name, edit_format="ask", stream=False).run("What does this project do?"))


@cell("chat")
def program():
    for name in NAMES:
        history = folder / f"{name.split('/')[0]}.md"
        with contextlib.redirect_stdout(sys.stderr):
            main(["--model", name, "--message", "Make a script that prints hello", "--yes-always", "--no-git",
                  "--no-gitignore", "--no-pretty", "--no-check-update", "--no-show-release-notes", "--analytics-disable",
                  "--model-metadata-file", str(METADATA), "--chat-history-file", str(history), "hello.py"])
        assert SENTENCE in history.read_text(), history.read_text()


@cell("stream")
def stream():
    (folder / "greeting.py").write_text("print('hello')\n")
    for name in NAMES:
        for edit_format in ("whole", "diff"):
            with contextlib.redirect_stdout(sys.stderr):
                streaming = coder(name, edit_format=edit_format, fnames=["greeting.py"], stream=True)
                pieces = list(streaming.run_stream("Greet."))
            is_streamed(pieces)


run()
