"""``queuectl list`` and ``queuectl show``: look at jobs."""

import click

from queuectl.cli.base import JOB, STATE, command, json_option, open_queue
from queuectl.cli.output import describe, echo, local, on_terminal, plain, print_json, print_table, state_text
from queuectl.model.job import Attempt, Job
from queuectl.model.plain import as_json as job_as_json
from queuectl.model.plain import attempt_as_json, event_as_json
from queuectl.model.state import State
from queuectl.store.base import JobFilter
from queuectl.units import format_duration, format_size

COLUMNS = ("ID", "STATE", "TRY", "QUEUE", "CREATED", "NOTE", "COMMAND")


@command("list")
@click.option("-s", "--state", "states", type=STATE, multiple=True, help="Only jobs in this state; may be repeated.")
@click.option("-q", "--queue", help="Only jobs of this queue.")
@click.option("-t", "--tag", help="Only jobs with this tag.")
@click.option("-n", "-l", "--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="At most.")
@json_option
def list_jobs(states: tuple[str, ...], queue: str | None, tag: str | None, limit: int, as_json: bool) -> None:
    """List jobs, the newest first.

    In a pipe: tab-separated, without a heading.

    \b
    Examples:
      queuectl list --state pending
      queuectl list -s dead -s failed --json
      queuectl list | cut -f1
    """
    query = JobFilter(states=tuple(State(state.lower()) for state in states), queue=queue, tag=tag, limit=limit)
    with open_queue() as opened:
        print_jobs(opened.jobs(query), as_json=as_json, none="No jobs.")


def print_jobs(jobs: list[Job], *, as_json: bool, none: str) -> None:
    """Print jobs as a table, or as JSON."""
    from datetime import UTC, datetime

    if as_json:
        print_json([job_as_json(job) for job in jobs])
        return
    if not jobs and on_terminal():
        echo(none)
        return
    now = datetime.now(UTC)
    print_table(
        COLUMNS,
        (
            (
                job.id, job.state.value, f"{job.attempts}/{job.max_retries + 1}", job.spec.queue, local(job.created_at),
                describe(job, now), job.spec.title,
            )
            for job in jobs
        ),
    )  # fmt: skip


@command("show")
@click.argument("job", type=JOB)
@json_option
def show(job: str, as_json: bool) -> None:
    """Show everything about a job: what it is, its runs and its history.

    \b
    Examples:
      queuectl show 7
      queuectl show job1 --json        by its key
    """
    with open_queue() as queue:
        found = queue.find(job)
        attempts = queue.attempts(found.id)
        history = queue.history(found.id)
        if as_json:
            value = job_as_json(found)
            value["runs_list"] = [attempt_as_json(attempt) for attempt in attempts]
            value["history"] = [event_as_json(event) for event in history]
            print_json(value)
            return
        for label, text in _facts(found):
            echo(f"{label}\t{text}" if not on_terminal() else f"{click.style(label.ljust(12), bold=True)} {text}")
        if attempts:
            echo("\n" + click.style("Runs", bold=True))
            for attempt in attempts:
                echo(f"  {attempt.number}  {_run(attempt)}  {queue.paths.log(found.id, attempt.number)}")
            _print_tail(attempts[-1])
        echo("\n" + click.style("History", bold=True))
        for event in history:
            by = f" by {plain(event.actor)}" if event.actor else ""
            detail = f": {plain(event.detail)}" if event.detail else ""
            echo(f"  {local(event.at)}  {event.verb} -> {event.after.value}{by}{detail}")


def _facts(job: Job) -> list[tuple[str, str]]:
    from datetime import UTC, datetime

    spec = job.spec
    facts = [
        ("Job", str(job.id)),
        ("Name", spec.name),
        ("State", state_text(job.state)),
        ("Note", plain(describe(job, datetime.now(UTC)))),
        ("Command", plain(spec.command) if spec.command is not None else None),
        ("Program", None if spec.argv is None else plain(" ".join(spec.argv))),
        ("Directory", spec.cwd),
        ("Shell", spec.shell),
        ("Environment", ", ".join(sorted(spec.env))),
        ("Queue", spec.queue),
        ("Priority", str(spec.priority)),
        ("Key", spec.key),
        ("Tags", ", ".join(spec.tags)),
        ("After", ", ".join(str(parent) for parent in spec.after)),
        ("Attempts", f"{job.attempts} of {job.max_retries + 1} spent"),
        ("Backoff", f"{job.backoff_base:g} to the power of the retry, in seconds"),
        ("Timeout", format_duration(spec.timeout) if spec.timeout else None),
        ("Added", f"{local(job.created_at)} by {plain(job.source)}"),
        ("Due", local(job.run_at)),
        ("Started", local(job.started_at)),
        ("Ended", local(job.finished_at)),
        ("Exit code", None if job.exit_code is None else str(job.exit_code)),
    ]
    return [(label, text) for label, text in facts if text]


def _run(attempt: Attempt) -> str:
    if attempt.outcome is None or attempt.finished_at is None:
        return f"running on {attempt.host_name}" + (f", pid {attempt.pid}" if attempt.pid else "")
    took = format_duration((attempt.finished_at - attempt.started_at).total_seconds())
    why = f" ({plain(attempt.reason)})" if attempt.reason else ""
    return f"{attempt.outcome.value}{why} after {took}, {format_size(attempt.output_bytes)} of output"


def _print_tail(attempt: Attempt) -> None:
    lines = attempt.tail.rstrip().splitlines()[-10:]
    if lines:
        echo("\n" + click.style("End of its output", bold=True))
        for line in lines:
            echo(f"  {plain(line)}")
