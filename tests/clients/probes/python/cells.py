"""What the probes of Python clients share. A probe is a file that declares cells and calls run():

    # pip: openai==2.50.0            what its environment needs; the first line
    @cell("chat")
    def chat(): ...                  passes when it returns; QUIRE_URL is the server, "caller" its model

Each cell prints one line of JSON: {"cell", "result": "works" | "refused" | "fails", "note"}. Refused is what the server
answered with a status of 400 to 499; everything else that raises has failed.
"""

import asyncio
import inspect
import json
import os
import signal
import sys
import traceback

URL = os.environ["QUIRE_URL"]
MODEL = "caller"
KEY = "any"
SENTENCE = "Hello from a table."

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "City and country"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "unit"],
    "additionalProperties": False,
}

_cells = []
_loop = asyncio.new_event_loop()
asyncio.set_event_loop(_loop)


def cell(name):
    def keep(function):
        _cells.append((name, function))
        return function

    return keep


def is_weather(arguments):
    """Arguments that keep to WEATHER."""
    if isinstance(arguments, str):
        arguments = json.loads(arguments)
    assert set(arguments) == {"city", "unit"}, arguments
    assert isinstance(arguments["city"], str), arguments
    assert arguments["unit"] in ("celsius", "fahrenheit"), arguments


def is_said(text):
    assert text == SENTENCE, repr(text)


def is_streamed(pieces):
    pieces = [piece for piece in pieces if piece]
    assert len(pieces) > 1, f"one piece: {pieces}"
    is_said("".join(pieces))


def is_vector(values, text):
    """The vector of `text`: with caller_model.py's table it is the row of the identity that its last character has."""
    values = [float(value) for value in values]
    others = sum(abs(value) for value in values) - values[ord(text[-1])]
    assert abs(values[ord(text[-1])] - 1) < 1e-3 and others < 1e-3, f"{len(values)} values, not the vector of {text!r}"


def _status(error):
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for holder in (error, getattr(error, "response", None)):
            for name in ("status_code", "code", "http_status"):
                status = getattr(holder, name, None)
                if isinstance(status, int) and 400 <= status < 500:
                    return status, str(error)
        error = error.__cause__ or error.__context__
    return None, None


def _try(function):
    note = function()
    if inspect.isawaitable(note):
        note = _loop.run_until_complete(note)  # one loop: some clients keep connections of theirs
    return note


def run():
    wanted = sys.argv[1:]
    for name, function in _cells:
        if wanted and name not in wanted:
            continue
        signal.alarm(int(os.environ.get("QUIRE_CELL_SECONDS", "60")))
        try:
            result, note = "works", _try(function) or ""
        except BaseException as error:  # some libraries leave by SystemExit
            if isinstance(error, KeyboardInterrupt):
                raise
            status, said = _status(error)
            result, note = ("refused", f"{status}: {said}") if status else ("fails", f"{type(error).__name__}: {error}")
            traceback.print_exc()
        signal.alarm(0)
        print(json.dumps({"cell": name, "result": result, "note": str(note)[:600]}), flush=True)
    sys.stdout.flush()
    os._exit(0)  # threads that a library left behind do not count


def _too_long(*_):
    raise TimeoutError("no answer in time")


signal.signal(signal.SIGALRM, _too_long)
