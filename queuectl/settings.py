"""Every setting in one table: its key, type, default, range, where it is kept, and one line of help."""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import Any

from queuectl.errors import InvalidSetting, NotFound
from queuectl.units import format_duration, format_size, parse_duration, parse_size

Value = int | float | bool | str


class Kept(StrEnum):
    """Where a setting's value is kept."""

    DATABASE = "database"
    """In the queue's database: the same for every host that shares it."""
    MACHINE = "machine"
    """In config.toml on this machine."""


class Origin(StrEnum):
    """Where a setting's present value comes from, the strongest first."""

    ENVIRONMENT = "environment"
    """QUEUECTL_<KEY> is set."""
    DATABASE = "database"
    """``config set`` put it into the database."""
    MACHINE = "machine"
    """``config set`` put it into config.toml."""
    DEFAULT = "default"
    """Nobody set it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table. ``low`` and ``high`` are inclusive; ``choices`` limits a text."""

    key: str
    kind: str
    """int, float, duration (seconds), size (bytes), bool, text or path."""
    default: Value
    help: str
    kept: Kept = Kept.DATABASE
    low: float = 0
    high: float = math.inf
    choices: tuple[str, ...] = ()

    @property
    def env(self) -> str:
        """Return the environment variable that overrides it."""
        return f"QUEUECTL_{self.key.upper()}"

    @property
    def range(self) -> str:
        """Say which values are allowed."""
        if self.kind == "bool":
            return "on, off"
        if self.kind == "hours":
            return "22:00-07:00, or empty"
        if self.kind in {"text", "path"}:
            return ", ".join(self.choices) or "any text"
        if math.isinf(self.high):
            return f">= {self.format(self._cast(self.low))}"
        return f"{self.format(self._cast(self.low))} to {self.format(self._cast(self.high))}"

    def parse(self, text: str) -> Value:
        """Read a value as a person writes it.

        Raises:
            InvalidSetting: wrong type or out of range.
        """
        try:
            value = _PARSERS[self.kind](text.strip())
        except ValueError as exc:
            detail = str(exc) if self.kind in {"duration", "size"} else f"{text!r} is no {_NAMES[self.kind]}"
            raise InvalidSetting(f"{self.key}: {detail}", hint=f"Allowed: {self.range}.") from None
        if not isinstance(value, bool | str) and not self.low <= value <= self.high:  # a NaN fails here too
            raise InvalidSetting(f"{self.key}: {text} is out of range", hint=f"Allowed: {self.range}.")
        if self.choices and value not in self.choices:
            raise InvalidSetting(f"{self.key}: {text!r} is unknown", hint=f"Allowed: {self.range}.")
        return value

    def format(self, value: Value) -> str:
        """Write a value as a person would, and so that ``parse`` reads the same value again."""
        if self.kind == "bool":
            return "on" if value else "off"
        exact = str(value).removesuffix(".0")
        if self.kind == "duration":
            short = format_duration(float(value))
            return short if parse_duration(short) == value else f"{exact}s"
        if self.kind == "size":
            short = format_size(int(value))
            return short if parse_size(short) == value else f"{exact} B"
        return exact

    def _cast(self, number: float) -> Value:
        return number if self.kind in {"float", "duration"} else int(number)


def _parse_bool(text: str) -> bool:
    known = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def _parse_hours(text: str) -> str:
    if text:
        begin, end = text.split("-")
        time.fromisoformat(begin.strip())
        time.fromisoformat(end.strip())
    return text


_PARSERS: Mapping[str, Callable[[str], Value]] = {
    "int": int, "float": float, "duration": parse_duration, "size": parse_size, "bool": _parse_bool,
    "hours": _parse_hours, "text": str, "path": os.path.expanduser,
}  # fmt: skip
_NAMES = {
    "int": "whole number",
    "float": "number",
    "bool": "on or off",
    "text": "text",
    "path": "path",
    "hours": "span of the day",
}

_DAY = 86_400.0

