"""What is run of what was missed, whatever the clock does."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.catchup import COUNT_MAX, RUNS_MAX, CatchUp, Launch, OverlapPolicy, decide_overlap, due
from queuectl.model.recurrence import Cron, Every, occurrences
from tests.model.test_recurrence import NOW, moments, rules

HOURLY = Cron(text="@hourly", zone="UTC")
MINUTELY = Cron(text="* * * * *", zone="Europe/Berlin")
each_policy = pytest.mark.parametrize("catch_up", CatchUp)

jumps = st.lists(
    st.timedeltas(timedelta(days=-3), timedelta(days=3)) | st.timedeltas(timedelta(0), timedelta(minutes=5)),
    max_size=12,
)


def at(text):
    return datetime.fromisoformat(f"2026-11-{text}+00:00")


@each_policy
def test_an_occurrence_that_is_on_time_is_run(catch_up):
    answer = due(HOURLY, at("22T11:00"), at("22T12:00:03"), catch_up)
    assert answer.run == (at("22T12:00"),)
    assert (answer.last, answer.next, answer.missed) == (at("22T12:00"), at("22T13:00"), 0)


@each_policy
def test_before_its_time_nothing_is_run(catch_up):
    answer = due(HOURLY, at("22T11:00"), at("22T11:59:59"), catch_up)
    assert (answer.run, answer.last, answer.next, answer.missed) == ((), at("22T11:00"), at("22T12:00"), 0)


@pytest.mark.parametrize(
    ("catch_up", "run", "missed"),
    [
        (CatchUp.SKIP, [], 3),
        (CatchUp.ONCE, ["22T14:00"], 2),
        (CatchUp.ALL, ["22T12:00", "22T13:00", "22T14:00"], 0),
    ],
)
def test_what_was_missed_while_the_machine_slept(catch_up, run, missed):
    answer = due(HOURLY, at("22T11:00"), at("22T14:30"), catch_up)
    assert answer.run == tuple(at(one) for one in run)
    assert (answer.last, answer.next, answer.missed) == (at("22T14:00"), at("22T15:00"), missed)


def test_a_sleep_that_ends_on_time_runs_the_one_that_is_due():
    answer = due(HOURLY, at("22T08:00"), at("22T14:00:30"), CatchUp.SKIP)
    assert (answer.run, answer.missed) == ((at("22T14:00"),), 5)
    assert due(HOURLY, at("22T08:00"), at("22T14:00:30"), CatchUp.SKIP, grace=timedelta(seconds=10)).run == ()


@each_policy
def test_p8_a_clock_that_was_set_back_repeats_nothing(catch_up):
    answer = due(HOURLY, at("22T12:00"), at("22T09:30"), catch_up)
    assert (answer.run, answer.last, answer.next) == ((), at("22T12:00"), at("22T13:00"))


@each_policy
@pytest.mark.parametrize("rule", [MINUTELY, Every(seconds=1, anchor=NOW), Cron(text="* * * 1 *", zone="UTC")])
def test_a_year_s_sleep_is_decided_at_once(catch_up, rule):
    now = datetime(2027, 11, 22, 12, 0, 30, tzinfo=UTC)
    began = time.perf_counter()
    answer = due(rule, NOW, now, catch_up)
    assert time.perf_counter() - began < 2
    assert answer.missed == COUNT_MAX
    assert len(answer.run) == RUNS_MAX if catch_up is CatchUp.ALL else len(answer.run) <= 1
    found = occurrences(rule, (answer.run or (answer.last,))[0] - timedelta(microseconds=1))
    assert all(next(found) == one for one in answer.run or (answer.last,))
    assert next(found) == answer.next > now


@given(rule=rules, catch_up=st.sampled_from(CatchUp), start=moments, jumps=jumps)
def test_p8_one_run_for_each_occurrence_whatever_the_clock_does(rule, catch_up, start, jumps):
    last, now, run = start, start, []
    for jump in jumps:
        now += jump
        answer = due(rule, last, now, catch_up)
        assert len(answer.run) <= (RUNS_MAX if catch_up is CatchUp.ALL else 1)
        assert all(last < one <= now for one in answer.run)
        assert answer.last >= last
        assert answer.next is None or answer.next > max(now, last)
        run += answer.run
        last = answer.last
    assert run == sorted(set(run))


@given(rule=rules, start=moments, jumps=st.lists(st.timedeltas(timedelta(hours=-9), timedelta(hours=9)), max_size=10))
def test_p8_with_all_nothing_is_missed(rule, start, jumps):
    last, now, run, dropped = start, start, [], 0
    for jump in jumps:
        now += jump
        answer = due(rule, last, now, CatchUp.ALL)
        run += answer.run
        dropped += answer.missed
        last = answer.last
    expected = []
    for one in occurrences(rule, start):
        if one > last or len(expected) > 100_000:
            break
        expected.append(one)
    if dropped:
        assert set(run) <= set(expected)
    else:
        assert run == expected


@given(rule=rules, start=moments, gap=st.timedeltas(timedelta(), timedelta(hours=30)))
def test_what_passed_is_run_or_counted(rule, start, gap):
    answers = [due(rule, start, start + gap, catch_up) for catch_up in CatchUp]
    assert len({answer.last for answer in answers}) == len({answer.next for answer in answers}) == 1
    if all(answer.missed < COUNT_MAX for answer in answers):
        assert len({len(answer.run) + answer.missed for answer in answers}) == 1


@given(rule=rules, start=moments, gap=st.timedeltas(timedelta(), timedelta(hours=30)))
def test_asking_twice_runs_nothing_more(rule, start, gap):
    for catch_up in CatchUp:
        answer = due(rule, start, start + gap, catch_up)
        again = due(rule, answer.last, start + gap, catch_up)
        assert (again.run, again.missed, again.next) == ((), 0, answer.next)


@pytest.mark.parametrize(
    ("policy", "launch"),
    [
        (OverlapPolicy.SKIP, Launch.SKIP),
        (OverlapPolicy.QUEUE, Launch.WAIT),
        (OverlapPolicy.CANCEL_PREVIOUS, Launch.REPLACE),
    ],
)
def test_a_run_that_is_not_over(policy, launch):
    assert decide_overlap(policy, previous_live=True) is launch
    assert decide_overlap(policy, previous_live=False) is Launch.NOW
