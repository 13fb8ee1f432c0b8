"""The jinja2 environment in which chat templates are rendered for goldens."""

import datetime
import json

import jinja2
import jinja2.ext
import jinja2.sandbox

# What strftime_now shows in every golden: a moment in UTC, and the same in seconds since 1970.
NOW = datetime.datetime(2025, 7, 4, 9, 5, 3)
NOW_UNIX_S = 1751619903


class GenerationTag(jinja2.ext.Extension):
    """{% generation %} marks what an assistant wrote; rendering shows its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_show"), [], [], body).set_lineno(line)

    def _show(self, caller):
        return caller()


class RaisedByTemplate(Exception):
    pass


def raise_exception(message):
    raise RaisedByTemplate(message)


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def make_environment():
    # transformers uses the sandbox that also forbids list.append and the like; one of the templates needs them.
    environment = jinja2.sandbox.SandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return environment


def render(environment, source, variables):
    """{"output": text}, or {"raised": message} for raise_exception, or {"error": what} for any other error."""
    try:
        return {"output": environment.from_string(source).render(**variables)}
    except RaisedByTemplate as error:
        return {"raised": str(error)}
    except Exception as error:  # noqa: BLE001: every error of a template is a result
        return {"error": f"{type(error).__name__}: {error}"}