SETTINGS: Mapping[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting(key="max_retries", kind="int", default=3, high=1_000_000,
                help="Retries after the first run before a job moves to the DLQ."),
        Setting(key="backoff", kind="text", default="exponential", choices=("fixed", "linear", "exponential"),
                help="How waits grow: base, base times n, or base to the power of n, before retry n."),
        Setting(key="backoff_base", kind="float", default=2.0, high=86_400,
                help="The base of the wait before retry n, in seconds: 2, 4, 8 for an exponential 2."),
        Setting(key="backoff_cap", kind="duration", default=300.0, high=365 * _DAY,
                help="The longest wait before a retry."),
        Setting(key="jitter", kind="float", default=0.0, high=1,
                help="Share of a wait that is left to chance, so that retries do not come all at once."),
        Setting(key="timeout", kind="duration", default=0.0, high=3650 * _DAY,
                help="Longest run of a job that sets none of its own; 0 is no limit."),
        Setting(key="dead_parent", kind="text", default="cancel", choices=("cancel", "wait"),
                help="Whether jobs that wait for one that died are cancelled, or wait for its retry."),
        Setting(key="progress", kind="text", default="reported", choices=("reported", "auto"),
                help="Whether progress is read from a job's output, too (auto), or only from what it reports."),
        Setting(key="kill_grace", kind="duration", default=5.0, high=3600,
                help="Time between the polite signal and the kill, when a job is stopped."),
        Setting(key="stop_grace", kind="duration", default=10.0, high=_DAY,
                help="Time that running jobs get to end by themselves when their host stops."),
        Setting(key="lease", kind="duration", default=60.0, low=1, high=_DAY,
                help="How long a host may be silent before its jobs are given to others."),
        Setting(key="heartbeat", kind="duration", default=15.0, low=0.1, high=3600,
                help="How often a host renews its leases; well below lease."),
        Setting(key="reaper_interval", kind="duration", default=5.0, low=0.1, high=3600,
                help="How often a host looks for dead hosts, strays and old jobs."),
        Setting(key="log_max_bytes", kind="size", default=10 * 1024 * 1024, low=4096, high=1024**4,
                help="Largest log of one attempt; the head and the newest part are kept."),
        Setting(key="tail_bytes", kind="size", default=4096, high=1024 * 1024,
                help="How much of a log's end is kept in the database."),
        Setting(key="keep_completed", kind="duration", default=30 * _DAY, high=36_500 * _DAY,
                help="How long completed jobs and their logs are kept; 0 is for ever."),
        Setting(key="keep_cancelled", kind="duration", default=30 * _DAY, high=36_500 * _DAY,
                help="How long cancelled jobs and their logs are kept; 0 is for ever."),
        Setting(key="keep_dead", kind="duration", default=0.0, high=36_500 * _DAY,
                help="How long dead jobs and their logs are kept; 0 is for ever."),
        Setting(key="keep_completed_count", kind="int", default=0, high=10**12,
                help="How many completed jobs are kept at most, the newest; 0 is no limit."),
        Setting(key="keep_cancelled_count", kind="int", default=0, high=10**12,
                help="How many cancelled jobs are kept at most, the newest; 0 is no limit."),
        Setting(key="keep_dead_count", kind="int", default=0, high=10**12,
                help="How many dead jobs are kept at most, the newest; 0 is no limit."),
        Setting(key="on_success", kind="text", default="",
                help="Shell command to run after a job has completed, unless the job names its own."),
        Setting(key="on_failure", kind="text", default="",
                help="Shell command to run after a run that failed, unless the job names its own."),
        Setting(key="on_dead", kind="text", default="",
                help="Shell command to run after a job has died, unless the job names its own."),
        Setting(key="on_empty", kind="text", default="",
                help="Shell command to run when the last job has ended and none waits."),
        Setting(key="hook_timeout", kind="duration", default=60.0, low=1, high=_DAY,
                help="Longest run of such a command."),
        Setting(key="schedule_grace", kind="duration", default=60.0, low=1, high=_DAY,
                help="How late a schedule's run may be and still count as on time."),
        Setting(key="workers", kind="int", default=min(4, os.cpu_count() or 1), low=1, high=1024, kept=Kept.MACHINE,
                help="How many jobs a host runs at once."),
        Setting(key="run_queues", kind="text", default="", kept=Kept.MACHINE,
                help="Queues whose jobs run on this machine: a,b or *; empty is all, or none of a PostgreSQL queue."),
        Setting(key="machine_tags", kind="text", default="", kept=Kept.MACHINE,
                help="What this machine is, besides its name, for jobs that ask for it (--host): gpu,big."),
        Setting(key="poll", kind="duration", default=1.0, low=0.01, high=60, kept=Kept.MACHINE,
                help="How often a host looks into the database when nobody rings."),
        Setting(key="shell", kind="text", default="", kept=Kept.MACHINE,
                help="Shell for commands: bash, powershell, pwsh, a path...; empty is /bin/sh or cmd.exe."),
        Setting(key="drop_enabled", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the host watches the drop folder."),
        Setting(key="drop_folder", kind="path", default="", kept=Kept.MACHINE,
                help="Folder that is watched for .job files; empty is drop/ beside the database."),
        Setting(key="dashboard_enabled", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the tray and serve have a page and an HTTP API; taken up when they start."),
        Setting(key="dashboard_port", kind="int", default=7420, high=65_535, kept=Kept.MACHINE,
                help="The page's port; where it is taken, or 0, any free one. Taken up at the next start."),
        Setting(key="dashboard_bind", kind="text", default="127.0.0.1", kept=Kept.MACHINE,
                help="The page's address. Any but 127.0.0.1 lets other machines try, without encryption."),
        Setting(key="dashboard_hosts", kind="text", default="", kept=Kept.MACHINE,
                help="More names, with ports, under which the page may be asked for: box.lan:7420,box:80."),
        Setting(key="share_logs", kind="bool", default=False, kept=Kept.MACHINE,
                help="Whether other machines of a shared queue may read whole logs by this one's page."),
        Setting(key="api_enqueue", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the page and the HTTP API may add commands and change them."),
        Setting(key="notify_dead", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the tray tells that a job is dead."),
        Setting(key="notify_empty", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the tray tells that the queue is empty after some work."),
        Setting(key="notify_rejected", kind="bool", default=True, kept=Kept.MACHINE,
                help="Whether the tray tells that a dropped file was rejected."),
        Setting(key="silent_hours", kind="hours", default="", kept=Kept.MACHINE,
                help="When the tray shows no notifications, local time."),
    )
}  # fmt: skip


def find(key: str) -> Setting:
    """Return a setting by its key, in which ``-`` and ``_`` are the same.

    Raises:
        NotFound: there is no such setting.
    """
    name = key.strip().lower().replace("-", "_")
    if name not in SETTINGS:
        raise NotFound(f"there is no setting {key!r}", hint="List them: queuectl config get")
    return SETTINGS[name]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """A setting with its present value and where that comes from."""

    setting: Setting
    value: Value
    origin: Origin


class Settings:
    """The settings in force, from the environment, the database, this machine's file and the defaults."""

    def __init__(
        self,
        *,
        database: Mapping[str, str] | None = None,
        machine: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._sources = {Kept.DATABASE: database or {}, Kept.MACHINE: machine or {}}
        self._environ = os.environ if environ is None else environ

    def resolve(self, key: str) -> Resolved:
        """Find a setting's value and origin.

        Raises:
            NotFound: there is no such setting.
            InvalidSetting: the environment or the machine's file holds a value that is none.
        """
        setting = find(key)
        text = self._environ.get(setting.env)
        if text is not None and not (setting.env == "QUEUECTL_PROGRESS" and "QUEUECTL_JOB_ID" in self._environ):
            # Within a job, that one names the file for its reports.
            return Resolved(setting=setting, value=self._parse(setting, text, setting.env), origin=Origin.ENVIRONMENT)
        text = self._sources[setting.kept].get(setting.key)
        if text is not None:
            where = "the database" if setting.kept is Kept.DATABASE else "config.toml"
            value = self._parse(setting, text, where)
            return Resolved(setting=setting, value=value, origin=Origin(setting.kept.value))
        return Resolved(setting=setting, value=setting.default, origin=Origin.DEFAULT)

    @staticmethod
    def _parse(setting: Setting, text: str, where: str) -> Value:
        try:
            return setting.parse(text)
        except InvalidSetting as exc:
            raise InvalidSetting(f"{exc.message} (from {where})", hint=exc.hint) from None

    def __getitem__(self, key: str) -> Any:
        return self.resolve(key).value

    def all(self) -> list[Resolved]:
        """Resolve every setting, in the table's order."""
        return [self.resolve(key) for key in SETTINGS]
