"""``queuectl schedule list`` and ``show``: when schedules happen, and what became of it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import command, json_option, offered, open_queue
from queuectl.cli.output import bold, describe, echo, local, on_terminal, print_json, print_rows, print_table
from queuectl.text import plain

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from queuectl.model.schedules import Schedule


class _Name(click.ParamType[str]):
    """A schedule by its name; completes those there are."""

    name = "schedule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Take it as it is; the queue knows which there are."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Offer the names there are."""
        return offered(
            ctx, incomplete, lambda queue: ((one.name, plain(one.spec.title)[:60]) for one in queue.store.schedules())
        )


NAME = click.argument("schedule_name", metavar="NAME", type=_Name())


@command("list")
@json_option
def list_schedules(as_json: bool) -> None:
    """List the schedules, with their next and their last runs.

    In a pipe it prints, separated by tabs: name, times, next, last job, its state, command.

    \b
    Examples:
      queuectl schedule list
      queuectl schedule list --json
    """
    from queuectl import scheduling
    from queuectl.model.recurrence import describe as describe_rule
    from queuectl.model.schedules import schedule_as_json

    with open_queue() as queue:
        found = queue.store.schedules()
        last = [next(iter(scheduling.runs(queue, one.name, 1)), None) for one in found]
    if as_json:
        print_json([schedule_as_json(one) for one in found])
        return
    rows = [
        (
            one.name, describe_rule(one.rule), _next(one), "" if job is None else job.id,
            "" if job is None else job.state, one.spec.title,
        )
        for one, job in zip(found, last, strict=True)
    ]  # fmt: skip
    if not on_terminal():
        print_rows(rows)
    elif rows:
        print_table(("NAME", "TIMES", "NEXT", "LAST", "", "COMMAND"), rows)
    else:
        echo('No schedules yet. Try: queuectl schedule add NAME "0 3 * * *" "echo hello"')


@command("show")
@NAME
@json_option
def show(schedule_name: str, as_json: bool) -> None:
    """Show a schedule: its next times and its last runs.

    \b
    Examples:
      queuectl schedule show backup
      queuectl schedule show backup --json
    """
    from queuectl import scheduling
    from queuectl.model.plain import as_json as job_as_json
    from queuectl.model.plain import iso
    from queuectl.model.schedules import schedule_as_json

    with open_queue() as queue:
        found = queue.store.schedule(schedule_name)
        times = [] if found.paused else scheduling.upcoming(queue, found)
        runs = scheduling.runs(queue, schedule_name)
        now = queue.store.now()
    if as_json:
        value = schedule_as_json(found)
        print_json({**value, "upcoming": [iso(one) for one in times], "runs": [job_as_json(job) for job in runs]})
        return
    facts = [(label, text) for label, text in _facts(found, now).items() if text]
    rows = [(job.id, job.state, local(job.created_at), describe(job, now)) for job in runs]
    if not on_terminal():
        print_rows(facts)
        print_rows(("Next", local(one)) for one in times)
        print_rows(("Run", *row) for row in rows)
        return
    for label, text in facts:
        echo(f"{bold(label.ljust(9))} {plain(text)}")
    for place, one in enumerate(times):
        echo(f"{bold('' if place else 'Next')}{' ' * (10 if place else 6)}{local(one)}")
    if rows:
        echo("\n" + bold("Runs"))
        print_table(("ID", "STATE", "ENQUEUED", "NOTE"), rows)


def _facts(found: "Schedule", now: datetime) -> dict[str, str | None]:
    from queuectl.model.recurrence import Cron
    from queuectl.model.recurrence import describe as describe_rule

    rule, spec = found.rule, found.spec
    state = f"paused; to go on: queuectl schedule resume {found.name}" if found.paused else None
    if found.last_at > now and not found.paused:
        state = f"the clock was set back; it rests until then, or: queuectl schedule resume {found.name}"
    return {
        "Schedule": found.name,
        "Times": describe_rule(rule),
        "Cron": rule.text if isinstance(rule, Cron) else None,
        "Command": spec.command,
        "Program": " ".join(spec.argv or ()),
        "Directory": spec.cwd,
        "Queue": spec.queue,
        "Machine": spec.machine,
        "Catch-up": found.catch_up.value,
        "Overlap": found.overlap.value,
        "Missed": str(found.missed) if found.missed else None,
        "Skipped": f"{found.skipped}, since the run before had not ended" if found.skipped else None,
        "Problem": found.problem,
        "State": state,
    }


def _next(found: "Schedule") -> str:
    if found.problem:
        return f"problem: {found.problem}"
    return "paused" if found.paused else local(found.next_at) or "never"
