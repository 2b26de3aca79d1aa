"""Schedules fire once for each occurrence, whatever the clock does: a real store, and a clock that a test moves."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl import scheduling
from queuectl.engine.scheduler import AT_ONCE, TRY_AGAIN, Scheduler
from queuectl.errors import StoreBusy, StoreUnavailable
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.job import JobSpec
from queuectl.model.recurrence import Cron, parse_cron
from queuectl.model.state import Verb
from queuectl.queue import Queue
from queuectl.scheduling import NAME_VARIABLE, TIME_VARIABLE
from queuectl.store.types import JobFilter
from tests.store.conformance.case import START, SettableClock, claim, end, ids

BERLIN = ZoneInfo("Europe/Berlin")
SPEC = JobSpec(command="true")


@pytest.fixture
def clock():
    return SettableClock(START.replace(microsecond=0))


@pytest.fixture
def queue(tmp_path, clock):
    with Queue.open(str(tmp_path / "queue.db"), clock=clock) as opened:
        yield opened


def every(queue, text, name="tick", **options):
    return scheduling.add(queue, name, scheduling.rule_of(every=text), options.pop("spec", SPEC), **options)


def cron(queue, text, name="tick", zone="UTC", **options):
    return scheduling.add(queue, name, parse_cron(text, zone), options.pop("spec", SPEC), **options)


def fire(queue, scheduler=None):
    """Do what a host's coordinator does when it is time, and return how many jobs that made."""
    before = len(everything(queue))
    scheduler = scheduler or Scheduler(queue)
    with scheduler.ready(), queue.store.transaction():
        scheduler.fire()
    return len(everything(queue)) - before


def everything(queue):
    return queue.jobs(JobFilter(limit=1_000_000))[::-1]


def moments(queue, name="tick"):
    """Return what the jobs stand for, the oldest first."""
    return [job.spec.env[TIME_VARIABLE] for job in everything(queue) if job.spec.schedule == name]


def finish_all(queue):
    while jobs := claim(queue.store):
        for job in jobs:
            end(queue.store, job)


def set_clock(clock, moment):
    clock.forward((moment - clock.now()).total_seconds())


def test_p8_an_occurrence_becomes_one_job_when_its_time_has_come(queue, clock):
    every(queue, "10s")
    hosts = [Scheduler(queue) for _ in range(3)]
    assert [fire(queue, host) for host in hosts] == [0, 0, 0]
    clock.forward(9.999)
    assert [fire(queue, host) for host in hosts] == [0, 0, 0]
    clock.forward(0.001)
    assert [fire(queue, host) for host in hosts] == [1, 0, 0]
    [job] = everything(queue)
    assert job.spec.schedule == job.spec.name == "tick"
    assert job.source == "schedule tick"
    assert job.spec.env == {NAME_VARIABLE: "tick", TIME_VARIABLE: "2026-03-29T01:00:09.000Z"}
    after = queue.store.schedule("tick")
    assert (after.last_at, after.next_at) == (clock.now(), clock.now() + timedelta(seconds=10))
    assert (after.last_job, after.missed, after.skipped) == (job.id, 0, 0)


def test_p8_a_transaction_that_is_undone_has_enqueued_nothing_and_is_done_again(queue, clock):
    every(queue, "10s")
    clock.forward(10)
    scheduler = Scheduler(queue)

    def fail():
        with scheduler.ready(), queue.store.transaction():
            scheduler.fire()
            raise StoreBusy("somebody held it")

    with pytest.raises(StoreBusy):
        fail()
    assert everything(queue) == []
    assert fire(queue, scheduler) == 1
    assert fire(queue, scheduler) == 0


