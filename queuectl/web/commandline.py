"""A job as the command that would enqueue another one like it, for sh and for PowerShell."""

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

from queuectl.model.fields import as_fields
from queuectl.model.job import JobSpec
from queuectl.units import format_duration, parse_duration

_DURATIONS = ("timeout", "kill_after", "backoff_cap", "unique_for")
_NOT_TOLD = frozenset({"command", "argv", "run_at", "key"})
"""Besides what is run: its time may have passed, and while a job lives, no second one with its key is added."""
_PLACEHOLDER = "..."
"""Stands for the value of an environment variable, which is never shown."""


def for_sh(spec: JobSpec) -> str:
    """Return the command for a POSIX shell."""
    return _written(spec, shlex.quote)


def for_powershell(spec: JobSpec) -> str:
    """Return the command for PowerShell."""
    return _written(spec, _quote_for_powershell)


def _written(spec: JobSpec, quote: Callable[[str], str]) -> str:
    return " ".join(["queuectl", "enqueue", *(quote(word) for word in words(spec))])


def words(spec: JobSpec) -> list[str]:
    """Return what follows ``queuectl enqueue``."""
    options = [word for name, value in as_fields(spec).items() for word in _option(name, value)]
    if spec.argv is not None:
        return [*options, "--", *spec.argv]
    command = spec.command or ""
    # What looks like an option, a JSON object or "-" is none behind -c.
    return [*options, "-c", command] if re.match(r"\s*[-{]", command) else [command, *options]


def _option(name: str, value: Any) -> Iterator[str]:
    option = "--host" if name == "machine" else f"--{name.replace('_', '-')}"
    if name in _NOT_TOLD:
        return
    if name == "env":
        for variable in value:
            yield from ("--env", f"{variable}={_PLACEHOLDER}")
    elif name in {"dead_on", "ok_on"}:
        yield from (option, ",".join(map(str, value)))
    elif isinstance(value, list):
        for one in value:
            yield f"{'--tag' if name == 'tags' else option}={one}"
    elif value is True:
        yield option
    else:  # one that begins with a dash, behind a space, would be read as an option
        yield f"{option}={_duration(value) if name in _DURATIONS else value}"


def _duration(seconds: float) -> str:
    short = format_duration(seconds).replace(" ", "")
    return short if parse_duration(short) == seconds else str(seconds)


def _quote_for_powershell(word: str) -> str:
    """Quote a word; PowerShell takes typographic quotation marks for plain ones."""
    if re.fullmatch(r"[A-Za-z0-9_./:=+-]+", word):
        return word
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", word) + "'"
