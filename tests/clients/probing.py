"""Probes of client libraries, and the server that they talk to: for tools/peers/clients and probes_test.py."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROBES = HERE / "probes"
FOLDER = pathlib.Path(os.environ.get("QUIRE_CLIENTS_FOLDER", ROOT / "build/peers/clients"))
NODE = "node@24"
LANGUAGES = {".py": "Python", ".mjs": "JavaScript", ".go": "Go"}
# Libraries that report to their makers, or fetch a list from them, are told not to: a probe talks to the server alone.
QUIET = {"DO_NOT_TRACK": "1", "OTEL_SDK_DISABLED": "true", "AGNO_TELEMETRY": "false", "CREWAI_DISABLE_TELEMETRY": "true",
         "CREWAI_DISABLE_VERSION_CHECK": "true", "CREWAI_TRACING_ENABLED": "false", "HAYSTACK_TELEMETRY_ENABLED": "false",
         "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


class Probe:
    def __init__(self, path):
        self.path = path
        self.name = path.stem.removeprefix("try_")
        self.language = LANGUAGES[path.suffix]
        first = path.read_text().splitlines()[0]
        self.packages = first.split(":", 1)[1].split()
        self.folder = FOLDER / f"{self.name}{path.suffix.replace('.', '_')}"

    def title(self):
        beside = ("zod@", "@langchain/core@")
        kept = [package for package in self.packages if re.search(r"==|.@v?\d", package) and not package.startswith(beside)]
        return ", ".join(package.replace("==", " ").replace("@v", " ") if self.language != "JavaScript"
                         else re.sub(r"(?<=.)@(?=\d)", " ", package) for package in kept)

    def is_installed(self):
        stamp = self.folder / ".installed"
        return stamp.exists() and stamp.read_text() == " ".join(self.packages)

    def install(self):
        if self.is_installed():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        if self.language == "Python":
            call([sys.executable, "-m", "venv", self.folder])
            call([self.folder / "bin/pip", "install", "-q", "--disable-pip-version-check", *self.packages])
        elif self.language == "JavaScript":
            (self.folder / "package.json").write_text('{"private": true, "type": "module"}\n')
            call(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", NODE, *self.packages], cwd=self.folder)
        else:
            call(["go", "mod", "init", "probe"], cwd=self.folder)
            call(["go", "get", *self.packages], cwd=self.folder)
        (self.folder / ".installed").write_text(" ".join(self.packages))

    def command(self):
        """In its own environment."""
        if self.language == "Python":
            return [self.folder / "bin/python", self.path]
        if self.language == "JavaScript":
            for file in (self.path.with_name("cells.mjs"), self.path):  # packages are looked for beside the file
                shutil.copy(file, self.folder)
            return [self.folder / "node_modules/node/bin/node", self.folder / self.path.name]
        shutil.copy(self.path.with_name("cells.go"), self.folder)
        shutil.copy(self.path, self.folder / "main.go")
        return ["go", "run", "."]

    def run(self, url):
        return run_cells(self.command(), url, self.folder)


def run_cells(command, url, folder):
    """What a probe prints: a list of {"cell", "result", "note"}. What it says besides goes to `folder`/log."""
    direct = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}  # where the server is
    environment = {**os.environ, **QUIET, **direct, "QUIRE_URL": url, "OPENAI_API_KEY": "any", "ANTHROPIC_API_KEY": "any",
                   "OLLAMA_HOST": url}
    log_file = pathlib.Path(folder) / "log"
    with open(log_file, "w") as log:
        try:
            output = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=log,
                                    stdin=subprocess.DEVNULL, text=True, timeout=600).stdout
        except subprocess.TimeoutExpired as error:
            output = (error.stdout or b"").decode()
    lines = [json.loads(line) for line in output.split("\n") if line.startswith('{"cell"')]
    return lines or [{"cell": "chat", "result": "fails", "note": f"does not start: {last_line(log_file)}"}]


def last_line(file):
    return next((line for line in reversed(file.read_text(errors="replace").splitlines()) if line.strip()), "")


def call(command, **options):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, **options)


class Server:
    """quire with the model, on a free port, until the end. Then `log` has every line of it."""

    def __enter__(self):
        program = os.environ.get("QUIRE", ROOT / "build/release/quire")
        if not os.access(program, os.X_OK):
            sys.exit("build quire first: cmake --build --preset release --target quire")
        self.folder = tempfile.mkdtemp(prefix="quire-clients-")
        call([sys.executable, ROOT / "tests/clients/caller_model.py", f"{self.folder}/caller.gguf"])
        self.process = subprocess.Popen([program, "serve", "--port", "0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, "QUIRE_MODELS": self.folder})
        self.log = []
        for line in self.process.stdout:
            self.log.append(line)
            if listens := re.search(r"listens on (http://\S+)", line):
                self.url = listens[1]
                break
        else:
            sys.exit("".join(self.log))
        self.reader = threading.Thread(target=self.log.extend, args=(self.process.stdout,))
        self.reader.start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        shutil.rmtree(self.folder)
