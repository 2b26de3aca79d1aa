"""The use cases of schedules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from queuectl import scheduling
from queuectl.errors import InvalidJob, InvalidSchedule, NotFound, WrongState
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.job import JobSpec
from queuectl.model.recurrence import Cron, Every
from queuectl.model.schedules import NOT_IN_SCHEDULES
from queuectl.queue import Queue
from queuectl.scheduling import NAME_VARIABLE, TIME_VARIABLE
from tests.store.conformance.case import START, SettableClock, claim, end

SPEC = JobSpec(command="true")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    return SettableClock()


@pytest.fixture
def queue(tmp_path, clock):
    with Queue.open(str(tmp_path / "queue.db"), clock=clock) as opened:
        yield opened


def add(queue, text="1m", **options):
    return scheduling.add(queue, "s", scheduling.rule_of(every=text), options.pop("spec", SPEC), **options)


def test_an_interval_begins_when_it_is_added(queue):
    added = add(queue)
    assert added == queue.store.schedule("s")
    assert added.rule == Every(seconds=60, anchor=START)
    assert (added.last_at, added.next_at) == (START, START + MINUTE)
    assert (added.catch_up, added.overlap) == (CatchUp.ONCE, OverlapPolicy.SKIP)


def test_a_name_that_is_taken_is_refused_and_changes_nothing(queue):
    before = add(queue)
    with pytest.raises(WrongState, match="there is a schedule 's' already"):
        add(queue, "5m")
    assert queue.store.schedules() == [before]


def test_one_that_is_replaced_with_the_same_times_goes_on_where_it_was(queue, clock):
    add(queue)
    scheduling.pause(queue, "s")
    clock.forward(50)
    again = add(queue, "60s", spec=replace(SPEC, timeout=5.0), overlap=OverlapPolicy.QUEUE, replacing=True)
    assert again == queue.store.schedule("s")
    assert again.next_at == START + MINUTE
    assert again.created_at == START
    assert again.paused
    assert (again.spec.timeout, again.overlap) == (5.0, OverlapPolicy.QUEUE)


def test_one_that_is_replaced_with_other_times_begins_anew(queue, clock):
    add(queue)
    clock.forward(50)
    again = add(queue, "2m", replacing=True)
    assert (again.last_at, again.next_at) == (clock.now(), clock.now() + 2 * MINUTE)
    assert again.rule.anchor == clock.now()


def test_replacing_nothing_adds(queue):
    assert add(queue, replacing=True) == queue.store.schedule("s")


def test_a_pause_is_not_caught_up_with(queue, clock):
    add(queue, catch_up=CatchUp.ALL)
    assert scheduling.pause(queue, "s").paused
    clock.forward(1000)
    resumed = scheduling.resume(queue, "s")
    assert not resumed.paused
    assert (resumed.last_at, resumed.next_at) == (clock.now(), START + 17 * MINUTE)


def test_resuming_what_is_not_paused_loses_nothing(queue, clock):
    added = add(queue)
    clock.forward(100)
    assert scheduling.resume(queue, "s") == added


@pytest.mark.parametrize("verb", [scheduling.pause, scheduling.resume, scheduling.remove, scheduling.run_now])
def test_what_is_not_there_is_not_found(queue, verb):
    with pytest.raises(NotFound, match="there is no schedule 'x'"):
        verb(queue, "x")


def test_a_run_by_hand_leaves_the_times_as_they_were(queue, clock):
    added = add(queue)
    clock.forward(10)
    job = scheduling.run_now(queue, "s")
    assert job.spec.env == {NAME_VARIABLE: "s", TIME_VARIABLE: "2026-03-29T01:00:09.250Z"}
    assert job.source == queue.actor
    assert queue.store.schedule("s") == replace(added, last_job=job.id)


def test_a_run_by_hand_overlaps_with_none(queue):
    add(queue)
    first = scheduling.run_now(queue, "s")
    with pytest.raises(WrongState, match=f"job {first.id}, the last run of 's', has not ended"):
        scheduling.run_now(queue, "s")
    [taken] = claim(queue.store)
    end(queue.store, taken)
    assert scheduling.run_now(queue, "s").id > first.id
    assert [job.id for job in scheduling.runs(queue, "s")] == [first.id + 1, first.id]


def test_upcoming_ones_are_those_after_now(queue, clock):
    added = add(queue)
    assert scheduling.upcoming(queue, added, 2) == [START + MINUTE, START + 2 * MINUTE]
    clock.forward(90)
    assert scheduling.upcoming(queue, added, 1) == [START + 2 * MINUTE]


def test_the_next_of_all_is_neither_paused_nor_over(queue):
    assert scheduling.next_of_all(queue) is None
    for name, text in (("a", "3m"), ("b", "2m"), ("c", "1m")):
        scheduling.add(queue, name, scheduling.rule_of(every=text), SPEC)
    scheduling.pause(queue, "c")
    assert scheduling.next_of_all(queue).name == "b"


@pytest.mark.parametrize("field", NOT_IN_SCHEDULES)
def test_a_job_that_could_only_be_once_is_refused(queue, field):
    values = {"run_at": START, "unique_for": 5.0, "replace": True, "key": "k", "schedule": "other"}
    needed = {"key": "k"} if field == "replace" else {}
    with pytest.raises(InvalidJob) as caught:
        add(queue, spec=replace(SPEC, **needed, **{field: values.get(field, (1,))}))
    assert caught.value.field in {field, "key"}
    assert queue.store.schedules() == []


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_that_cannot_be_is_refused(queue, name):
    with pytest.raises(InvalidJob, match="name") as caught:
        scheduling.add(queue, name, scheduling.rule_of(every="1m"), SPEC)
    assert caught.value.field == "name"


def test_cron_means_this_machine_s_clocks_unless_it_is_told(monkeypatch):
    monkeypatch.setattr(scheduling, "local_zone", lambda: "Asia/Tokyo")
    assert scheduling.rule_of("0 3 * * *") == Cron(text="0 3 * * *", zone="Asia/Tokyo")
    assert scheduling.rule_of("@daily", timezone="UTC") == Cron(text="@daily", zone="UTC")
    monkeypatch.setattr(scheduling, "local_zone", lambda: None)
    with pytest.raises(InvalidSchedule, match="has no name"):
        scheduling.rule_of("0 3 * * *")
