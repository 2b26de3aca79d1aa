"""What goes into a store and comes out of it, besides the model's jobs, attempts and events."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from queuectl.model.dependencies import WaitKind
from queuectl.model.job import Job, JobSpec, Outcome, OutcomeKind
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


class Order(StrEnum):
    """In which order jobs are listed."""

    NEWEST = "newest"
    """The one added last first."""
    OLDEST = "oldest"
    """The one added first first."""
    ENDED = "ended"
    """The one that ended last first; jobs that have ended only."""
    DUE = "due"
    """By the time at which they will be ready; scheduled jobs and those that wait for their retry only."""
    NEXT = "next"
    """As they will be run: by priority, then by age; pending jobs only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFilter:
    """Which jobs to list, in what order, and how many; ``cursor`` is that of the page before."""

    states: Collection[State] = ()
    queue: str | None = None
    tag: str | None = None
    key: str | None = None
    text: str | None = None
    """What a command, name, tag, key, note or the stored end of an output holds, in whatever case."""
    before: int | None = None
    """Only jobs with ids below this one."""
    order: Order = Order.NEWEST
    cursor: str | None = None
    limit: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some of the jobs that a filter lets through; ``cursor`` leads to those behind them, None when there are none."""

    jobs: Sequence[Job]
    cursor: str | None
    exhausted: bool = True
    """False when the search stopped before the page was full, since its time was up; the cursor goes on from there."""


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
    logs: str | None = None
    """Where other machines may ask for its logs, with the key for that: ``http://KEY@NAME:PORT/``."""
    tags: Sequence[str] = ()
    """What its machine is, besides its name, for jobs that ask for it."""
    queues: Sequence[str] | None = None
    """Whose jobs it takes; None is all."""

    def runs(self, spec: JobSpec) -> bool:
        """Tell whether it takes such a job, as far as its machine and queues go."""
        return (spec.machine is None or self.answers_to(spec.machine)) and (
            self.queues is None or spec.queue in self.queues
        )

    def answers_to(self, machine: str) -> bool:
        """Tell whether its machine has this name or tag, in lower case."""
        return machine in {self.name.lower(), self.name.lower().partition(".")[0], *self.tags}


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


@dataclass(frozen=True, kw_only=True, slots=True)
class RunCount:
    """How many runs ended in one way in a span of time that begins at a moment."""

    at: datetime
    outcome: OutcomeKind
    runs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTotal:
    """How many of a queue's runs have ever ended in one way; ``took`` is what time they took, in seconds."""

    queue: str
    outcome: OutcomeKind
    runs: int
    took: float