def test_a_database_that_fails_after_the_transaction_takes_nothing_of_it_back(queue, clock, monkeypatch):
    scheduler = Scheduler(queue)
    every(queue, "1h")
    clock.forward(3600)

    def fail():
        raise StoreUnavailable("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(queue.store, "next_schedule", fail)
        assert fire(queue, scheduler) == 1
    assert scheduler.next <= queue.store.now()
    assert fire(queue, scheduler) == 0
    assert scheduler.next == clock.now() + timedelta(hours=1)


def test_p8_of_hosts_that_fire_at_the_same_time_one_does(tmp_path, clock):
    path = str(tmp_path / "queue.db")
    with Queue.open(path, clock=clock) as queue:
        for number in range(20):
            every(queue, "10s", f"s{number}", catch_up=CatchUp.ALL)
        clock.forward(50)
        gate = threading.Barrier(4)

        def host():
            with Queue.open(path, clock=clock) as mine:
                scheduler = Scheduler(mine)
                with scheduler.ready():  # each has found out what is due before any of them writes
                    gate.wait()
                    with mine.store.transaction():
                        scheduler.fire()

        threads = [threading.Thread(target=host) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fired = Counter((job.spec.schedule, job.spec.env[TIME_VARIABLE]) for job in everything(queue))
        assert len(fired) == 100
        assert set(fired.values()) == {1}


def test_as_long_as_nothing_is_due_it_asks_the_store_for_the_time_alone(queue, clock, monkeypatch):
    every(queue, "10s")
    scheduler = Scheduler(queue)
    fire(queue, scheduler)

    class OnlyTheTime:
        now = queue.store.now

    monkeypatch.setattr(scheduler, "_store", OnlyTheTime())
    clock.forward(9)
    with scheduler.ready():
        scheduler.fire()


def test_many_at_once_are_fired_in_portions(queue, clock):
    for number in range(AT_ONCE + 3):
        every(queue, "10s", f"s{number:03}")
    clock.forward(10)
    scheduler = Scheduler(queue)
    assert [fire(queue, scheduler) for _ in range(3)] == [AT_ONCE, 3, 0]


# what was missed


@pytest.mark.parametrize(
    ("catch_up", "late", "expected", "missed"),
    [
        (CatchUp.SKIP, 30, ["01:05:00"], 4),
        (CatchUp.SKIP, 59.9, ["01:05:00"], 4),
        (CatchUp.ONCE, 30, ["01:05:00"], 4),
        (CatchUp.ALL, 30, ["01:01:00", "01:02:00", "01:03:00", "01:04:00", "01:05:00"], 0),
    ],
)
def test_a_wake_up_after_five_occurrences_does_what_catch_up_says(queue, clock, catch_up, late, expected, missed):
    cron(queue, "* * * * *", catch_up=catch_up)
    set_clock(clock, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))
    fire(queue)
    finish_all(queue)
    clock.forward(5 * 60 + late)
    fire(queue)
    assert moments(queue)[1:] == [f"2026-03-29T{one}.000Z" for one in expected]
    assert queue.store.schedule("tick").missed == missed
    assert fire(queue) == 0


def test_skip_leaves_out_what_is_later_than_the_grace(queue, clock):
    cron(queue, "0 * * * *", catch_up=CatchUp.SKIP)
    set_clock(clock, datetime(2026, 3, 29, 3, 1, 0, 1000, tzinfo=UTC))
    assert fire(queue) == 0
    queue.set_setting("schedule_grace", "2m")
    clock.forward(3650)
    assert fire(queue) == 1
    assert queue.store.schedule("tick").missed == 3


def test_a_wake_up_sends_no_burst_runs_that_are_caught_up_go_one_after_another(queue, clock):
    every(queue, "10s", catch_up=CatchUp.ALL)
    clock.forward(50)
    assert fire(queue) == 5
    order = []
    while jobs := claim(queue.store):
        [job] = jobs
        order.append(job.id)
        end(queue.store, job)
    assert order == sorted(order)
    assert len(order) == 5


def test_a_month_of_sleep_costs_a_thousand_runs_at_most(queue, clock):
    every(queue, "1m", catch_up=CatchUp.ALL)
    clock.forward(30 * 86_400)
    assert fire(queue) == 1000
    assert moments(queue)[-1] == "2026-04-28T00:59:59.000Z"
    assert fire(queue) == 0


# clocks


def test_a_clock_that_is_set_back_repeats_nothing(queue, clock):
    every(queue, "10s")
    scheduler = Scheduler(queue)
    clock.forward(10)
    assert fire(queue, scheduler) == 1
    finish_all(queue)
    clock.forward(-3600)
    scheduler.look()
    assert fire(queue, scheduler) == 0
    clock.forward(3600)
    assert fire(queue, scheduler) == 0
    clock.forward(10)
    assert fire(queue, scheduler) == 1
    assert len(set(moments(queue))) == 2


def test_one_that_rests_since_the_clock_was_far_ahead_is_woken_by_a_resume(queue, clock):
    every(queue, "10s")
    clock.forward(10 * 365 * 86_400)
    assert fire(queue) == 1
    finish_all(queue)
    clock.forward(-10 * 365 * 86_400)
    clock.forward(10)
    assert fire(queue) == 0
    scheduling.resume(queue, "tick")
    clock.forward(10)
    assert fire(queue) == 1


@given(
    seed=st.lists(st.tuples(st.floats(-7200, 7200), st.booleans()), max_size=25),
    catch_up=st.sampled_from(CatchUp),
    overlap=st.sampled_from(OverlapPolicy),
)
def test_p8_no_occurrence_runs_twice_whatever_the_clock_does(tmp_path_factory, seed, catch_up, overlap):
    clock = SettableClock(datetime(2026, 10, 24, 22, 0, tzinfo=UTC))  # the night that Berlin's clocks go back
    path = tmp_path_factory.mktemp("jumps") / "queue.db"
    with Queue.open(str(path), clock=clock) as queue:
        cron(queue, "*/20 1-3 * * *", zone="Europe/Berlin", catch_up=catch_up, overlap=overlap)
        hosts = [Scheduler(queue), Scheduler(queue)]
        for seconds, finishing in seed:
            clock.forward(seconds)
            for host in hosts:
                host.look()
                fire(queue, host)
            live = queue.store.live_runs("tick")
            assert len(claim(queue.store)) <= 1
            if finishing:
                for run in queue.store.running():
                    end(queue.store, run.job, Verb.CANCEL if run.job.cancel_requested else Verb.COMPLETE)
                finish_all(queue)
            elif overlap is OverlapPolicy.SKIP and catch_up is not CatchUp.ALL:
                assert len(live) <= 1
        assert max(Counter(moments(queue)).values(), default=1) == 1
        assert moments(queue) == sorted(moments(queue))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("30 2 * * *", ["28 02:30 CET", "29 03:00 CEST", "30 02:30 CEST"]),
        ("0 3 * * *", ["28 03:00 CET", "29 03:00 CEST", "30 03:00 CEST"]),
    ],
)
def test_what_a_spring_night_leaves_out_happens_once_when_it_is_over(queue, clock, rule, expected):
    set_clock(clock, datetime(2026, 3, 28, 0, 0, tzinfo=BERLIN))
    cron(queue, rule, zone="Europe/Berlin")
    scheduler = Scheduler(queue)
    for _ in range(3 * 24 * 4):
        clock.forward(900)
        fire(queue, scheduler)
        finish_all(queue)
    there = [datetime.fromisoformat(one).astimezone(BERLIN) for one in moments(queue)]
    assert [f"{one:%d %H:%M %Z}" for one in there] == expected


