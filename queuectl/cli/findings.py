"""How checks come out, and how they are shown: for ``doctor`` and ``self check``."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import click

from queuectl.cli.output import echo, on_terminal, print_json, print_rows
from queuectl.text import plain


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    """Nothing to do."""
    WARNING = "warning"
    """Works, but not as it might."""
    ERROR = "error"
    """Something does not work."""


COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check: what was looked at, what was found, what to do."""

    level: Level = Level.OK
    what: str
    found: str
    advice: str = ""


def show(checks: Iterable[Finding], *, as_json: bool) -> int:
    """Print what was found, and return the exit code: 1 when something does not work."""
    findings = list(checks)
    if as_json:
        print_json(
            [{"level": f.level.value, "what": f.what, "found": f.found, "advice": f.advice or None} for f in findings]
        )
    elif on_terminal():
        for finding in findings:
            level = click.style(finding.level.value.ljust(7), fg=COLOURS[finding.level])
            echo(f"{level}  {finding.what.ljust(11)}  {plain(finding.found)}")
            if finding.advice:
                echo(f"{' ' * 22}{plain(finding.advice)}")
    else:
        print_rows((finding.level, finding.what, finding.found, finding.advice) for finding in findings)
    return int(any(finding.level is Level.ERROR for finding in findings))
