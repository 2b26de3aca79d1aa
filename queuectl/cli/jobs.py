"""``queuectl list`` and ``queuectl show``: look at jobs."""

from typing import TYPE_CHECKING

import click

from queuectl.cli.base import JOB, STATE, command, json_option, open_queue, present
from queuectl.cli.output import (
    age,
    bold,
    describe,
    echo,
    local,
    on_terminal,
    print_json,
    print_rows,
    print_table,
    state_text,
)
from queuectl.model.state import State
from queuectl.shapes import why_nobody_takes
from queuectl.store.types import JobFilter, Order
from queuectl.text import plain
from queuectl.units import format_duration, format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from queuectl.model.job import Attempt, Event, Job


HISTORY = ("TIME", "EVENT", "STATE", "BY", "DETAIL")


def limit_option(function: click.decorators.FC) -> click.decorators.FC:
    """Add ``--limit``."""
    limit = click.IntRange(1, 1_000_000)
    return click.option("-n", "-l", "--limit", type=limit, default=100, show_default=True, help="At most.")(function)


@command("list")
@click.option("-s", "--state", "states", type=STATE, multiple=True, help="Only jobs in this state; may be repeated.")
@click.option("-q", "--queue", help="Only jobs of this queue.")
@click.option("-t", "--tag", help="Only jobs with this tag.")
@click.option(
    "-o",
    "--order",
    type=click.Choice([order.value for order in Order]),
    default=Order.NEWEST.value,
    show_default=True,
    help="What comes first: the newest or oldest job; which ended last; which is due, or will be run, next.",
)
@limit_option
@json_option
def list_jobs(
    states: tuple[str, ...], queue: str | None, tag: str | None, order: str, limit: int, as_json: bool
) -> None:
    """List jobs, by default the newest first.

    In a pipe it prints, separated by tabs: id, state, tries (spent/allowed), queue, time it was added, note, command.

    \b
    Examples:
      queuectl list --state pending
      queuectl list -s dead -s failed --json
      queuectl list --order ended --limit 10
      queuectl list | cut -f1
    """
    wanted = tuple(State(state) for state in states)
    query = JobFilter(states=wanted, queue=queue, tag=tag, order=Order(order), limit=limit)
    with open_queue() as opened:
        print_jobs(opened.jobs(query), as_json=as_json, none="No jobs.")


def print_jobs(jobs: "Sequence[Job]", *, as_json: bool, none: str) -> None:
    """Print jobs as a table, in lines for a program, or as JSON."""
    now = present()
    if as_json:
        from queuectl.model.plain import as_json as job_as_json

        print_json([job_as_json(job) for job in jobs])
    elif not on_terminal():
        print_rows(
            (job.id, job.state, _tries(job), job.spec.queue, local(job.created_at), describe(job, now), job.spec.title)
            for job in jobs
        )
    elif jobs:
        print_table(
            ("ID", "STATE", "TRY", "QUEUE", "AGE", "COMMAND", "NOTE"),
            (
                (
                    job.id, job.state, _tries(job), job.spec.queue, age(job.created_at, now), job.spec.title,
                    describe(job, now),
                )
                for job in jobs
            ),
        )  # fmt: skip
    else:
        echo(none)


def _tries(job: "Job") -> str:
    return f"{job.attempts}/{job.max_retries + 1}"


@command("search")
@click.argument("text")
@click.option("-s", "--state", "states", type=STATE, multiple=True, help="Only jobs in this state; may be repeated.")
@click.option("-q", "--queue", help="Only jobs of this queue.")
@limit_option
@json_option
def search(text: str, states: tuple[str, ...], queue: str | None, limit: int, as_json: bool) -> None:
    """Find jobs by a text, the newest first.

    It looks, in whatever case, at commands, names, tags, keys, notes, and the end of each output as far as the
    database keeps it.

    \b
    Examples:
      queuectl search ffmpeg
      queuectl search "No space left" --state dead
    """
    query = JobFilter(states=tuple(State(state) for state in states), queue=queue, text=text, limit=limit)
    with open_queue() as opened:
        print_jobs(opened.jobs(query), as_json=as_json, none=f"No job has {plain(text)!r}.")


@command("history")
@click.argument("job", type=JOB)
@json_option
def history(job: str, as_json: bool) -> None:
    """Show every transition of a job: when, what, by whom.

    In a pipe it prints, separated by tabs: time, event, state, by whom, detail.

    \b
    Examples:
      queuectl history 7
      queuectl history 7 --json
    """
    with open_queue() as queue:
        events = queue.history(queue.find(job).id)
    if as_json:
        from queuectl.model.plain import event_as_json

        print_json([event_as_json(event) for event in events])
    elif on_terminal():
        print_table(HISTORY, [_event(event) for event in events])
    else:
        print_rows(_event(event) for event in events)


