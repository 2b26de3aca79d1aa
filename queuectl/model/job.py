"""What a job is: its specification, its row, its attempts, its lease and how a run ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from queuectl.model.state import State


class BackoffKind(StrEnum):
    """How the wait grows from retry to retry."""

    FIXED = "fixed"
    """Always the base."""
    LINEAR = "linear"
    """The base times the number of the retry."""
    EXPONENTIAL = "exponential"
    """The base to the power of the number of the retry."""


class DeadParent(StrEnum):
    """What a job does when one that it waits for can no longer end as it should."""

    CANCEL = "cancel"
    """It ends as cancelled."""
    WAIT = "wait"
    """It stays blocked, until a person retries the other one."""


class ProgressMode(StrEnum):
    """Where a job's progress is read from."""

    REPORTED = "reported"
    """From what the job itself reports."""
    AUTO = "auto"
    """From percentages in its output, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """What a caller asks for; fields left out take the queue's defaults, then the settings', when it is enqueued.

    ``command`` is run by a shell, ``argv`` as it is: one of them is given. Durations are in seconds. A text in
    ``after``, ``after_any`` or ``after_failure`` is the name or key of a job that is enqueued together with this one.
    """

    command: str | None = None
    argv: tuple[str, ...] | None = None
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None
    """The caller's search path; a host started from a desktop has a poor one."""
    shell: str | None = None
    queue: str = "default"
    priority: int | None = None
    slots: int = 1
    """How many workers' room it takes; on a smaller host it takes all."""
    mutex: str | None = None
    """Of all jobs with this name, one runs at a time."""
    machine: str | None = None
    """The name, or a tag, of the machines on which it may run; None is any."""
    nice: int | None = None
    """POSIX niceness, -20 to 19."""
    run_at: datetime | None = None
    max_retries: int | None = None
    backoff: BackoffKind | None = None
    backoff_base: float | None = None
    backoff_cap: float | None = None
    jitter: float | None = None
    dead_on: tuple[int, ...] = ()
    """Exit codes after which no retry can help."""
    ok_on: tuple[int, ...] = ()
    """Exit codes besides 0 that mean success."""
    timeout: float | None = None
    kill_after: float | None = None
    """Time between the polite signal and the kill."""
    progress: ProgressMode | None = None
    key: str | None = None
    unique_for: float | None = None
    """How long after its enqueueing a job with the same key, even an ended one, is returned instead."""
    replace: bool = False
    """Whether a live job with the same key makes way for this one."""
    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None
    after: tuple[int | str, ...] = ()
    """Jobs that must have completed."""
    after_any: tuple[int | str, ...] = ()
    """Jobs that must have ended, however."""
    after_failure: tuple[int | str, ...] = ()
    """Jobs that must have ended as dead or cancelled."""
    dead_parent: DeadParent | None = None
    on_success: str | None = None
    """Shell command to run after it has completed."""
    on_failure: str | None = None
    """Shell command to run after each of its runs that failed."""
    on_dead: str | None = None
    """Shell command to run after it has died."""
    schedule: str | None = None
    """The schedule that it is an occurrence of."""

    @property
    def title(self) -> str:
        """Return the job's name, else what it runs, on one line."""
        return " ".join((self.name or self.command or " ".join(self.argv or ())).split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job as the store holds it."""

    id: int
    state: State
    spec: JobSpec
    max_retries: int
    backoff_base: float
    source: str
    """Who enqueued it, or what."""
    attempts: int
    """Runs spent since it was enqueued or last retried by a person."""
    runs: int
    """Runs ever begun; the number of the newest attempt and of its log file."""
    created_at: datetime
    updated_at: datetime
    run_at: datetime | None
    """When it is due, in the states ``scheduled`` and ``failed``."""
    started_at: datetime | None
    finished_at: datetime | None
    exit_code: int | None
    reason: str | None
    """Why it stands where it stands, if that is not plain."""
    cancel_requested: bool
    lease: "Lease | None"
    progress: float | None = None
    """How much of the present or last run was done, from 0 to 1, as far as it told."""
    progress_text: str | None = None
    """What it was doing then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right of one host to run a job and to report on it, until a deadline."""

    token: str
    owner: str
    expires_at: datetime


class OutcomeKind(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    """Exit code 0."""
    FAILED = "failed"
    """Another exit code, a signal, or a program that could not be started."""
    TIMEOUT = "timeout"
    """Stopped because it ran longer than allowed."""
    CANCELLED = "cancelled"
    """Stopped because a person cancelled the job."""
    INTERRUPTED = "interrupted"
    """Stopped because its host stopped; no attempt is spent."""
    LOST = "lost"
    """Its host died, so nobody saw how it ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one run ended; ``exit_code`` is None where there was none, ``output_bytes`` counts what it wrote."""

    kind: OutcomeKind
    exit_code: int | None = None
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime
    tail: str = ""
    output_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One run of a job, as the store holds it; ``outcome`` is None while it runs."""

    job_id: int
    number: int
    host: str
    host_name: str
    pid: int | None
    pid_created: float | None
    """When the process was created, in seconds since the epoch: with the pid it names one process for good."""
    started_at: datetime
    finished_at: datetime | None
    outcome: OutcomeKind | None
    next_state: State | None
    """The state it left the job in."""
    exit_code: int | None
    reason: str | None
    tail: str
    output_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One entry of a job's history that its attempts do not already tell."""

    job_id: int
    at: datetime
    run: int
    """How many runs had begun by then."""
    verb: str
    before: State | None
    after: State
    actor: str
    detail: str | None
