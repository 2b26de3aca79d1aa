"""``queuectl dlq``: the dead letter queue."""

import sys
from datetime import timedelta

import click

from queuectl.cli.base import DURATION, JOB, command, group, json_option, open_queue, present
from queuectl.cli.change import each, retried
from queuectl.cli.jobs import limit_option, print_jobs
from queuectl.cli.output import echo
from queuectl.errors import QueuectlError, UsageError
from queuectl.model.state import State


@group("dlq")
def dlq() -> None:
    """Handle the dead letter queue: jobs that kept failing.

    \b
    Examples:
      queuectl dlq list
      queuectl dlq retry 7
      queuectl dlq retry --all
    """


@command("list")
@limit_option
@json_option
def list_dead(limit: int, as_json: bool) -> None:
    """List the dead jobs, the newest first.

    \b
    Examples:
      queuectl dlq list
      queuectl dlq list --limit 10 --json
    """
    with open_queue() as queue:
        print_jobs(queue.dead(limit), as_json=as_json, none="The dead letter queue is empty.")


@command("retry")
@click.argument("jobs", type=JOB, nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every dead job.")
def retry_dead(jobs: tuple[str, ...], every: bool) -> int:
    """Run dead jobs again, with a new set of attempts.

    \b
    Examples:
      queuectl dlq retry 7
      queuectl dlq retry --all
    """
    if bool(jobs) == every:
        raise UsageError("name the jobs to retry, or give --all")
    with open_queue() as queue:
        if not every:
            return each(queue, jobs, lambda job_id: retried(queue, job_id))
        from queuectl import bulk

        count = bulk.retry_dead(queue).done
        echo(f"{count} job{'s are' if count != 1 else ' is'} in the queue again.")
        return 0


@command("purge")
@click.option("--older-than", type=DURATION, default="0s", help="Only those that died longer ago: 12h, 7d.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def purge(older_than: float, yes: bool) -> None:
    """Delete the dead jobs with their history and logs.

    \b
    Examples:
      queuectl dlq purge
      queuectl dlq purge --older-than 7d --yes
    """
    before = present() - timedelta(seconds=older_than)
    with open_queue() as queue:
        count = queue.status().counts[State.DEAD]
        if count and not yes and not _agreed(f"Delete up to {count} dead job{'s' * (count != 1)} for good?"):
            raise QueuectlError("nothing was deleted", hint="To delete without being asked: --yes")
        gone = queue.prune({State.DEAD: before})
    echo(f"Deleted {gone} dead job{'s' * (gone != 1)}.")


def _agreed(question: str) -> bool:
    click.echo(f"{question} [y/N]: ", nl=False, err=True)
    answer = sys.stdin.readline()  # an empty one where there is nobody to ask
    if not answer:
        click.echo(err=True)
    return answer.strip().lower() in {"y", "yes"}


for sub in (list_dead, retry_dead, purge):
    dlq.add_command(sub)
