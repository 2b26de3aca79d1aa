"""The coordinator's races, each brought about on purpose."""

import threading

import pytest

from queuectl.engine import runner
from queuectl.engine.coordinator import Coordinator
from queuectl.engine.pace import Pace
from queuectl.engine.worker import Pool
from queuectl.errors import StoreCorrupt, StoreUnavailable
from queuectl.host import Host, HostOptions
from queuectl.model.state import State
from queuectl.platform.environment import Environment
from queuectl.platform.process import spawn
from tests.hosts import PATIENCE, until

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


def test_a_host_that_has_nothing_left_takes_nothing_more_before_it_is_stopped(jobs, monkeypatch):
    host = Host(jobs, HostOptions(kind="worker", workers=1, burst=True))
    cancelling, looked = jobs.store.cancelling, threading.Semaphore(0)

    def look(owner):
        looked.release()
        return cancelling(owner)

    host.start()
    assert host.wait_until_idle(PATIENCE)
    monkeypatch.setattr(jobs.store, "cancelling", look)
    job = jobs.add("sleep 1000")  # its wait has not returned yet
    assert looked.acquire(timeout=PATIENCE)
    jobs.store.ring()
    assert looked.acquire(timeout=PATIENCE)  # what the first look has brought was claimed by now
    host.stop()
    stopped = jobs.find(job.id)
    assert (stopped.state, stopped.attempts) == (State.PENDING, 0)


@pytest.mark.parametrize("fails", ["settings", "next_schedule", "cancelling"])
def test_what_others_ask_for_is_heard_when_the_database_fails_in_the_midst_of_that(jobs, monkeypatch, fails):
    coordinator = Coordinator(jobs, "host", workers=1, environ=Environment({"PATH": "/usr/bin:/bin"}))
    coordinator.start()
    try:
        job = jobs.add("sleep 1000")
        until(lambda: jobs.find(job.id).state is State.PROCESSING, "it to run")
        works, failed = getattr(jobs.store, fails), threading.Event()

        def fail_once(*args):
            if threading.current_thread().name == "coordinator" and not failed.is_set():
                failed.set()
                raise StoreUnavailable("the database is away")
            return works(*args)

        monkeypatch.setattr(jobs.store, fails, fail_once)
        jobs.cancel(job.id)
        coordinator.ring()
        assert failed.wait(PATIENCE)
        assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED
    finally:
        coordinator.interrupt("the test is over")
        coordinator.stop(PATIENCE)


def test_what_cannot_be_heard_keeps_no_job_from_running(jobs, monkeypatch):
    def fail(_owner):
        raise StoreCorrupt("the database is damaged")

    monkeypatch.setattr(jobs.store, "cancelling", fail)
    coordinator = Coordinator(jobs, "host", workers=1, environ=Environment({"PATH": "/usr/bin:/bin"}))
    coordinator.start()
    try:
        for _ in range(2):
            assert jobs.wait([jobs.add("true").id], PATIENCE)[0].state is State.COMPLETED
    finally:
        coordinator.stop(PATIENCE)


def test_what_could_not_be_put_back_is_put_back_also_when_the_reason_has_gone(jobs, monkeypatch):
    coordinator = Coordinator(jobs, "host", workers=1, environ=Environment({"PATH": "/usr/bin:/bin"}))
    claim, unclaim, refused = jobs.store.claim, jobs.store.unclaim, []

    def one_too_many(*args, **kwargs):
        claimed = claim(*args, **kwargs)
        if claimed and not refused:
            coordinator.holdings.pool.resize(0)
        return claimed

    def fail_once(claimed):
        if not refused:
            refused.append(claimed)
            jobs.resume()
            raise StoreUnavailable("the database is away")
        coordinator.holdings.pool.resize(1)
        unclaim(claimed)

    monkeypatch.setattr(Pace, "is_stuck", lambda _: False)  # as others end all the time
    monkeypatch.setattr(jobs.store, "claim", one_too_many)
    monkeypatch.setattr(jobs.store, "unclaim", fail_once)
    job = jobs.add("true")
    coordinator.start()
    try:
        until(lambda: jobs.find(job.id).state is State.PROCESSING, "it to be claimed")
        jobs.pause()
        coordinator.ring()
        until(lambda: refused, "it to be put back")
        coordinator.ring()
        assert jobs.wait([job.id], PATIENCE)[0].state is State.COMPLETED
    finally:
        coordinator.stop(PATIENCE)


