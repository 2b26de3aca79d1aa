"""What a job is: its specification, its row, its attempts, its lease and how a run ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from queuectl.model.state import State


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpec:
    """What a caller asks for; fields left out take the settings' defaults when it is enqueued.

    ``command`` is run by a shell, ``argv`` as it is: one of them is given. Durations are in seconds.
    """

    command: str | None = None
    argv: tuple[str, ...] | None = None
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None
    """The caller's search path; a host started from a desktop has a poor one."""
    shell: str | None = None
    queue: str = "default"
    priority: int = 0
    run_at: datetime | None = None
    max_retries: int | None = None
    backoff_base: float | None = None
    timeout: float | None = None
    key: str | None = None
    name: str | None = None
    tags: tuple[str, ...] = ()
    after: tuple[int, ...] = ()

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
