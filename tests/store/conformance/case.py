"""What every part of the suite has: a clock that a test moves, a store of the backend, and short ways to its verbs.

The suite knows the Store protocol alone. A backend joins by a class that provides ``make_store``:

    class TestMine(StoreConformance):
        @pytest.fixture
        def make_store(self, ...): return lambda clock: ...   # each call opens the same database once more
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from queuectl.model.admission import Room
from queuectl.model.history import history
from queuectl.model.job import JobSpec, Lease, Outcome, OutcomeKind
from queuectl.model.policy import Verdict
from queuectl.model.state import State, Verb
from queuectl.store.types import JobFilter, NewJob, Report

START = datetime(2026, 3, 29, 0, 59, 59, 250_000, tzinfo=UTC)
LEASE = 60.0
HOUR = 3600.0


class SettableClock:
    """A clock that stands still until a test moves it, back too."""

    def __init__(self, now=START):
        self._now = now
        self._moved = 0.0

    def now(self):
        return self._now

    def monotonic(self):
        return self._moved

    def forward(self, seconds):
        """Move it, and return the time it shows now."""
        self._now += timedelta(seconds=seconds)
        self._moved += max(seconds, 0.0)
        return self._now


class StoreCase:
    """The base of each part of the suite."""

    @pytest.fixture
    def make_store(self):
        raise NotImplementedError("a backend's test class provides it")

    @pytest.fixture
    def clock(self):
        return SettableClock()

    @pytest.fixture
    def store(self, make_store, clock):
        return make_store(clock)

    @pytest.fixture(autouse=True)
    def _counts_are_true(self, store):
        """Hold, after each test of the suite, that the counts are those of the rows."""
        yield
        assert counted(store) == rows_counted(store)


def counted(store):
    return {(queue, state): n for queue, states in store.counts().items() for state, n in states.items() if n}


def rows_counted(store):
    return dict(Counter((job.spec.queue, job.state) for job in store.jobs(JobFilter(limit=1_000_000))))


def new(command="true", *, max_retries=3, backoff_base=2.0, **fields):
    """Return a job to enqueue."""
    return NewJob(spec=JobSpec(command=command, **fields), max_retries=max_retries, backoff_base=backoff_base)


def add(store, command="true", **fields):
    """Enqueue one job and return it."""
    [job] = store.enqueue([new(command, **fields)], source="tests")
    return job


def ids(jobs):
    return [job.id for job in jobs]


def claim(store, limit=100, owner="host-1", **options):
    return store.claim(owner, Room(workers=limit, free=limit), **{"lease": LEASE, **options})


def take(store, job, owner="host-1"):
    """Claim this very job, and put back the others of its queue."""
    claimed = claim(store, owner=owner, queues=[job.spec.queue])
    store.unclaim([other for other in claimed if other.id != job.id])
    [taken] = [other for other in claimed if other.id == job.id]
    return taken


ENDS = {
    Verb.COMPLETE: (OutcomeKind.COMPLETED, State.COMPLETED),
    Verb.FAIL: (OutcomeKind.FAILED, State.FAILED),
    Verb.BURY: (OutcomeKind.FAILED, State.DEAD),
    Verb.RELEASE: (OutcomeKind.INTERRUPTED, State.PENDING),
    Verb.RECOVER: (OutcomeKind.LOST, State.PENDING),
    Verb.CANCEL: (OutcomeKind.CANCELLED, State.CANCELLED),
}
"""How a run ends by each verb, and in which state that leaves its job."""


def verdict(store, verb, wait=10.0):
    """Return what a host decides."""
    run_at = store.now() + timedelta(seconds=wait) if verb is Verb.FAIL else None
    reason = None if verb is Verb.COMPLETE else f"because of {verb}"
    return Verdict(verb=verb, state=ENDS[verb][1], run_at=run_at, reason=reason, refund=verb is Verb.RELEASE)


def outcome(store, verb, **fields):
    """Return how a run ended."""
    code = {Verb.COMPLETE: 0, Verb.FAIL: 7, Verb.BURY: 8}.get(verb)
    reason = None if verb is Verb.COMPLETE else f"because of {verb}"
    return Outcome(**{"kind": ENDS[verb][0], "exit_code": code, "reason": reason, "finished_at": store.now()} | fields)


def report(store, job, verb):
    """Return what a host says of a run that has ended."""
    return Report(job=job, outcome=outcome(store, verb), verdict=verdict(store, verb))


def end(store, job, verb=Verb.COMPLETE, *, wait=10.0, **fields):
    """Report the end of a claimed job's run."""
    return store.finish(job, outcome(store, verb, **fields), verdict(store, verb, wait), host_name="a machine")


def run(store, job, verb=Verb.COMPLETE, **options):
    """Claim a pending job and end its run."""
    return end(store, take(store, job), verb, **options)


def stale(job, token="0" * 32):
    """Return the job as somebody holds it whose lease is not the current one."""
    return replace(job, lease=Lease(token=token, owner="host-1", expires_at=START))


def whole(store, job_id):
    """Return all that the store knows of a job."""
    return store.get(job_id), store.attempts(job_id), store.events(job_id)


def told(store, job_id):
    """Return a job's history as (verb, state before, state after), having checked that it is one unbroken story."""
    events = history(*whole(store, job_id))
    states = [None, *(event.after for event in events)]
    assert [event.before for event in events] == states[:-1]
    assert states[-1] is store.get(job_id).state
    return [(event.verb, event.before, event.after) for event in events]


def states(store, jobs):
    """Return the jobs' states as they are now."""
    return [store.get(job.id).state for job in jobs]
