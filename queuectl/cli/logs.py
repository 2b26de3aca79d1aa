"""``queuectl logs``: what a job wrote."""

import io
import os
import sys
import time
from collections import Counter
from typing import IO, TYPE_CHECKING

import click

from queuectl.cli.base import JOB, command, open_queue
from queuectl.cli.output import on_terminal, say
from queuectl.errors import NotFound
from queuectl.model.state import FINAL
from queuectl.platform.code_page import console_codec, decode
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.model.job import Attempt, Job
    from queuectl.queue import Queue

CHUNK = 64 * 1024
LOOK = 0.1
"""Seconds between two looks at a log that is followed."""
LOOK_ELSEWHERE = 0.5
"""The same, when another machine has to be asked."""
MISSES = 2
"""Looks in vain after which it is said that a log is not to be had."""
PART = 1024 * 1024
"""Bytes that another machine is asked for at once."""
_DROPPED = "--- the middle of the log was dropped to keep it within log_max_bytes ---"


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


def _open(queue: "Queue", run: "Attempt") -> IO[bytes]:
    try:
        return queue.paths.log(run.job_id, run.number).open("rb")
    except OSError:
        pass
    from tempfile import TemporaryFile

    from queuectl import elsewhere

    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        elsewhere.copy_log(queue, run, file)
    except NotFound as exc:
        file.close()
        _say_not_here(exc, run)
        return io.BytesIO(run.tail.encode())
    return file


def _say_not_here(exc: NotFound, run: "Attempt") -> None:
    say(plain(f"{exc.message[:1].upper()}{exc.message[1:]}."))
    # A machine tells the end of a log when it reports the run's.
    say("The end of it is here when the run has ended." if run.outcome is None
        else "This is the end of it, from the database.")  # fmt: skip


def _start_of_last(log: IO[bytes], count: int) -> int:
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
    missed: Counter[int] = Counter()
    while True:
        # The state first, then the file: what was written before the end was seen is printed.
        job = queue.store.get(job.id)
        try:
            with queue.paths.log(job.id, number).open("rb") as log:
                if position is None:
                    position = 0 if lines is None else _start_of_last(log, lines)
                position = _print(log, position)
        except FileNotFoundError:
            position = _print_elsewhere(queue, job.id, number, position, lines, missed)
        if number < job.runs:
            number, position, lines = number + 1, None, None
            say(f"--- run {number} ---")
        elif job.state in FINAL:
            break
        else:
            time.sleep(LOOK if queue.paths.log(job.id, number).exists() else LOOK_ELSEWHERE)
    if position is None:
        for run in queue.attempts(job.id)[-1:]:
            _print(_open(queue, run), 0)


def _print_elsewhere(
    queue: "Queue", job_id: int, number: int, position: int | None, lines: int | None, missed: Counter[int]
) -> int | None:
    """Print a log that grows on another machine from a position on; return where it ended, None if it is not shared.

    That it is not is said once for each run; ``missed`` counts how often it was asked for in vain.
    """
    from queuectl import elsewhere

    run = next((run for run in queue.attempts(job_id) if run.number == number), None)
    try:
        while run is not None:
            begins = position is None and lines is not None
            part = elsewhere.read_part(queue, run, after=None if begins else position or 0, limit=PART)
            if part["start"] < (position or 0):
                say(_DROPPED)
            text = part["text"].encode()
            if begins:
                text = text[_start_of_last(io.BytesIO(text), lines or 0) :]
            _print(io.BytesIO(text), 0)
            position = part["end"]
            if not text or part["end"] >= part["size"]:
                break
    except NotFound as exc:  # what is kept in the database is printed at the end
        missed[number] += 1
        # Not at once: a run that begins on this very machine has no log for a moment.
        if run is not None and run.outcome is None and queue.paths.is_shared and missed[number] == MISSES:
            _say_not_here(exc, run)
    return position


def _print(log: IO[bytes], position: int) -> int:
    """Print a log from a position on; return where it ended."""
    if log.seek(0, os.SEEK_END) < position:
        say(_DROPPED)
        position = 0
    log.seek(position)
    for_console = (
        console_codec() is not None and on_terminal()
    )  # Python takes UTF-8 for Windows' console, and only that
    while chunk := log.read(CHUNK):
        sys.stdout.buffer.write(decode(chunk + log.readline(CHUNK)).encode() if for_console else chunk)
        sys.stdout.buffer.flush()
    return log.tell()
