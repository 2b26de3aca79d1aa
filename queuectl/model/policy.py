"""Decisions as pure functions of (job, outcome, now, rng): retry or dead, how long to wait, what to forget."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from queuectl.model.job import Job, Outcome, OutcomeKind
from queuectl.model.state import State, Verb
from queuectl.settings import Settings

if TYPE_CHECKING:
    from random import Random  # every command would pay for its import


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """What all jobs share of the retry policy; ``cap`` is in seconds, ``jitter`` a share between 0 and 1."""

    cap: float = 300.0
    jitter: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> "Backoff":
        """Take it from the settings."""
        return cls(cap=settings["backoff_cap"], jitter=settings["jitter"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What becomes of a job after a run."""

    verb: Verb
    state: State
    run_at: datetime | None = None
    reason: str | None = None
    refund: bool = False
    """Whether the attempt is given back."""


def delay(base: float, retry: int, backoff: Backoff, rng: "Random") -> float:
    """Return the seconds before retry number ``retry`` (from 1): ``base ** retry``, at most ``cap``.

    Jitter takes away up to its share of the wait, so that the cap stays the cap.
    """
    try:
        wait = min(base**retry, backoff.cap)
    except OverflowError:
        wait = backoff.cap
    return wait * (1 - backoff.jitter * rng.random()) if backoff.jitter else wait


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
    wait = delay(job.backoff_base, job.attempts, backoff, rng)
    return Verdict(verb=Verb.FAIL, state=State.FAILED, run_at=now + timedelta(seconds=wait), reason=outcome.reason)


def first_state(run_at: datetime | None, *, now: datetime, blocked: bool) -> State:
    """Decide in which state a new job begins."""
    if blocked:
        return State.BLOCKED
    return State.SCHEDULED if run_at is not None and run_at > now else State.PENDING


def forget_before(settings: Settings, now: datetime) -> dict[State, datetime]:
    """Return, for each final state, the moment before which its jobs are forgotten; one kept for ever is absent."""
    ages = {State.COMPLETED: "keep_completed", State.CANCELLED: "keep_cancelled", State.DEAD: "keep_dead"}
    return {state: now - timedelta(seconds=settings[key]) for state, key in ages.items() if settings[key]}
