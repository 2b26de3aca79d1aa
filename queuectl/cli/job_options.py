"""The options that describe a job: the same for ``enqueue``, ``edit``, ``copy`` and ``schedule add``."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from queuectl.cli.base import DURATION, JOB, MOMENT, in_seconds
from queuectl.cli.output import say
from queuectl.errors import UsageError
from queuectl.model.job import BackoffKind, DeadParent, JobSpec, ProgressMode
from queuectl.text import plain

if TYPE_CHECKING:
    from queuectl.queue import Queue


class _Codes(click.ParamType[tuple[int, ...]]):
    """Exit codes: ``2,64``."""

    name = "codes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Read them."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} are no exit codes; write 2,64", param, ctx)


_CODES = _Codes()


def _choice(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([member.value for member in kind])


KINDS: tuple[Callable[[Any], Any], ...] = (
    click.option("--name", help="A name for people."),
    click.option("-q", "--queue", help="The queue it belongs to."),
    click.option("-p", "--priority", type=int, help="Higher runs first; 0 is usual."),
    click.option("--slots", type=int, help="How many workers' room it takes; 1 is usual."),
    click.option("--mutex", metavar="NAME", help="Of all jobs with this mutex, run one at a time."),
    click.option("--host", "machine", metavar="NAME", help="Only on machines with this name or tag."),
    click.option("--nice", type=int, help="Its niceness: 19 is the least eager."),
    click.option("--timeout", type=DURATION, help="Stop it, and all it started, after this long."),
    click.option("--kill-after", type=DURATION, help="Kill it this long after the polite signal."),
    click.option("--max-retries", type=int, help="Retries after the first run."),
    click.option("--backoff", type=_choice(BackoffKind), help="How waits grow from retry to retry."),
    click.option("--backoff-base", type=float, help="Seconds to begin with: 2 waits 2, 4, 8 if exponential."),
    click.option("--backoff-cap", type=DURATION, help="The longest wait."),
    click.option("--jitter", type=float, help="Share of each wait left to chance, 0 to 1."),
    click.option("--dead-on", type=_CODES, help="Exit codes after which it is dead at once."),
    click.option("--ok-on", type=_CODES, help="Exit codes besides 0 that mean success."),
    click.option("--progress", type=_choice(ProgressMode), help="Whether to read it from its output, too."),
    click.option("--on-success", metavar="COMMAND", help="Run this after it has completed."),
    click.option("--on-failure", metavar="COMMAND", help="Run this after each run that failed."),
    click.option("--on-dead", metavar="COMMAND", help="Run this after it has died."),
    click.option("-t", "--tag", "tags", multiple=True, help="A tag; may be repeated."),
    click.option("--note", help="A remark, for people."),
    click.option("--cwd", type=click.Path(readable=False), help="Where it runs; else here."),
    click.option("-e", "--env", multiple=True, metavar="NAME=VALUE", help="A variable; may be repeated."),
    click.option("--shell", help="bash, zsh, fish, powershell, pwsh, cmd, or a path."),
)
"""What a job is."""

ORDER: tuple[Callable[[Any], Any], ...] = (
    click.option("--at", type=MOMENT, help="Not before: 18:30, or 2030-12-31T18:30."),
    click.option("--delay", type=DURATION, help="Not before this long from now: 90, 10m, 1h30m."),
    click.option("--after", type=JOB, multiple=True, help="Only when this job has completed; may be repeated."),
    click.option("--after-any", type=JOB, multiple=True, help="Only when this job has ended, however."),
    click.option("--after-failure", type=JOB, multiple=True, help="Only when this job is dead or cancelled."),
    click.option("--dead-parent", type=_choice(DeadParent), help="If that cannot come any more: which."),
)
"""When it may run."""

ONCE: tuple[Callable[[Any], Any], ...] = (
    click.option("--key", help="Add no second job with this key while one lives."),
    click.option("--unique-for", type=DURATION, help="Nor this long after one was added; no key: per command."),
    click.option("--replace", is_flag=True, default=None, help="A live job with the key makes way instead."),
)
"""That it is added once."""

_WAITS = ("after", "after_any", "after_failure")
_ENUMS = {"backoff": BackoffKind, "progress": ProgressMode, "dead_parent": DeadParent}


def job_options(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """Add options to a command."""

    def add(function: click.decorators.FC) -> click.decorators.FC:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return add


def read_options(options: dict[str, Any]) -> dict[str, Any]:
    """Turn the options that were given into fields of a specification; jobs to wait for are left to ``with_waits``."""
    fields = {name: value for name, value in options.items() if value is not None and name not in _WAITS}
    if "at" in fields and "delay" in fields:
        raise UsageError("give --at or --delay, not both")
    if "at" in fields:
        fields["run_at"] = fields.pop("at")
    if "delay" in fields:
        fields["run_at"] = in_seconds(fields.pop("delay"))
    for name, kind in _ENUMS.items():
        if name in fields:
            fields[name] = kind(fields[name])
    fields["env"] = dict(_variable(text) for text in options.get("env", ()))
    return fields


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--env {text!r}: write NAME=VALUE")
    return name, value


def with_fields(spec: JobSpec, fields: dict[str, Any]) -> JobSpec:
    """Add what options said to a specification; that counts more, but tags and variables are added."""
    tags = tuple(dict.fromkeys((*spec.tags, *fields.get("tags", ()))))
    return replace(spec, **{**fields, "tags": tags, "env": {**spec.env, **fields["env"]}})


def with_waits(queue: "Queue", spec: JobSpec, options: dict[str, Any]) -> JobSpec:
    """Add the jobs to wait for, which options name by id or key."""
    waits: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(spec, name), *(queue.find(job).id for job in options[name]))))
        for name in _WAITS
        if options.get(name)
    }
    return replace(spec, **waits) if waits else spec


def directory(text: str | None) -> str:
    """Return where a job runs: there, else here."""
    try:
        path = Path(text or ".").expanduser().absolute()
    except RuntimeError as exc:  # ~ and the name of no user
        raise UsageError(f"--cwd {text!r}: {exc}") from None
    if text and not path.is_dir():
        say(f"Note: there is no folder {plain(path)} now; without it the job cannot run.")
    return str(path)


def search_path() -> str | None:
    """Return the caller's PATH, which a host started from a desktop does not have."""
    import os

    path = os.environ.get("PATH")
    return None if path is None else path.encode(errors="ignore").decode()