def test_a_job_whose_folder_does_not_answer_holds_up_no_other(jobs, monkeypatch, tmp_path):
    asked, answers = threading.Event(), threading.Event()

    def dead_network_drive(argv, *, cwd, **rest):
        if cwd == str(tmp_path):
            asked.set()
            answers.wait()
        return spawn(argv, cwd=cwd, **rest)

    monkeypatch.setattr(runner, "spawn", dead_network_drive)
    coordinator = Coordinator(jobs, "host", workers=2, environ=Environment({"PATH": "/usr/bin:/bin"}))
    stuck = jobs.add("sleep 1000", cwd=str(tmp_path))
    coordinator.start()
    try:
        assert asked.wait(PATIENCE)
        jobs.cancel(stuck.id)
        other = jobs.add("sleep 1000", timeout=0.1, max_retries=0)
        coordinator.ring()
        assert jobs.wait([other.id], PATIENCE)[0].state is State.DEAD
        answers.set()
        assert jobs.wait([stuck.id], PATIENCE)[0].state is State.CANCELLED
    finally:
        answers.set()
        coordinator.interrupt("the test is over")
        coordinator.stop(PATIENCE)


def test_a_host_that_finishes_up_rests_as_long_as_its_last_job_runs(jobs, monkeypatch):
    host = Host(jobs, HostOptions(kind="worker", workers=1))
    asked, looks = jobs.store.stop_asked, []

    def look(host_id):
        looks.append(host_id)
        return asked(host_id)

    monkeypatch.setattr(jobs.store, "stop_asked", look)
    job = jobs.add("sleep 1")
    host.start()
    try:
        until(lambda: jobs.find(job.id).state is State.PROCESSING, "it to run")
        jobs.stop_hosts(["worker"], finish_up=True)
        assert host.wait_until_idle(PATIENCE)
    finally:
        host.stop()
    assert jobs.find(job.id).state is State.COMPLETED
    assert len(looks) < 30


def test_a_pool_that_gets_no_more_threads_knows_how_many_it_has(monkeypatch):
    pool, start = Pool(0, lambda *_: None), threading.Thread.start

    def limited(thread):
        if thread.name == "worker-3":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(RuntimeError, match="can't start"):
        pool.resize(4)
    assert pool.size == 2
    pool.stop(PATIENCE)


def test_other_hosts_hear_of_a_changed_setting_also_when_the_database_fails_at_that(jobs, monkeypatch):
    host = Host(jobs, HostOptions(kind="worker"))
    describe, failed = jobs.store.describe_host, []

    def fail_once(*args, **kwargs):
        if not failed:
            failed.append(args)
            raise StoreUnavailable("the database is away")
        describe(*args, **kwargs)

    monkeypatch.setattr(jobs.store, "describe_host", fail_once)
    host.start()
    try:
        jobs.set_setting("workers", "7")
        until(lambda: [row.workers for row in jobs.hosts()] == [7], "its row to say so")
    finally:
        host.stop()
    assert failed


def test_a_burst_runs_what_it_has_put_back(jobs, monkeypatch):
    coordinator = Coordinator(
        jobs, "host", workers=2, environ=Environment({"PATH": "/usr/bin:/bin"}), poll=0.05, burst=True
    )
    claim, unclaim, returned = jobs.store.claim, jobs.store.unclaim, []

    def nobody_takes_it(*args, **kwargs):
        claimed = claim(*args, **kwargs)
        if claimed and not returned:
            coordinator.holdings.pool.resize(0)
        return claimed

    def then_somebody_does(claimed):
        unclaim(claimed)
        returned.append(claimed)
        coordinator.holdings.pool.resize(2)

    monkeypatch.setattr(jobs.store, "claim", nobody_takes_it)
    monkeypatch.setattr(jobs.store, "unclaim", then_somebody_does)
    job = jobs.add("true")
    coordinator.start()
    try:
        assert coordinator.done.wait(PATIENCE)
    finally:
        coordinator.stop(PATIENCE)
    assert returned
    assert jobs.find(job.id).state is State.COMPLETED
