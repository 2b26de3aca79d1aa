"""``cancel``, ``retry``, ``delete`` and ``prune``: change what is in the queue."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from queuectl.cli.base import DURATION, JOB, command, open_queue, present
from queuectl.cli.output import complain, echo
from queuectl.errors import QueuectlError
from queuectl.model.state import FINAL, State

if TYPE_CHECKING:
    from queuectl.queue import Queue

ENDED = click.Choice(sorted(FINAL), case_sensitive=False)


def each(queue: "Queue", references: Sequence[str], act: Callable[[int], str]) -> int:
    """Do something to each job, go on after a failure, and return the first failure's exit code."""
    code = 0
    for reference in references:
        try:
            echo(act(queue.find(reference).id))
        except QueuectlError as exc:
            complain(exc.message, exc.hint)
            code = code or exc.exit_code
    return code


@command("cancel")
@click.argument("jobs", type=JOB, nargs=-1, required=True)
@click.option("--reason", help="Why, for its history.")
def cancel(jobs: tuple[str, ...], reason: str | None) -> int:
    """Cancel jobs; running ones are stopped.

    What a running job has started is stopped with it. Jobs that wait for a cancelled one are cancelled too.

    \b
    Examples:
      queuectl cancel 7 8
      queuectl cancel nightly --reason "not today"     by its key
    """
    with open_queue() as queue:

        def act(job_id: int) -> str:
            job = queue.cancel(job_id, reason=reason)
            return f"Job {job_id} is being stopped." if job.state is State.PROCESSING else f"Job {job_id} is cancelled."

        return each(queue, jobs, act)


@command("retry")
@click.argument("jobs", type=JOB, nargs=-1, required=True)
@click.option("--edit", "in_editor", is_flag=True, help="Change each in an editor first.")
def retry(jobs: tuple[str, ...], in_editor: bool) -> int:
    """Run ended or failed jobs again.

    They get a new set of attempts, and run as soon as a worker is free.

    \b
    Examples:
      queuectl retry 7 8
      queuectl retry 7 --edit
    """
    with open_queue() as queue:

        def act(job_id: int) -> str:
            if in_editor:
                from queuectl.cli.edit import change

                change(queue, queue.find(job_id), None, (), {})
            return retried(queue, job_id)

        return each(queue, jobs, act)


def retried(queue: "Queue", job_id: int) -> str:
    """Retry a job and say so."""
    job = queue.retry(job_id)
    return f"Job {job.id} is in the queue again, with max_retries = {job.max_retries}."


@command("delete")
@click.argument("jobs", type=JOB, nargs=-1, required=True)
def delete(jobs: tuple[str, ...]) -> int:
    """Delete jobs with their history and logs, for good.

    A running job must be cancelled first. Jobs that wait for a deleted one are cancelled.

    \b
    Example:
      queuectl delete 7 8
    """
    with open_queue() as queue:

        def act(job_id: int) -> str:
            queue.delete(job_id)
            return f"Job {job_id} is deleted."

        return each(queue, jobs, act)


@command("prune")
@click.option(
    "-s", "--state", "states", type=ENDED, multiple=True, default=("completed", "cancelled"), show_default=True,
    help="Which ended jobs; may be repeated.",
)  # fmt: skip
@click.option("--older-than", type=DURATION, default="0s", help="Only those that ended longer ago: 12h, 7d.")
def prune(states: tuple[str, ...], older_than: float) -> None:
    """Delete ended jobs with their history and logs.

    Dead jobs are deleted only when asked for.

    \b
    Examples:
      queuectl prune --older-than 7d
      queuectl prune --state dead
    """
    before = present() - timedelta(seconds=older_than)
    with open_queue() as queue:
        count = queue.prune({State(state): before for state in states})
    echo(f"Deleted {count} job{'s' * (count != 1)}.")
