"""``queuectl export`` and ``import``: jobs with their whole history, as lines of JSON."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from queuectl.cli.base import STATE, command, open_queue
from queuectl.cli.output import echo, say
from queuectl.errors import UsageError
from queuectl.model.state import State
from queuectl.text import plain


@command("export")
@click.argument("file", default="-", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("-s", "--state", "states", type=STATE, multiple=True, help="Only jobs in this state; may be repeated.")
@click.option("-q", "--queue", help="Only jobs of this queue.")
def export(file: str, states: tuple[str, ...], queue: str | None) -> None:
    """Write jobs and their whole history, a line of JSON each.

    The logs themselves stay where they are; the end of each is in its attempt. The file holds the jobs' environments,
    so only you may read it.

    \b
    Examples:
      queuectl export jobs.jsonl
      queuectl export --state dead | jq .spec.command
    """
    from queuectl.archive import export as lines_of

    wanted = {State(state) for state in states} or set(State)
    with open_queue() as opened:
        lines = lines_of(opened, lambda job: job.state in wanted and queue in {None, job.spec.queue})
        if file == "-":
            for line in lines:
                click.echo(line)
        else:
            count = _write(Path(file), lines) - 1  # the first line is no job
            echo(f"Wrote {count} job{'s' * (count != 1)} to {plain(file)}.")


def _write(target: Path, lines: Iterable[str]) -> int:
    """Write lines into a file that only this user may read, whole or not at all; return how many."""
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    count = 0
    try:
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as out:
            for line in lines:
                out.write(f"{line}\n")
                count += 1
        fresh.replace(target)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    return count


@command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
def import_jobs(file: str) -> None:
    """Read jobs and their history from an export, all or none.

    What waited then waits again, and what ran is pending. In a queue that has jobs already they get new ids.
    Nobody waits any more for jobs that are not in the file.

    \b
    Examples:
      queuectl import jobs.jsonl
      queuectl --db old.db export | queuectl --db new.db import -
    """
    from queuectl.archive import read, restore

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        records = read(data.decode("utf-8-sig").split("\n"))
    except FileNotFoundError:
        raise UsageError(f"there is no file {file}") from None
    except UnicodeDecodeError as exc:
        raise UsageError(f"{file} is not UTF-8: byte {exc.start}") from None
    with open_queue() as queue:
        ids = restore(queue, records)
    echo(f"Imported {len(ids)} job{'s' * (len(ids) != 1)}.")
    moved = {old: new for old, new in ids.items() if old != new}
    if moved:
        old, new = next(iter(moved.items()))
        say(f"They have new ids: {old} is {new} now, and so on.")