def test_what_an_autumn_night_shows_twice_happens_once(queue, clock):
    set_clock(clock, datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN))
    cron(queue, "30 2 * * *", zone="Europe/Berlin")
    scheduler = Scheduler(queue)
    for _ in range(36 * 4):
        clock.forward(900)
        fire(queue, scheduler)
        finish_all(queue)
    assert moments(queue) == ["2026-10-25T00:30:00.000Z"]


# overlap


def overlapping(queue, clock, policy, rounds=2):
    """Have a first run begin, and so many occurrences come while it runs."""
    every(queue, "10s", overlap=policy)
    clock.forward(10)
    fire(queue)
    [first] = claim(queue.store)
    for _ in range(rounds):
        clock.forward(10)
        fire(queue)
    return first


def test_skip_leaves_out_what_overlaps_and_counts_it(queue, clock):
    first = overlapping(queue, clock, OverlapPolicy.SKIP)
    assert everything(queue)[1:] == []
    assert queue.store.schedule("tick").skipped == 2
    assert queue.store.schedule("tick").missed == 0
    end(queue.store, first)
    clock.forward(10)
    assert fire(queue) == 1


def test_a_run_that_waits_for_its_retry_has_not_ended(queue, clock):
    first = overlapping(queue, clock, OverlapPolicy.SKIP, rounds=0)
    end(queue.store, first, Verb.FAIL, wait=15)
    clock.forward(10)
    assert fire(queue) == 0
    assert queue.store.schedule("tick").skipped == 1


