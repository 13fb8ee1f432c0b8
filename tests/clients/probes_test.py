"""The clients that are quickly installed talk to a real server: python3 probes_test.py

QUIRE is the program; Python's packages are in build/tools/python_clients, JavaScript's in node_modules beside this file,
where ./test puts them. Each cell of their probes has to work.
"""

import concurrent.futures
import pathlib
import shutil
import sys
import tempfile

from probing import HERE, PROBES, ROOT, Server, run_cells

SKIPPED = 77


def commands(folder):
    environment = ROOT / "build/tools/python_clients"
    python = environment / "bin/python"
    if (environment / ".installed").exists():
        for name in ("openai", "anthropic", "ollama"):
            yield f"Python's {name}", [python, PROBES / f"python/try_{name}.py"]
    node = shutil.which("node")
    if node and (HERE / "node_modules/ai").exists():
        (folder / "node_modules").symlink_to(HERE / "node_modules")  # packages are looked for beside the file
        for name in ("cells", "try_ai_sdk"):
            shutil.copy(PROBES / f"javascript/{name}.mjs", folder)
        yield "the AI SDK", [node, "--preserve-symlinks", folder / "try_ai_sdk.mjs"]


def main():
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        probes = dict(commands(folder))
        if not probes:
            print("clients.probes: Skipped\nneither Python's clients nor the AI SDK could be installed (./test does it)")
            return SKIPPED
        for number, _ in enumerate(probes):
            (folder / str(number)).mkdir()
        with Server() as server, concurrent.futures.ThreadPoolExecutor() as pool:
            runs = {name: pool.submit(run_cells, command, server.url, folder / str(number))
                    for number, (name, command) in enumerate(probes.items())}
            results = {name: run.result() for name, run in runs.items()}
    wrong = 0
    for name, lines in results.items():
        for line in lines:
            fine = line["result"] == "works"
            wrong += not fine
            print(f"{'ok' if fine else 'WRONG':6} {name}, {line['cell']}: {line['result']} {line['note']}")
    print(f"{sum(map(len, results.values())) - wrong} passed, {wrong} failed")
    for line in server.log:
        if "unknown" in line:
            print(line.rstrip())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
