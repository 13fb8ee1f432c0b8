"""A real server for a scenario, its prompts, and a line for each figure."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

from client import Server

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = range(1000, 30000)


def prompt_of(seed: int, length: int) -> list[int]:
    return [1] + random.Random(seed).choices(VOCABULARY, k=length - 1)


def report(name: str, figure: str, limit: str, holds: bool) -> None:
    print(f"{'ok  ' if holds else 'MISS'}  {name:<58} {figure:<34} asked: {limit}", flush=True)


@contextlib.asynccontextmanager
async def serving(model: str, **settings: str):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What is promised of steps is measured without guesses, whose tokens come together with no gap between them.
    environment = os.environ | {"QUIRE_DRAFT": "off"} | {f"QUIRE_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [ROOT / "build/release/quire", "serve", "--port", str(port), "--model", f"bench={model}"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE if "-v" not in sys.argv else None)
    server = Server(port, "bench", process.pid)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                await server.get("/health")
                break
            await asyncio.sleep(0.1)
        await server.complete(prompt_of(0, 8), 8)  # the model is loaded, and the machine's steps are known a little
        yield server
    finally:
        process.terminate()
        process.wait()
