"""Schedules: kept, changed by one at a time, due, and the jobs they made."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl.errors import NotFound, WrongState
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.job import BackoffKind, JobSpec, ProgressMode
from queuectl.model.recurrence import Cron, Every
from queuectl.model.schedules import Schedule
from queuectl.model.state import Verb
from tests.store.conformance.case import START, StoreCase, add, ids, run, take

MINUTE = timedelta(minutes=1)
SCHEDULE = Schedule(
    name="nightly", rule=Cron(text="0 3 * * *", zone="Europe/Berlin"), spec=JobSpec(command="true"),
    catch_up=CatchUp.ONCE, overlap=OverlapPolicy.SKIP, created_at=START, last_at=START, next_at=START + MINUTE,
)  # fmt: skip


def fire_and_fail(store):
    with store.transaction():
        store.change_schedule(SCHEDULE, replace(SCHEDULE, last_at=START + MINUTE))
        add(store, schedule=SCHEDULE.name)
        raise ZeroDivisionError


class Schedules(StoreCase):
    def test_a_schedule_is_kept_as_it_is(self, store, make_store, clock):
        spec = JobSpec(
            argv=("echo", "it's", 'ü "\\'), cwd="/tmp", env={"A": "ü"}, path="/bin:/usr/bin", shell="bash", queue="q",
            priority=-3, slots=2, mutex="m", nice=5, max_retries=0, backoff=BackoffKind.LINEAR, backoff_base=1.5,
            backoff_cap=9.0, jitter=0.5, dead_on=(2, 64), ok_on=(3,), timeout=0.5, kill_after=1.0,
            progress=ProgressMode.AUTO, name="n", tags=("a", "b"), note="two\nlines", on_success="echo", on_dead="echo",
        )  # fmt: skip
        first = replace(
            SCHEDULE, name="ü 'x'", rule=Every(seconds=90.5, anchor=START), spec=spec, catch_up=CatchUp.ALL,
            overlap=OverlapPolicy.CANCEL_PREVIOUS, paused=True, next_at=None, last_job=7, missed=3, skipped=4,
            problem="no",
        )  # fmt: skip
        store.add_schedule(first)
        store.add_schedule(SCHEDULE)
        assert make_store(clock).schedules() == [SCHEDULE, first]
        assert store.schedule(first.name) == first

    def test_a_name_is_given_once(self, store):
        store.add_schedule(SCHEDULE)
        with pytest.raises(WrongState, match="nightly"):
            store.add_schedule(replace(SCHEDULE, paused=True))
        assert store.schedules() == [SCHEDULE]

    def test_what_is_not_there_is_not_found(self, store):
        with pytest.raises(NotFound, match="nightly"):
            store.schedule("nightly")
        with pytest.raises(NotFound, match="nightly"):
            store.remove_schedule("nightly")
        with pytest.raises(NotFound, match="nightly"):
            store.hold_schedule("nightly")

    def test_one_that_is_removed_leaves_its_jobs(self, store):
        store.add_schedule(SCHEDULE)
        job = add(store, schedule="nightly")
        store.remove_schedule("nightly")
        assert store.schedules() == []
        assert store.live_runs("nightly") == [job.id]

    @pytest.mark.parametrize(
        "meanwhile", [{"last_at": START + MINUTE}, {"next_at": None}, {"paused": True}], ids=lambda one: next(iter(one))
    )
    def test_p8_only_who_knows_how_it_stands_changes_it(self, store, meanwhile):
        store.add_schedule(SCHEDULE)
        changed = replace(SCHEDULE, **meanwhile)
        assert store.change_schedule(SCHEDULE, changed)
        late = replace(SCHEDULE, last_at=START + 2 * MINUTE, next_at=START + 3 * MINUTE)
        assert not store.change_schedule(SCHEDULE, late)
        assert store.schedule("nightly") == changed
        assert store.change_schedule(changed, late)
        assert store.schedule("nightly") == late

    def test_one_that_is_gone_cannot_be_changed(self, store):
        assert not store.change_schedule(SCHEDULE, SCHEDULE)

    def test_it_is_due_when_its_moment_has_come(self, store, clock):
        later = replace(SCHEDULE, name="later", next_at=START + 2 * MINUTE)
        for one in (later, SCHEDULE, replace(SCHEDULE, name="resting", paused=True),
                    replace(SCHEDULE, name="over", next_at=None)):  # fmt: skip
            store.add_schedule(one)
        assert store.due_schedules(10) == []
        assert store.next_schedule() == SCHEDULE.next_at
        clock.forward(59.999)
        assert store.due_schedules(10) == []
        clock.forward(0.001)
        assert store.due_schedules(10) == [SCHEDULE]
        clock.forward(60)
        assert store.due_schedules(10) == [SCHEDULE, later]
        assert store.due_schedules(1) == [SCHEDULE]

    def test_time_itself_brings_the_first_one(self, store):
        assert store.next_schedule() is None
        store.add_schedule(SCHEDULE)
        assert store.next_due() == store.next_schedule() == SCHEDULE.next_at
        store.change_schedule(SCHEDULE, replace(SCHEDULE, paused=True))
        assert store.next_due() is store.next_schedule() is None

    def test_what_is_undone_has_not_happened(self, store):
        store.add_schedule(SCHEDULE)
        with pytest.raises(ZeroDivisionError):
            fire_and_fail(store)
        assert store.schedule("nightly") == SCHEDULE
        assert store.last_runs("nightly", 5) == []


class RunsOfSchedules(StoreCase):
    def test_they_are_found_by_the_schedule(self, store):
        jobs = [add(store, schedule="a") for _ in range(4)]
        add(store, schedule="b")
        add(store)
        assert store.last_runs("a", 3) == ids(jobs[::-1])[:3]
        assert store.live_runs("a") == ids(jobs)
        assert store.last_runs("c", 3) == store.live_runs("c") == []

    def test_those_that_have_ended_do_not_live(self, store, clock):
        ended = [add(store, schedule="a") for _ in range(3)]
        for job, verb in zip(ended, (Verb.COMPLETE, Verb.BURY, Verb.CANCEL), strict=True):
            run(store, job, verb)
        waiting = [
            add(store, schedule="a", run_at=clock.now() + MINUTE), run(store, add(store, schedule="a"), Verb.FAIL),
            take(store, add(store, schedule="a")),
        ]  # fmt: skip
        waiting.append(add(store, schedule="a", after_any=(waiting[-1].id,)))
        assert store.live_runs("a") == ids(waiting)
        store.retry(ended[1].id, actor="tests")
        assert store.live_runs("a") == [ended[1].id, *ids(waiting)]
