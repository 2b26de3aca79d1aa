"""Runs in lanes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuectl.model.job import Job, JobSpec, Lease, OutcomeKind
from queuectl.model.state import State
from queuectl.model.timeline import Run, lay_out

START = datetime(2026, 3, 29, tzinfo=UTC)


def at(seconds):
    return START + timedelta(seconds=seconds)


def run(number, start, end, host="h", host_name=None):
    return Run(
        job_id=number, number=1, title=f"job {number}", host=host, host_name=host_name or host, started_at=at(start),
        finished_at=None if end is None else at(end), outcome=None if end is None else OutcomeKind.COMPLETED,
    )  # fmt: skip


def shown(lanes):
    return [(lane.host, [run.job_id for run in lane.runs]) for lane in lanes]


def test_one_worker_has_one_lane():
    runs = [run(3, 4, 5), run(1, 0, 2), run(2, 2, 4)]
    assert shown(lay_out(runs, 10)) == [("h", [1, 2, 3])]


def test_what_runs_at_the_same_time_stands_side_by_side_and_a_free_lane_is_used_again():
    runs = [run(1, 0, 10), run(2, 1, 3), run(3, 2, 12), run(4, 3, 5), run(5, 11, None)]
    assert shown(lay_out(runs, 10)) == [("h", [1, 5]), ("h", [2, 4]), ("h", [3])]


def test_what_still_runs_holds_its_lane():
    assert shown(lay_out([run(1, 0, None), run(2, 100, 101)], 10)) == [("h", [1]), ("h", [2])]


def test_hosts_stand_by_name_and_do_not_share_lanes():
    runs = [run(1, 0, 1, "x", "zebra"), run(2, 2, 3, "y", "ant"), run(3, 4, 5, "z", "zebra")]
    assert shown(lay_out(runs, 10)) == [("y", [2]), ("x", [1]), ("z", [3])]
    assert [lane.host_name for lane in lay_out(runs, 10)] == ["ant", "zebra", "zebra"]


def test_of_too_many_those_that_ended_last_stay_and_those_that_run():
    runs = [run(1, 0, 9), run(2, 1, 2), run(3, 0, None), run(4, 5, 6)]
    assert shown(lay_out(runs, 2)) == [("h", [1]), ("h", [3])]
    assert lay_out(runs, 0) == []
    assert lay_out([], 5) == []


def test_a_clock_that_was_set_back_ends_no_run_before_it_began():
    assert shown(lay_out([run(1, 5, 1), run(2, 3, 5)], 10)) == [("h", [2, 1])]


def test_a_job_that_runs_is_a_run():
    job = Job(
        id=7, state=State.PROCESSING, spec=JobSpec(command="sleep 5\n"), max_retries=3, backoff_base=2.0, source="",
        attempts=1, runs=2, created_at=START, updated_at=at(1), run_at=None, started_at=at(3), finished_at=None,
        exit_code=None, reason=None, cancel_requested=False, lease=Lease(token="t", owner="h", expires_at=at(60)),
    )  # fmt: skip
    assert Run.of(job, "machine") == replace(
        run(7, 3, None, "h", "machine"), number=2, title="sleep 5", outcome=None, finished_at=None
    )


@st.composite
def several(draw):
    spans = draw(
        st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(1, 10), st.sampled_from("abc")), max_size=30)
    )
    return [
        run(number, start, None if took is None else start + took, host)
        for number, (start, took, host) in enumerate(spans)
    ]


@given(several())
def test_each_run_is_there_once_none_overlaps_and_no_lane_is_one_too_many(runs):
    lanes = lay_out(runs, len(runs))
    assert sorted(one.job_id for lane in lanes for one in lane.runs) == [one.job_id for one in runs]
    for lane in lanes:
        assert {one.host for one in lane.runs} == {lane.host}
        for before, after in zip(lane.runs, lane.runs[1:], strict=False):
            assert before.finished_at is not None
            assert before.finished_at <= after.started_at
    for host in "abc":
        own = [one for one in runs if one.host == host]
        most = max(
            (sum(o.started_at <= one.started_at and (o.finished_at or at(99)) > one.started_at for o in own)
             for one in own),
            default=0,
        )  # fmt: skip
        assert sum(lane.host == host for lane in lanes) == most


@given(several(), st.integers(0, 10))
def test_never_more_than_asked_for(runs, limit):
    kept = [one for lane in lay_out(runs, limit) for one in lane.runs]
    assert len(kept) == min(limit, len(runs))
    left = [one for one in runs if one not in kept]
    far = at(10_000)
    if kept and left:
        assert max(one.finished_at or far for one in left) <= min(one.finished_at or far for one in kept)


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_they_come_does_not_matter(order):
    runs = [run(1, 0, 10), run(2, 0, 3), run(3, 2, 12), run(4, 3, 5)]
    assert lay_out(runs[::order], 10) == lay_out(runs, 10)
