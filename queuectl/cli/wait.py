"""``queuectl wait``: wait until jobs have ended."""

import sys
from typing import TYPE_CHECKING

import click

from queuectl.cli.base import DURATION, JOB, command, json_option, open_queue
from queuectl.cli.output import echo, on_terminal, print_json, print_rows, say, state_text
from queuectl.model.state import FINAL, State
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.model.job import Job
    from queuectl.queue import Queue


def _wait(queue: "Queue", ids: list[int], timeout: float | None) -> "list[Job]":
    if not sys.stderr.isatty():
        return queue.wait(ids, timeout)
    from queuectl.cli.live import bars

    with bars() as show:
        return queue.wait(ids, timeout, on_look=show)


@command("wait")
@click.argument("jobs", type=JOB, nargs=-1, required=True)
@click.option("--timeout", type=DURATION, help="Wait at most this long.")
@json_option
def wait(jobs: tuple[str, ...], timeout: float | None, as_json: bool) -> int:
    """Wait until jobs have ended.

    Exits with 1 when one of them did not complete, or had not ended in time.

    \b
    Examples:
      queuectl wait 7 8
      queuectl wait 7 --timeout 10m
      queuectl enqueue "make" | xargs queuectl wait && echo built
    """
    with open_queue() as queue:
        ids = [queue.find(job).id for job in jobs]
        if not queue.hosts():
            say("Nothing is running that could take jobs; waiting all the same. Start something: queuectl serve")
        ended = _wait(queue, ids, timeout)
    if as_json:
        from queuectl.model.plain import as_json as job_as_json

        print_json([job_as_json(job) for job in ended])
    elif on_terminal():
        for job in ended:
            echo(f"Job {job.id} is {state_text(job.state)}" + (f": {plain(job.reason)}" if job.reason else "."))
    else:
        print_rows((job.id, job.state, job.reason) for job in ended)
    late = sum(job.state not in FINAL for job in ended)
    if late:
        say(f"{late} of {len(ended)} jobs had not ended in time.")
    return int(any(job.state is not State.COMPLETED for job in ended))
