"""The coordinator's races, each brought about on purpose."""

import pytest

from queuectl.engine.coordinator import Coordinator
from queuectl.errors import StoreUnavailable
from queuectl.model.state import State
from queuectl.platform.environment import Environment
from tests.hosts import PATIENCE

pytestmark = pytest.mark.posix


def test_what_is_claimed_in_the_moment_of_a_hurried_stop_is_stopped_as_well(jobs, monkeypatch):
    coordinator = Coordinator(jobs, "host", workers=1, environ=Environment({"PATH": "/usr/bin:/bin"}))
    claim = jobs.store.claim

    def stopped_meanwhile(*args, **kwargs):
        claimed = claim(*args, **kwargs)
        if claimed:
            coordinator.drain()
            coordinator.interrupt("its host was stopped")
        return claimed

    monkeypatch.setattr(jobs.store, "claim", stopped_meanwhile)
    job = jobs.add("sleep 1000")
    coordinator.start()
    try:
        assert coordinator.done.wait(PATIENCE), "the job runs on in a host that stops"
    finally:
        coordinator.interrupt("the test is over")
        coordinator.stop(PATIENCE)
    assert jobs.find(job.id).state is State.PENDING
    assert jobs.find(job.id).attempts == 0


def test_what_cannot_be_put_back_is_put_back_when_the_database_works_again(jobs, monkeypatch):
    coordinator = Coordinator(jobs, "host", workers=1, environ=Environment({"PATH": "/usr/bin:/bin"}))
    claim, unclaim, refused = jobs.store.claim, jobs.store.unclaim, []

    def one_too_many(*args, **kwargs):
        claimed = claim(*args, **kwargs)
        if claimed:
            coordinator.holdings.pool.resize(0)
            coordinator.drain()
        return claimed

    def fail_once(claimed):
        if not refused:
            refused.append(claimed)
            raise StoreUnavailable("the database is away")
        unclaim(claimed)

    monkeypatch.setattr(jobs.store, "claim", one_too_many)
    monkeypatch.setattr(jobs.store, "unclaim", fail_once)
    job = jobs.add("true")
    coordinator.start()
    try:
        assert coordinator.done.wait(PATIENCE), "a host keeps a job that nobody runs"
    finally:
        coordinator.stop(PATIENCE)
    assert refused
    assert jobs.find(job.id).state is State.PENDING
    assert jobs.find(job.id).attempts == 0