@command("show")
@click.argument("job", type=JOB)
@json_option
def show(job: str, as_json: bool) -> None:
    """Show a job: what it is, its runs and its history.

    \b
    Examples:
      queuectl show 7
      queuectl show job1 --json        by its key
    """
    with open_queue() as queue:
        found = queue.find(job)
        attempts = queue.attempts(found.id)
        told = queue.history(found.id)
        log = queue.paths.log(found.id, found.runs)
        waits = why_nobody_takes(found, queue.hosts(), queue.store.pauses())
    if as_json:
        from queuectl.model.plain import as_json as job_as_json
        from queuectl.model.plain import attempt_as_json, event_as_json

        value = job_as_json(found)
        value["runs_list"] = [attempt_as_json(attempt) for attempt in attempts]
        value["history"] = [event_as_json(event) for event in told]
        print_json(value)
        return
    facts = [(label, text) for label, text in _facts(found).items() if text not in {None, ""}]
    if waits is not None:
        facts.append(("Waits", waits))
    if attempts and log.exists():
        facts.append(("Log", str(log)))
    runs = [_run(attempt) for attempt in attempts]
    events = [_event(event) for event in told]
    if not on_terminal():
        print_rows(facts)
        print_rows(("Run", *run) for run in runs)
        print_rows(("Event", *event) for event in events)
        return
    for label, text in facts:
        shown = state_text(found.state) if label == "State" else _indented(str(text), " " * 12)
        echo(f"{bold(label.ljust(11))} {shown}")
    if runs:
        echo("\n" + bold("Runs"))
        print_table(("NO", "STARTED", "TOOK", "OUTCOME", "OUTPUT", "HOST", "REASON"), runs)
        _print_tail(attempts[-1])
    echo("\n" + bold("History"))
    print_table(HISTORY, events)


def _facts(job: "Job") -> dict[str, str | None]:
    spec = job.spec
    return {
        "Job": str(job.id),
        "Name": spec.name,
        "State": job.state.value,
        "Note": describe(job, present()),
        "Command": spec.command,
        "Program": " ".join(spec.argv or ()),
        "Directory": spec.cwd,
        "Shell": spec.shell,
        "Environment": ", ".join(sorted(spec.env)),
        "Queue": spec.queue,
        "Priority": str(spec.priority),
        "Slots": str(spec.slots) if spec.slots > 1 else None,
        "Mutex": spec.mutex,
        "Machine": spec.machine,
        "Niceness": None if spec.nice is None else str(spec.nice),
        "Key": spec.key,
        "Tags": ", ".join(spec.tags),
        "Remark": spec.note,
        "Schedule": spec.schedule,
        "After": _ids(spec.after),
        "After any": _ids(spec.after_any),
        "If failed": _ids(spec.after_failure),
        "Attempts": f"{job.attempts} of {job.max_retries + 1} spent",
        "Backoff": _backoff(job),
        "Dead on": _ids(spec.dead_on),
        "OK on": _ids((0, *spec.ok_on)) if spec.ok_on else None,
        "Timeout": format_duration(spec.timeout) if spec.timeout else None,
        "Kill after": None if spec.kill_after is None else format_duration(spec.kill_after),
        "On success": spec.on_success,
        "On failure": spec.on_failure,
        "On dead": spec.on_dead,
        "Added": f"{local(job.created_at)} by {job.source}",
        "Due": local(job.run_at),
        "Started": local(job.started_at),
        "Ended": local(job.finished_at),
        "Exit code": None if job.exit_code is None else str(job.exit_code),
    }


def _ids(values: "Sequence[int | str]") -> str:
    return ", ".join(map(str, values))


def _backoff(job: "Job") -> str:
    spec, base = job.spec, f"{job.backoff_base:g}"
    usual = f"{base} to the power of the retry"
    how = {"fixed": base, "linear": f"{base} times the retry"}.get(spec.backoff or "", usual)
    most = "" if spec.backoff_cap is None else f", at most {format_duration(spec.backoff_cap)}"
    return f"{how}, in seconds{most}"


def _indented(text: str, margin: str) -> str:
    return f"\n{margin}".join(plain(line) for line in text.splitlines())


def _run(run: "Attempt") -> tuple[object, ...]:
    if run.outcome is None or run.finished_at is None:
        pid = f"pid {run.pid}" if run.pid else ""
        return run.number, local(run.started_at), "", "running", "", run.host_name, pid
    took = format_duration(max(0.0, (run.finished_at - run.started_at).total_seconds()))
    output = format_size(run.output_bytes)
    return run.number, local(run.started_at), took, run.outcome.value, output, run.host_name, run.reason


def _event(event: "Event") -> tuple[object, ...]:
    return local(event.at), event.verb, event.after, event.actor, event.detail


def _print_tail(run: "Attempt") -> None:
    lines = run.tail.rstrip().splitlines()[-10:]
    if lines:
        echo("\n" + bold("End of its output"))
        echo("  " + _indented("\n".join(lines), "  "))
