"""What commands share: the --db option, the open queue, and the types of their parameters."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from queuectl.errors import InvalidSetting, QueuectlError, UsageError
from queuectl.model.state import State
from queuectl.settings import SETTINGS
from queuectl.units import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from click.shell_completion import CompletionItem

    from queuectl.model.schedules import Schedule
    from queuectl.platform.paths import Paths
    from queuectl.queue import Queue

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(dict)["db"] = value


def location() -> str | None:
    """Return what names the database: ``--db``, else QUEUECTL_DB; None is this user's own."""
    given: str | None = click.get_current_context().ensure_object(dict).get("db")
    return given or os.environ.get("QUEUECTL_DB") or None


def database_option(function: F) -> F:
    """Add ``--db``, which counts before and after a command's name."""
    option = click.option(
        "--db",
        type=click.Path(readable=False),  # so that shells complete it; the store says what is wrong with it
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


def command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command that takes ``--db``."""

    def declare(function: Callable[..., Any]) -> click.Command:
        declare_it: Callable[[Any], click.Command] = click.command(name, **attributes)
        return declare_it(database_option(function))

    return declare


def group(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], click.Group]:
    """Declare a group of commands that takes ``--db``."""

    def declare(function: Callable[..., Any]) -> click.Group:
        declare_it: Callable[[Any], click.Group] = click.group(name, **attributes)
        return declare_it(database_option(function))

    return declare


def open_queue() -> "Queue":
    """Open the queue that ``--db`` names; use it in a ``with``."""
    from queuectl.queue import Queue

    try:
        return Queue.open(location())
    except RuntimeError as exc:  # pathlib's, where --db begins with ~ and the name of no user
        raise UsageError(f"{location()}: {exc}") from exc


def present() -> datetime:
    """Return the time by which the queue goes, as local time: that of the server, where the database is on one."""
    known: dict[str, Any] = click.get_current_context().ensure_object(dict)
    if "ahead" not in known:
        known["ahead"] = timedelta(0)
        if places().is_shared and not click.get_current_context().resilient_parsing:
            with open_queue() as queue:
                known["ahead"] = queue.clock.now() - datetime.now(UTC)
    ahead: timedelta = known["ahead"]
    return datetime.now().astimezone() + ahead


def next_scheduled(queue: "Queue") -> "Schedule | None":
    """Return the schedule that happens next."""
    if queue.store.next_schedule() is None:
        return None
    from queuectl.scheduling import next_of_all  # who has no schedules does not pay for them

    return next_of_all(queue)


def places() -> "Paths":
    """Tell where the queue that ``--db`` names has its files, without touching any."""
    from queuectl.platform import paths

    return paths.locate(location())


class JobReference(click.ParamType[str]):
    """A job by its id or key; completes the newest ones."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Take it as it is; the queue knows which jobs there are."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG002
        """Offer the newest jobs."""
        from queuectl.store.types import JobFilter
        from queuectl.text import plain

        def newest(queue: "Queue") -> "Iterator[tuple[str, str]]":
            for job in queue.jobs(JobFilter(limit=50)):
                yield str(job.id), f"{job.state}: {plain(job.spec.title)[:60]}"

        return offered(ctx, incomplete, newest)


def offered(
    ctx: click.Context, incomplete: str, look: "Callable[[Queue], Iterable[tuple[str, str]]]"
) -> "list[CompletionItem]":
    """Complete a word from the queue; a database that is not there, or cannot be read, offers nothing."""
    from click.shell_completion import CompletionItem

    with suppress(QueuectlError, OSError, RuntimeError), ctx.scope(cleanup=False):
        database = places().database
        if database is None or database.is_file():
            with open_queue() as queue:
                return [CompletionItem(word, help=text) for word, text in look(queue) if word.startswith(incomplete)]
    return []


class Duration(click.ParamType[float]):
    """A duration in seconds: ``90``, ``5m``, ``1h30m``."""

    name = "duration"
    longest = 100 * 365 * 86_400.0

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        try:
            seconds = parse_duration(str(value))
        except ValueError as exc:
            self.fail(f"{exc}.", param, ctx)
        if seconds > self.longest:
            self.fail(f"{value!r} is more than 100 years.", param, ctx)
        return seconds


class Moment(click.ParamType[datetime]):
    """A moment: ISO 8601, or HH:MM for the next time the clock shows that; local time unless it says otherwise."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        from queuectl.model.schedule import parse_moment

        try:
            return parse_moment(value, now=present())
        except ValueError as exc:
            self.fail(f"{exc}.", param, ctx)


class SettingValue(click.ParamType[Any]):
    """A value that the setting of this key would take."""

    def __init__(self, key: str) -> None:
        self._setting = SETTINGS[key]
        self.name = self._setting.kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        try:
            return self._setting.parse(str(value))
        except InvalidSetting as exc:
            self.fail(f"{exc.message}. {exc.hint}", param, ctx)


class QueueNames(click.ParamType[tuple[str, ...]]):
    """Names of queues: ``a,b``."""

    name = "queues"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Read them."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in str(value).split(","))
        if not all(names):
            self.fail(f"{value!r} are no names of queues; write a,b", param, ctx)
        return names


STATE = click.Choice([state.value for state in State], case_sensitive=False)
JOB = JobReference()
DURATION = Duration()
MOMENT = Moment()
QUEUES = QueueNames()


def in_seconds(seconds: float) -> datetime:
    """Return the moment that many seconds from now."""
    return present() + timedelta(seconds=seconds)
