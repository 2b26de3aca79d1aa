"""Which occurrences of a schedule to run now: what was missed, and what still runs from the last time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice

from queuectl.model.recurrence import Rule, latest_between, occurrence_after, occurrences

RUNS_MAX = 1000
"""How many runs one call hands out at most."""
COUNT_MAX = 10_000
"""How far missed occurrences are counted; this number means so many or more."""
GRACE = timedelta(seconds=60)


class CatchUp(StrEnum):
    """What becomes of occurrences that passed while nothing ran."""

    SKIP = "skip"
    """They are left out; only one that has just passed is run."""
    ONCE = "once"
    """One run, of the latest, stands for them all."""
    ALL = "all"
    """Each is run, the newest 1000 at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What to do about a schedule now."""

    run: tuple[datetime, ...]
    """The occurrences to run, oldest first."""
    last: datetime
    """Up to where all is decided; hand it to the next call, and store it in the transaction that enqueues ``run``."""
    next: datetime | None
    """When to ask again; None when there is never one more."""
    missed: int
    """How many passed without a run of their own; ``COUNT_MAX`` means so many or more."""


def due(rule: Rule, last: datetime, now: datetime, catch_up: CatchUp, *, grace: timedelta = GRACE) -> Due:
    """Decide which occurrences later than ``last`` and up to ``now`` to run; what is not later is past for good.

    A clock that was set back therefore repeats nothing: the schedule rests until the clock has passed ``last`` again.
    To leave out a pause, hand in its end as ``last``. ``grace`` is how late an occurrence still counts as on time.
    """
    passed = list(islice(_between(rule, last, now), COUNT_MAX + 1))
    if not passed:
        return Due(run=(), last=last, next=occurrence_after(rule, max(last, now)), missed=0)
    total, newest = len(passed), passed
    if total > COUNT_MAX:
        newest = _newest(rule, last, now, RUNS_MAX if catch_up is CatchUp.ALL else 1)
    latest = newest[-1]
    if catch_up is CatchUp.ALL:
        run = tuple(newest[-RUNS_MAX:])
    elif catch_up is CatchUp.ONCE or now - latest <= grace:
        run = (latest,)
    else:
        run = ()
    missed = COUNT_MAX if total > COUNT_MAX else total - len(run)
    return Due(run=run, last=latest, next=occurrence_after(rule, now), missed=missed)


class OverlapPolicy(StrEnum):
    """What to do when the run before is not over yet."""

    SKIP = "skip"
    """Leave the new one out."""
    QUEUE = "queue"
    """Let the new one wait until the run before is over."""
    CANCEL_PREVIOUS = "cancel-previous"
    """Cancel the run before, and let the new one wait until it is over."""


class Launch(StrEnum):
    """How an occurrence begins."""

    NOW = "now"
    """Enqueue it."""
    SKIP = "skip"
    """Leave it out, and say so."""
    WAIT = "wait"
    """Enqueue it to run after the run before, however that ends."""
    REPLACE = "replace"
    """Cancel the run before, then as ``wait``: two never run at once."""


_LAUNCH = {
    OverlapPolicy.SKIP: Launch.SKIP,
    OverlapPolicy.QUEUE: Launch.WAIT,
    OverlapPolicy.CANCEL_PREVIOUS: Launch.REPLACE,
}


def decide_overlap(policy: OverlapPolicy, *, previous_live: bool) -> Launch:
    """Decide how an occurrence begins; ``previous_live`` is whether the last run's job is in no final state yet."""
    return _LAUNCH[policy] if previous_live else Launch.NOW


def _between(rule: Rule, last: datetime, now: datetime) -> Iterator[datetime]:
    if last < now:
        for one in occurrences(rule, last):
            if one > now:
                return
            yield one


def _newest(rule: Rule, last: datetime, now: datetime, count: int) -> list[datetime]:
    found: list[datetime] = []
    until = now
    while len(found) < count and (one := latest_between(rule, last, until)) is not None:
        found.append(one)
        until = one - timedelta(microseconds=1)
    return found[::-1]
