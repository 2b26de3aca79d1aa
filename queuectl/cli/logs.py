"""``queuectl logs``: what a job wrote."""

import sys
import time
from pathlib import Path

import click

from queuectl.cli.base import JOB, command, open_queue
from queuectl.cli.output import say
from queuectl.errors import NotFound
from queuectl.model.job import Attempt, Job
from queuectl.model.state import FINAL
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
        attempts = queue.attempts(found.id)
        if attempt is not None and not any(run.number == attempt for run in attempts):
            raise NotFound(f"job {found.id} has no run {attempt}", hint=f"See its runs: queuectl show {found.id}")
        if follow:
            _follow(queue, found, attempt or (1 if every else max(found.runs, 1)))
            return
        if not attempts:
            say(f"Job {found.id} has not run yet: it is {found.state}.")
        for run in attempts if every else attempts[-1:] if attempt is None else attempts[attempt - 1 : attempt]:
            if every:
                say(f"--- run {run.number}: {run.outcome.value if run.outcome else 'running'} ---")
            _print_run(queue.paths.log(found.id, run.number), run, lines)


def _print_run(path: Path, run: Attempt, lines: int | None) -> None:
    try:
        with path.open("rb") as log:
            if lines is not None:
                _write(_last_lines(log.read(), lines))
                return
            while chunk := log.read(CHUNK):
                _write(chunk)
    except OSError:
        say(f"The log of run {run.number} is not on this machine; this is the end of it, from the database.")
        _write(run.tail.encode())


def _last_lines(data: bytes, count: int) -> bytes:
    return b"".join(data.splitlines(keepends=True)[-count:]) if count else b""


def _follow(queue: Queue, job: Job, number: int) -> None:
    """Print run after run as they grow, until the job has ended."""
    position = 0
    while True:
        # The state first, then the file: what was written before the end was seen is printed.
        job = queue.store.get(job.id)
        position = _print_from(queue.paths.log(job.id, number), position)
        if number < job.runs:
            position = _print_from(queue.paths.log(job.id, number), position)
            number, position = number + 1, 0
            say(f"--- run {number} ---")
        elif job.state in FINAL:
            return
        else:
            sys.stdout.flush()
            time.sleep(LOOK)


def _print_from(path: Path, position: int) -> int:
    try:
        with path.open("rb") as log:
            if path.stat().st_size < position:
                say("--- the middle of the log was dropped to keep it within log_max_bytes ---")
                position = 0
            log.seek(position)
            while chunk := log.read(CHUNK):
                _write(chunk)
            return log.tell()
    except FileNotFoundError:
        return position


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
