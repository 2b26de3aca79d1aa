"""``pause`` and ``resume``: stop and go on taking jobs."""

from datetime import datetime

import click

from queuectl.cli.base import DURATION, MOMENT, command, in_seconds, open_queue, present
from queuectl.cli.output import echo, local
from queuectl.errors import UsageError
from queuectl.text import plain


@command("pause")
@click.option("-q", "--queue", "name", help="Only this queue; else all.")
@click.option("--for", "duration", type=DURATION, help="Go on by itself after this long: 30m, 1h.")
@click.option("--until", type=MOMENT, help="Go on by itself then: 18:30.")
def pause(name: str | None, duration: float | None, until: datetime | None) -> None:
    """Have no more jobs taken; running ones go on.

    It holds for every host, until 'queuectl resume' or the time that was given.

    \b
    Examples:
      queuectl pause
      queuectl pause --until 18:30
      queuectl pause --queue video --for 2h
    """
    pause_queue(name, duration, until)


def pause_queue(name: str | None, duration: float | None, until: datetime | None) -> None:
    """Pause one queue, or all, and say so."""
    if duration is not None and until is not None:
        raise UsageError("give --for or --until, not both")
    end = in_seconds(duration) if duration is not None else until
    if end is not None and end <= present():
        raise UsageError(f"the pause would have ended already, at {local(end)}")
    with open_queue() as queue:
        queue.pause(name, end)
    echo(f"{_what(name)} is paused" + (f" until {local(end)}." if end else "."))


@command("resume")
@click.option("-q", "--queue", "name", help="Only this queue; else what a plain 'pause' paused.")
def resume(name: str | None) -> None:
    """Have jobs taken again.

    \b
    Examples:
      queuectl resume
      queuectl resume --queue video
    """
    resume_queue(name)


def resume_queue(name: str | None) -> None:
    """Let one queue, or what a plain pause paused, go on, and say so."""
    with open_queue() as queue:
        paused = queue.resume(name)
    echo(f"{_what(name)} goes on." if paused else f"{_what(name)} was not paused.")


def _what(name: str | None) -> str:
    return f"Queue {plain(name)}" if name else "The queue"
