"""``queuectl dlq``: the dead letter queue."""

import click

from queuectl.cli.base import DURATION, JOB, command, json_option, open_queue
from queuectl.cli.change import each, retried
from queuectl.cli.jobs import print_jobs
from queuectl.cli.output import echo
from queuectl.errors import UsageError
from queuectl.model.state import State


@click.group("dlq")
def dlq() -> None:
    """Look at the jobs that kept failing, run them again, or let them go.

    \b
    Examples:
      queuectl dlq list
      queuectl dlq retry 7
      queuectl dlq retry --all
    """


@command("list")
@click.option("-n", "-l", "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="At most.")
@json_option
def list_dead(limit: int, as_json: bool) -> None:
    """List the dead jobs, the newest first."""
    with open_queue() as queue:
        print_jobs(queue.dead(limit), as_json=as_json, none="The dead letter queue is empty.")


@command("retry")
@click.argument("jobs", type=JOB, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead job.")
def retry_dead(jobs: tuple[str, ...], every: bool) -> int:
    """Run dead jobs again, with a new set of attempts."""
    if bool(jobs) == every:
        raise UsageError("name the jobs to retry, or give --all")
    with open_queue() as queue:
        if every:
            echo(f"{len(queue.retry_dead())} jobs are in the queue again.")
            return 0
        return each(queue, jobs, lambda job_id: retried(queue, job_id))


@command("purge")
@click.option("--older-than", type=DURATION, default="0s", help="Only those that died longer ago: 12h, 7d.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def purge(older_than: float, yes: bool) -> None:
    """Delete the dead jobs with their history and logs."""
    from datetime import UTC, datetime, timedelta

    with open_queue() as queue:
        count = queue.status().counts[State.DEAD]
        if count and not yes:
            click.confirm(f"Delete up to {count} dead jobs for good?", abort=True, err=True)
        gone = queue.prune({State.DEAD: datetime.now(UTC) - timedelta(seconds=older_than)})
    echo(f"Deleted {gone} dead jobs.")


for sub in (list_dead, retry_dead, purge):
    dlq.add_command(sub)
