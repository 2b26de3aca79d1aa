"""``queuectl wait``: wait until jobs have ended."""

import click

from queuectl.cli.base import DURATION, JOB, command, json_option, open_queue
from queuectl.cli.output import echo, plain, print_json, say, state_text
from queuectl.model.plain import as_json as job_as_json
from queuectl.model.state import FINAL, State


@command("wait")
@click.argument("jobs", type=JOB, nargs=-1, required=True)
@click.option("--timeout", type=DURATION, help="Wait at most this long.")
@json_option
def wait(jobs: tuple[str, ...], timeout: float | None, as_json: bool) -> int:
    """Wait until jobs have ended; exit with 1 when one of them did not complete.

    \b
    Examples:
      queuectl wait 7 8
      queuectl enqueue "make" | xargs queuectl wait && echo built
    """
    with open_queue() as queue:
        ids = [queue.find(job).id for job in jobs]
        if not queue.hosts():
            say("Nothing is running that could take jobs; waiting all the same. Start something: queuectl serve")
        ended = queue.wait(ids, timeout)
    if as_json:
        print_json([job_as_json(job) for job in ended])
    else:
        for job in ended:
            reason = f": {plain(job.reason)}" if job.reason else ""
            echo(f"{job.id}\t{state_text(job.state)}{reason}")
    late = [job for job in ended if job.state not in FINAL]
    if late:
        say(f"{len(late)} of {len(ended)} jobs had not ended in time.")
    return 0 if all(job.state is State.COMPLETED for job in ended) else 1
