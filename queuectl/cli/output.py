"""What commands print: a table on a terminal, tab-separated lines in a pipe, JSON when asked."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from queuectl.model.dependencies import parents
from queuectl.model.state import State
from queuectl.text import plain
from queuectl.units import format_duration

if TYPE_CHECKING:
    from datetime import datetime

    from queuectl.model.job import Job

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
GAP = "  "
"""What stands between two columns of a table."""
NARROWEST = 8
"""A column is not made narrower than this to fit a terminal."""


def on_terminal() -> bool:
    """Tell whether a person reads standard output."""
    return sys.stdout.isatty()


def terminal_width() -> int:
    """Return how many characters fit on a line."""
    import shutil

    return shutil.get_terminal_size().columns


def colour_wanted() -> bool | None:
    """Return False where NO_COLOR forbids colours, else None: what is printed to decides."""
    return False if os.environ.get("NO_COLOR") else None


def echo(text: str) -> None:
    """Print a line of data, in colour where that is wanted."""
    click.echo(text, color=colour_wanted())


def say(text: str) -> None:
    """Tell a person something, on standard error, if anybody listens."""
    try:
        click.echo(text, err=True, color=colour_wanted())
    except OSError:
        discard(sys.stderr)


def complain(message: str, hint: str) -> None:
    """Report an error, and what to do next."""
    say(click.style("error: ", fg="red", bold=True) + plain(message))
    if hint:
        say(f"hint: {plain(hint)}")


def discard(stream: TextIO) -> None:
    """Point a stream that cannot be written at nothing; Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def bold(text: str) -> str:
    """Make a heading."""
    return click.style(text, bold=True)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    readable = sys.stdout.encoding.lower() == "utf-8"  # elsewhere, such as in a pipe on Windows, \u escapes are safe
    click.echo(json.dumps(value, indent=2, ensure_ascii=not readable))


def print_rows(rows: Iterable[Sequence[object]]) -> None:
    """Print rows for a program: tab-separated, without a heading."""
    for row in rows:
        click.echo("\t".join(plain(cell) for cell in row))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows for a person: under their columns, within the terminal's width, states in their colours."""
    rows = list(rows)
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(columns, *cells, strict=True)]
    _squeeze(widths, terminal_width() - len(GAP) * (len(columns) - 1))
    echo(bold(GAP.join(map(_padded, columns, widths)).rstrip()))
    for row, texts in zip(rows, cells, strict=True):
        padded = [_padded(cut(text, width), width) for text, width in zip(texts, widths, strict=True)]
        styled = (
            click.style(text, fg=COLOURS[cell]) if isinstance(cell, State) else text
            for cell, text in zip(row, padded, strict=True)
        )
        echo(GAP.join(styled).rstrip())


def _squeeze(widths: list[int], room: int) -> None:
    """Have the widest column give way until all of them fit."""
    widths[:] = [min(width, max(room, NARROWEST)) for width in widths]
    while sum(widths) > room and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1


def cut(text: str, width: int) -> str:
    """Shorten a text to a width."""
    if _width(text) <= width:
        return text
    text = text[:width]
    while _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def state_text(state: State) -> str:
    """Write a state in its colour."""
    return click.style(state.value, fg=COLOURS[state])


def local(moment: "datetime | None") -> str:
    """Write a moment in local time, to the second."""
    if moment is None:
        return ""
    try:
        return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:  # the end of the year 9999, east of Greenwich
        from queuectl.model.plain import iso

        return str(iso(moment))


def age(moment: "datetime", now: "datetime") -> str:
    """Write how long ago something was, with one unit: ``12s``, ``3h``, ``4d``."""
    return format_duration(max(0, round((now - moment).total_seconds()))).split()[0]


def describe(job: "Job", now: "datetime") -> str:
    """Say in a few words what is going on with a job."""
    if job.state is State.PROCESSING and job.started_at is not None:
        text = f"running for {format_duration(max(0.0, (now - job.started_at).total_seconds()))}"
        if job.progress is not None:
            text += f", {job.progress:.0%}" + (f" {job.progress_text}" if job.progress_text else "")
        return f"{text}, being cancelled" if job.cancel_requested else text
    if job.state in {State.FAILED, State.SCHEDULED} and job.run_at is not None:
        wait = (job.run_at - now).total_seconds()
        text = f"due in {format_duration(wait)}" if wait > 0 else "due now"
        return f"{job.reason}; {text}" if job.reason else text
    if job.state is State.COMPLETED and job.started_at and job.finished_at:
        return f"took {format_duration(max(0.0, (job.finished_at - job.started_at).total_seconds()))}"
    if job.state is State.BLOCKED:
        return job.reason or "waits for " + ", ".join(str(parent) for parent, _ in parents(job.spec))
    if job.state is State.PENDING and job.spec.machine and not job.reason:
        return f"only on {job.spec.machine}"
    return job.reason or ""
