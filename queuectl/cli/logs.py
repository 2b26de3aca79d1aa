"""``queuectl logs``: what a job wrote."""

import io
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import click

from queuectl.cli.base import JOB, command, open_queue
from queuectl.cli.output import on_terminal, say
from queuectl.errors import NotFound
from queuectl.model.state import FINAL
from queuectl.platform.code_page import console_codec, decode

if TYPE_CHECKING:
    from queuectl.model.job import Attempt, Job
    from queuectl.queue import Queue

CHUNK = 64 * 1024
LOOK = 0.1
"""Seconds between two looks at a log that is followed."""


@command("logs")
@click.argument("job", type=JOB)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended, through its retries.")
@click.option("-a", "--attempt", type=click.IntRange(1), help="Which run; else the newest.")
@click.option("--all", "every", is_flag=True, help="Every run, one after the other.")
@click.option("-n", "--lines", type=click.IntRange(0), help="Only the last lines.")
def logs(job: str, follow: bool, attempt: int | None, every: bool, lines: int | None) -> None:
    """Print what a job wrote, to stdout and stderr, in order.

    \b
    Examples:
      queuectl logs 7
      queuectl logs 7 --follow
      queuectl logs 7 --attempt 1
    """
    with open_queue() as queue:
        found = queue.find(job)
        runs = queue.attempts(found.id)
        if attempt is not None and not any(run.number == attempt for run in runs):
            raise NotFound(f"job {found.id} has no run {attempt}", hint=f"See its runs: queuectl show {found.id}")
        if follow:
            _follow(queue, found, attempt or (1 if every else max(found.runs, 1)), lines)
            return
        if not runs:
            say(f"Job {found.id} has not run yet: it is {found.state}.")
        wanted = runs if every else runs[-1:] if attempt is None else [run for run in runs if run.number == attempt]
        for run in wanted:
            if every:
                say(f"--- run {run.number}: {run.outcome or 'running'} ---")
            with _open(queue, run) as log:
                _print(log, 0 if lines is None else _start_of_last(log, lines))


def _open(queue: "Queue", run: "Attempt") -> BinaryIO:
    try:
        return queue.paths.log(run.job_id, run.number).open("rb")
    except OSError:
        say(f"The log of run {run.number} is not on this machine; this is the end of it, from the database.")
        return io.BytesIO(run.tail.encode())


def _start_of_last(log: BinaryIO, count: int) -> int:
    """Return where the last ``count`` lines begin; the log may be larger than the memory."""
    end = position = log.seek(0, os.SEEK_END)
    while count and position:
        start = max(0, position - CHUNK)
        log.seek(start)
        chunk = log.read(position - start)
        at = len(chunk) - (position == end and chunk.endswith(b"\n"))
        while (at := chunk.rfind(b"\n", 0, at)) >= 0:
            count -= 1
            if not count:
                return start + at + 1
        position = start
    return position


def _follow(queue: "Queue", job: "Job", number: int, lines: int | None) -> None:
    """Print run after run as they grow, until the job has ended."""
    position = None
    while True:
        # The state first, then the file: what was written before the end was seen is printed.
        job = queue.store.get(job.id)
        with suppress(FileNotFoundError), queue.paths.log(job.id, number).open("rb") as log:
            if position is None:
                position = 0 if lines is None else _start_of_last(log, lines)
            position = _print(log, position)
        if number < job.runs:
            number, position, lines = number + 1, None, None
            say(f"--- run {number} ---")
        elif job.state in FINAL:
            break
        else:
            time.sleep(LOOK)
    if position is None:
        for run in queue.attempts(job.id)[-1:]:
            _print(_open(queue, run), 0)


def _print(log: BinaryIO, position: int) -> int:
    """Print a log from a position on; return where it ended."""
    if log.seek(0, os.SEEK_END) < position:
        say("--- the middle of the log was dropped to keep it within log_max_bytes ---")
        position = 0
    log.seek(position)
    for_console = (
        console_codec() is not None and on_terminal()
    )  # Python takes UTF-8 for Windows' console, and only that
    while chunk := log.read(CHUNK):
        sys.stdout.buffer.write(decode(chunk + log.readline(CHUNK)).encode() if for_console else chunk)
        sys.stdout.buffer.flush()
    return log.tell()
