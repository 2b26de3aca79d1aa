"""Two people change the same thing of a shared queue at once: neither change is lost, and nobody is told otherwise."""

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl import editing, scheduling
from queuectl.errors import StoreUnavailable, WrongState
from queuectl.model.job import JobSpec
from queuectl.queue import Queue
from tests.hosts import until
from tests.store.conformance.case import new
from tests.support import PATIENCE

pytest.importorskip("psycopg")

from queuectl.store.postgres.connections import MOST

HOUR = timedelta(hours=1)


@pytest.fixture
def first(postgres_url):
    with Queue.open(postgres_url) as queue:
        yield queue


@pytest.fixture
def second(postgres_url):
    with Queue.open(postgres_url) as queue:
        yield queue


@pytest.fixture
def meanwhile(postgres, first):
    """Do one thing, and before it is committed begin with another; return what that returns, or raises."""

    def both(one, other):
        found = []

        def do_other():
            try:
                found.append(other())
            except WrongState as exc:
                found.append(exc)

        thread = threading.Thread(target=do_other)
        with first.store.transaction():
            one()
            thread.start()
            until(
                lambda: (
                    postgres.run("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                    or not thread.is_alive()
                )
            )
        thread.join(PATIENCE)
        return found[0]

    return both


def fire(queue, name):
    old = queue.store.schedule(name)
    assert queue.store.change_schedule(old, replace(old, last_at=old.last_at + HOUR, next_at=old.next_at + HOUR))


def hourly(queue, command="true", **options):
    return scheduling.add(queue, "s", scheduling.rule_of(every="1h"), JobSpec(command=command), **options)


def test_a_schedule_is_paused_though_it_is_fired_at_that_moment(first, second, meanwhile):
    hourly(first)
    meanwhile(lambda: fire(first, "s"), lambda: scheduling.pause(second, "s"))
    assert first.store.schedule("s").paused


def test_a_schedule_is_replaced_though_it_is_fired_at_that_moment(first, second, meanwhile):
    before = hourly(first)
    meanwhile(lambda: fire(first, "s"), lambda: hourly(second, "other", replacing=True))
    found = first.store.schedule("s")
    assert (found.spec.command, found.last_at) == ("other", before.last_at + HOUR)


def test_two_run_a_schedule_now_and_one_of_them_is_told_that_it_runs(first, second, meanwhile):
    hourly(first)
    found = meanwhile(lambda: scheduling.run_now(first, "s"), lambda: scheduling.run_now(second, "s"))
    assert isinstance(found, WrongState)


def test_two_tag_a_job_and_it_has_both_tags(first, second, meanwhile):
    job = first.add("true")
    meanwhile(lambda: editing.tag(first, job, add=["a"]), lambda: editing.tag(second, job, add=["b"]))
    meanwhile(lambda: editing.tag(first, job, add=["c"]), lambda: editing.note(second, job, "later"))
    assert first.find(job.id).spec.tags == ("a", "b", "c")


def test_two_edit_a_job_and_the_second_is_told(first, second, meanwhile):
    job = first.add("one")
    found = meanwhile(
        lambda: editing.edit(first, job, replace(job.spec, priority=5)),
        lambda: editing.edit(second, job, replace(job.spec, command="two")),
    )
    assert isinstance(found, WrongState)
    assert (first.find(job.id).spec.command, first.find(job.id).spec.priority) == ("one", 5)


def test_more_threads_than_connections_look_at_once(second):
    together, failures = threading.Barrier(MOST * 3), []

    def look():
        together.wait(PATIENCE)
        try:
            for _ in range(20):
                second.store.pauses()
        except StoreUnavailable as exc:
            failures.append(exc)

    threads = [threading.Thread(target=look) for _ in range(MOST * 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == []


def test_p10_a_transaction_says_so_in_which_something_failed_that_nobody_minded(first):
    def add_and_let_pass():
        with first.store.transaction():
            first.store.enqueue([new("lost")])
            with suppress(Exception):
                first.store.get(2**70)

    with pytest.raises(StoreUnavailable, match="nothing of it was kept"):
        add_and_let_pass()
    assert first.jobs() == []
