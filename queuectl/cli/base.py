"""What commands share: the --db option, the open queue, parameter types for job references, times and durations."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.units import parse_duration

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(dict)["db"] = value


def database_option(function: F) -> F:
    """Add ``--db``, which counts before and after a command's name."""
    option = click.option(
        "--db",
        metavar="PATH",
        expose_value=False,
        is_eager=True,
        callback=_remember,
        help="The queue's database; else $QUEUECTL_DB, else this user's own.",
    )
    return option(function)


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def open_queue() -> Queue:
    """Open the queue that ``--db`` names; it is closed when the command ends."""
    ctx = click.get_current_context()
    queue = Queue.open(ctx.ensure_object(dict).get("db"))
    ctx.call_on_close(queue.close)
    return queue


def command(name: str | None = None, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command that takes ``--db``."""

    def declare(function: Callable[..., Any]) -> click.Command:
        declare_it: Callable[[Any], click.Command] = click.command(name, **attributes)
        return declare_it(database_option(function))

    return declare


class JobReference(click.ParamType[str]):
    """A job by its id or key; completes the newest ones."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Take it as it is; the queue knows which jobs there are."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Offer the newest jobs."""
        from queuectl.store.base import JobFilter

        with Queue.open(ctx.ensure_object(dict).get("db")) as queue:
            jobs = queue.jobs(JobFilter(limit=50))
        return [
            CompletionItem(str(job.id), help=f"{job.state}: {job.spec.title[:60]}")
            for job in jobs
            if str(job.id).startswith(incomplete)
        ]


class Duration(click.ParamType[float]):
    """A duration in seconds: ``90``, ``5m``, ``1h30m``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        if isinstance(value, int | float):
            return float(value)
        try:
            return parse_duration(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


class Moment(click.ParamType[datetime]):
    """A moment: ISO 8601, or HH:MM for the next time the clock shows that; local time unless it says otherwise."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        from queuectl.model.schedule import parse_moment

        try:
            return parse_moment(value, now=datetime.now().astimezone())
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


STATE = click.Choice([state.value for state in State], case_sensitive=False)
JOB = JobReference()
DURATION = Duration()
MOMENT = Moment()


def in_seconds(seconds: float) -> datetime:
    """Return the moment that many seconds from now."""
    return datetime.now().astimezone() + timedelta(seconds=seconds)
