"""A small streaming client: many requests at once over real sockets, each token with the time it came."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    sent: float = 0.0
    ended: float = 0.0
    times: list[float] = field(default_factory=list)  # of each token
    usage: dict = field(default_factory=dict)
    finish: str | None = None
    error: str = ""

    @property
    def first(self) -> float:
        """Seconds to the first token."""
        return self.times[0] - self.sent

    def gaps(self, begin: float = 0.0, end: float = float("inf")) -> list[float]:
        """Between tokens, as far as they lie in [begin, end]."""
        return [b - a for a, b in zip(self.times, self.times[1:]) if begin <= b and a <= end]


class Server:
    def __init__(self, port: int, model: str, pid: int = 0):
        self.port = port
        self.model = model
        self.pid = pid

    async def complete(self, prompt: list[int], tokens: int, headers: dict[str, str] | None = None, **more) -> Answer:
        """One /v1/completions request, streamed. Greedy and to its full length unless `more` says otherwise."""
        body = {"model": self.model, "prompt": prompt, "max_tokens": tokens, "temperature": 0, "stream": True,
                "ignore_eos": True, "logprobs": 0, "stream_options": {"include_usage": True}, **more}
        answer = Answer(sent=time.monotonic())
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
            try:
                payload = json.dumps(body).encode()
                lines = ["POST /v1/completions HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
                         f"Content-Length: {len(payload)}", "Connection: close",
                         *(f"{name}: {value}" for name, value in (headers or {}).items())]
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + payload)
                await writer.drain()
                await self._read(reader, answer)
            finally:
                writer.close()
        except OSError as error:
            answer.error = str(error)
        answer.ended = time.monotonic()
        return answer

    async def _read(self, reader: asyncio.StreamReader, answer: Answer) -> None:
        answer.status = int((await reader.readline()).split()[1])
        while line := (await reader.readline()).strip():
            name, _, value = line.decode().partition(":")
            answer.headers[name.lower()] = value.strip()
        if answer.status != 200:
            answer.error = (await reader.read()).decode(errors="replace")
            return
        while line := await reader.readline():
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                answer.error = json.dumps(event["error"])
            answer.usage = event.get("usage") or answer.usage
            for choice in event.get("choices", ()):
                answer.finish = choice.get("finish_reason") or answer.finish
                # A token may be a part of a character, which is sent when it is whole: its log-probability comes at once.
                # Without log-probabilities (which cost a pass over the vocabulary) each piece of text counts.
                logprobs = choice.get("logprobs")
                pieces = len(logprobs.get("tokens") or ()) if logprobs else bool(choice.get("text"))
                answer.times.extend([time.monotonic()] * pieces)
                answer.text += choice.get("text") or ""

    async def get(self, path: str) -> dict:
        return json.loads(await self.text(path))

    async def text(self, path: str) -> str:
        return await self._whole(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())

    async def post(self, path: str, body: dict) -> dict:
        payload = json.dumps(body).encode()
        head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n")
        return json.loads(await self._whole(head.encode() + payload))

    async def _whole(self, request: bytes) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        response = await reader.read()
        writer.close()
        return response.partition(b"\r\n\r\n")[2].decode()
