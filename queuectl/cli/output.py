"""What commands print: a table on a terminal, tab-separated lines in a pipe, JSON when asked."""

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from queuectl.model.job import Job
from queuectl.model.state import State
from queuectl.units import format_duration

COLOURS = {
    State.PENDING: "cyan",
    State.SCHEDULED: "blue",
    State.BLOCKED: "magenta",
    State.PROCESSING: "yellow",
    State.FAILED: "yellow",
    State.COMPLETED: "green",
    State.DEAD: "red",
    State.CANCELLED: "bright_black",
}


def on_terminal() -> bool:
    """Tell whether a person reads standard output."""
    return sys.stdout.isatty()


_STATES = frozenset(state.value for state in State)


def echo(text: str) -> None:
    """Print a line, in colour where that is wanted."""
    click.echo(text, color=False if "NO_COLOR" in os.environ else None)


def say(text: str) -> None:
    """Tell a person something, on standard error."""
    click.echo(text, err=True, color=False if "NO_COLOR" in os.environ else None)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def plain(text: object) -> str:
    """Make a text safe for one line of a terminal: no control characters, so that no name can move the cursor."""
    return "".join(
        char if unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"} else " " if char in "\n\t" else "\ufffd"
        for char in ("" if text is None else str(text))
    )


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their columns; the last column is cut to the terminal's width."""
    cells = [[plain(cell) for cell in row] for row in rows]
    if not on_terminal():
        for row in cells:
            click.echo("\t".join(row))
        return
    widths = [max(len(click.unstyle(row[i])) for row in [list(columns), *cells]) for i in range(len(columns))]
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * (len(columns) - 1)
    echo(
        click.style(
            "  ".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)).rstrip(), bold=True
        )
    )
    for row in cells:
        *first, last = row
        line = "  ".join(_coloured(cell, width) for cell, width in zip(first, widths, strict=False))
        echo(f"{line}  {cut(last, max(room, 20))}".rstrip())


def cut(text: str, width: int) -> str:
    """Shorten a text to a width."""
    return text if len(text) <= width else text[: width - 1] + "…"


def _coloured(cell: str, width: int) -> str:
    padded = cell.ljust(width)
    return click.style(padded, fg=COLOURS[State(cell)]) if cell in _STATES else padded


def state_text(state: State) -> str:
    """Write a state in its colour."""
    return click.style(state.value, fg=COLOURS[state])


def local(moment: datetime | None) -> str:
    """Write a moment in local time, to the second."""
    return "" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def describe(job: Job, now: datetime) -> str:
    """Say in a few words what is going on with a job."""
    if job.state is State.PROCESSING and job.started_at is not None:
        text = f"running for {format_duration(max(0.0, (now - job.started_at).total_seconds()))}"
        return f"{text}, being cancelled" if job.cancel_requested else text
    if job.state in {State.FAILED, State.SCHEDULED} and job.run_at is not None:
        wait = (job.run_at - now).total_seconds()
        text = f"due in {format_duration(wait)}" if wait > 0 else "due now"
        return f"{job.reason}; {text}" if job.reason else text
    if job.state is State.COMPLETED and job.started_at and job.finished_at:
        return f"took {format_duration((job.finished_at - job.started_at).total_seconds())}"
    if job.state is State.BLOCKED:
        return "waits for " + ", ".join(str(parent) for parent in job.spec.after)
    return job.reason or ""