def test_queue_lets_each_wait_for_the_one_before(queue, clock):
    first = overlapping(queue, clock, OverlapPolicy.QUEUE, rounds=3)
    rest = everything(queue)[1:]
    assert len(rest) == 3
    assert claim(queue.store) == []
    end(queue.store, first, Verb.BURY)
    for job in rest:
        [taken] = claim(queue.store)
        assert taken.id == job.id
        end(queue.store, taken)


def test_a_waiting_run_that_is_cancelled_lets_no_two_run_at_once(queue, clock):
    overlapping(queue, clock, OverlapPolicy.QUEUE, rounds=3)
    queue.cancel(everything(queue)[1].id)
    queue.cancel(everything(queue)[2].id)
    assert claim(queue.store) == []


def test_cancel_previous_ends_the_run_before_and_waits_for_that(queue, clock):
    first = overlapping(queue, clock, OverlapPolicy.CANCEL_PREVIOUS, rounds=3)
    *given_up, last = everything(queue)[1:]
    assert queue.find(first.id).cancel_requested
    assert [event.verb for event in queue.store.events(first.id)].count("cancel requested") == 1
    assert {job.state.value for job in given_up} == {"cancelled"}
    assert claim(queue.store) == []
    end(queue.store, queue.find(first.id), Verb.CANCEL)
    assert ids(claim(queue.store)) == [last.id]


def test_a_mutex_of_its_own_or_of_its_queue_is_kept(queue, clock):
    queue.set_queue("gpu", defaults={"mutex": "gpu", "max_retries": 7})
    every(queue, "10s", "a", spec=replace(SPEC, mutex="mine"))
    every(queue, "10s", "b", spec=replace(SPEC, queue="gpu"))
    every(queue, "10s", "c")
    clock.forward(10)
    fire(queue)
    assert {job.spec.schedule: job.spec.mutex for job in everything(queue)} == {
        "a": "mine", "b": "gpu", "c": "schedule c",
    }  # fmt: skip
    assert {job.spec.schedule: job.max_retries for job in everything(queue)} == {"a": 3, "b": 7, "c": 3}


# what goes wrong


def test_one_that_cannot_be_enqueued_holds_up_nothing_and_is_tried_again(queue, clock):
    good = every(queue, "10s", "good")
    gone = replace(good, name="bad", rule=Cron(text="* * * * *", zone="Europe/Atlantis"), next_at=clock.now())
    queue.store.add_schedule(gone)
    worse = every(queue, "10s", "worse", spec=replace(SPEC, queue="q"))
    queue.store.set_queue("q", defaults={"timeout": "what?"})
    clock.forward(10)
    scheduler = Scheduler(queue)
    assert fire(queue, scheduler) == 1
    bad = queue.store.schedule("bad")
    assert "Atlantis" in bad.problem
    assert (bad.last_at, bad.next_at) == (gone.last_at, clock.now() + TRY_AGAIN)
    assert "timeout" in queue.store.schedule("worse").problem
    assert queue.store.schedule("worse").last_at == worse.last_at
    assert fire(queue, scheduler) == 0
    finish_all(queue)
    queue.set_queue("q", defaults={})
    clock.forward(TRY_AGAIN.total_seconds())
    assert fire(queue, scheduler) == 2
    assert queue.store.schedule("worse").problem is None
    assert queue.store.schedule("worse").missed == 6


def test_what_others_change_between_its_look_and_its_turn_counts(queue, clock):
    for name in ("removed", "paused", "replaced", "kept"):
        every(queue, "10s", name)
    clock.forward(10)
    scheduler = Scheduler(queue)
    with scheduler.ready():
        scheduling.remove(queue, "removed")
        scheduling.pause(queue, "paused")
        every(queue, "10s", "replaced", spec=JobSpec(command="other"), replacing=True)
        with queue.store.transaction():
            scheduler.fire()
    assert [job.spec.schedule for job in everything(queue)] == ["kept"]
    assert fire(queue, scheduler) == 1
    assert everything(queue)[-1].spec.command == "other"
