# pip: aider-chat==0.86.2
import contextlib
import io
import os
import subprocess
import tempfile

from cells import KEY, MODEL, URL, cell, run

os.environ.update({"OLLAMA_API_BASE": URL, "OPENAI_API_BASE": f"{URL}/v1", "OPENAI_API_KEY": KEY,
                   "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_API_BASE": URL, "AIDER_ANALYTICS": "false"})
os.chdir(tempfile.mkdtemp())
subprocess.run(["git", "init", "-q"], check=True)
from aider.main import main


# The whole program, with one message, as `aider --model ... --message ...`.
def ask(model, *more):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        main(["--model", model, "--message", "Hello", "--yes-always", "--no-auto-commits", "--no-check-update",
              "--no-show-model-warnings", "--no-pretty", "--no-gitignore", "--map-tokens", "0", *more], return_coder=False)
    assert "Hello from a table." in said.getvalue(), said.getvalue()
    assert "Error" not in said.getvalue(), said.getvalue()


@cell("chat")
def chat():
    for model in (f"ollama_chat/{MODEL}", f"openai/{MODEL}", f"anthropic/{MODEL}"):
        ask(model, "--no-stream")


@cell("stream")
def stream():
    for model in (f"ollama_chat/{MODEL}", f"openai/{MODEL}", f"anthropic/{MODEL}"):
        ask(model, "--stream")


run()
