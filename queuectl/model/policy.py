"""Decisions as pure functions of (job, outcome, now, rng): retry or dead, how long to wait, what to forget."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from queuectl.model.job import BackoffKind, Job, Outcome, OutcomeKind
from queuectl.model.state import FINAL, State, Verb
from queuectl.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random  # every command would pay for its import


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """How long to wait before a retry; ``base`` and ``cap`` are in seconds, ``jitter`` a share between 0 and 1."""

    kind: BackoffKind = BackoffKind.EXPONENTIAL
    base: float = 2.0
    cap: float = 300.0
    jitter: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "Backoff":
        """Take what jobs leave open from the settings."""
        return cls(
            kind=BackoffKind(settings["backoff"]),
            base=settings["backoff_base"],
            cap=settings["backoff_cap"],
            jitter=settings["jitter"],
        )

    def for_job(self, job: Job) -> "Backoff":
        """Return what holds for a job, whose own wishes count more."""
        spec = job.spec
        return Backoff(
            kind=self.kind if spec.backoff is None else spec.backoff,
            base=job.backoff_base,
            cap=self.cap if spec.backoff_cap is None else spec.backoff_cap,
            jitter=self.jitter if spec.jitter is None else spec.jitter,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of a job after a run."""

    verb: Verb
    state: State
    run_at: datetime | None = None
    reason: str | None = None
    refund: bool = False
    """Whether the attempt is given back."""


def delay(retry: int, backoff: Backoff, rng: "Random") -> float:
    """Return the seconds before retry number ``retry`` (from 1).

    They are ``base``, ``base * retry`` or ``base ** retry``, as the kind says, and at most ``cap``. Jitter takes away
    up to its share of the wait, so that the cap stays the cap.
    """
    try:
        wait = min(_WAITS[backoff.kind](backoff.base, retry), backoff.cap)
    except OverflowError:
        wait = backoff.cap
    return wait * (1 - backoff.jitter * rng.random()) if backoff.jitter else wait


_WAITS: Mapping[BackoffKind, "Callable[[float, int], float]"] = {
    BackoffKind.FIXED: lambda base, _: base,
    BackoffKind.LINEAR: lambda base, retry: base * retry,
    BackoffKind.EXPONENTIAL: lambda base, retry: base**retry,
}


def judge(job: Job, outcome: Outcome, *, now: datetime, backoff: Backoff, rng: "Random") -> Verdict:
    """Decide what becomes of a job whose run ended: completed, retried, dead, cancelled or put back."""
    kind = outcome.kind
    if kind is OutcomeKind.COMPLETED:
        return Verdict(verb=Verb.COMPLETE, state=State.COMPLETED)
    if kind is OutcomeKind.CANCELLED or job.cancel_requested:
        return Verdict(verb=Verb.CANCEL, state=State.CANCELLED, reason=outcome.reason or "cancelled while it ran")
    if kind is OutcomeKind.INTERRUPTED:
        return Verdict(verb=Verb.RELEASE, state=State.PENDING, reason=outcome.reason, refund=True)
    last = job.attempts > job.max_retries
    if kind is OutcomeKind.LOST:
        if not last:
            return Verdict(verb=Verb.RECOVER, state=State.PENDING, reason=outcome.reason)
        runs = "its only run" if job.attempts == 1 else f"each of its {job.attempts} runs was spent, and the last"
        return Verdict(verb=Verb.BURY, state=State.DEAD, reason=f"{runs} took its host down ({outcome.reason})")
    if last:
        return Verdict(verb=Verb.BURY, state=State.DEAD, reason=outcome.reason)
    if kind is OutcomeKind.FAILED and outcome.exit_code in job.spec.dead_on:
        return Verdict(verb=Verb.BURY, state=State.DEAD, reason=f"{outcome.reason}, which no retry mends (dead_on)")
    wait = delay(job.attempts, backoff.for_job(job), rng)
    return Verdict(verb=Verb.FAIL, state=State.FAILED, run_at=now + timedelta(seconds=wait), reason=outcome.reason)


def first_state(run_at: datetime | None, *, now: datetime, blocked: bool) -> State:
    """Decide in which state a new job begins."""
    if blocked:
        return State.BLOCKED
    return State.SCHEDULED if run_at is not None and run_at > now else State.PENDING


def forget_beyond(settings: Settings) -> dict[State, int]:
    """Return, for each final state, how many of its jobs are kept at most; one without a limit is absent."""
    counts = {state: settings[f"keep_{state}_count"] for state in sorted(FINAL)}
    return {state: count for state, count in counts.items() if count}


def forget_before(settings: Settings, now: datetime) -> dict[State, datetime]:
    """Return, for each final state, the moment before which its jobs are forgotten; one kept for ever is absent."""
    ages = {State.COMPLETED: "keep_completed", State.CANCELLED: "keep_cancelled", State.DEAD: "keep_dead"}
    return {state: now - timedelta(seconds=settings[key]) for state, key in ages.items() if settings[key]}
