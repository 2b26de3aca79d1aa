"""What goes into a store and comes out of it, besides the model's jobs, attempts and events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from queuectl.model.dependencies import WaitKind
from queuectl.model.job import Job, JobSpec, Outcome
from queuectl.model.policy import Verdict
from queuectl.model.state import State


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A specification with the defaults filled in; ``blocked`` is decided by the store."""

    spec: JobSpec
    max_retries: int
    backoff_base: float
    beside: Sequence[tuple[int, WaitKind]] = ()
    """Jobs that it waits for and that are enqueued before it in the same call, by their places there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Which jobs to list, newest first; ``before`` is the id after which the next page begins."""

    states: Collection[State] = ()
    queue: str | None = None
    tag: str | None = None
    key: str | None = None
    text: str | None = None
    """What a command, name, tag, key, note or the stored end of an output holds, in whatever case."""
    before: int | None = None
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class HostRow:
    """A process that runs jobs, as the others see it; ``port`` is that of its doorbell on loopback."""

    id: str
    machine: str
    name: str
    kind: str
    pid: int
    workers: int
    port: int | None
    version: str
    started_at: datetime
    seen_at: datetime
    stop: str | None
    dashboard: str | None = None
    """The address of its page, when it has one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueRow:
    """A named queue; ``max_running`` None is no limit, ``defaults`` are fields of jobs as in a .job file."""

    name: str
    max_running: int | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A paused queue; ``until`` is None when only a resume ends it."""

    queue: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A run that goes on, with what is known of its process."""

    job: Job
    pid: int | None
    pid_created: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """How the run of a claimed job ended, and what is to become of the job."""

    job: Job
    outcome: Outcome
    verdict: Verdict
