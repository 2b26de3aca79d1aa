"""Schedules with real hosts, real jobs and the real clock."""

import itertools
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

from queuectl import scheduling
from queuectl.model.catchup import CatchUp, OverlapPolicy
from queuectl.model.job import JobSpec
from queuectl.model.state import FINAL, State
from queuectl.scheduling import TIME_VARIABLE
from queuectl.store.types import JobFilter
from tests.hosts import PATIENCE, until, waits_for

QUICKLY = JobSpec(command="exit 0")
SECOND = timedelta(seconds=1)


def every_second(jobs, spec=QUICKLY, name="tick", **options):
    return scheduling.add(jobs, name, scheduling.rule_of(every="1s"), spec, **options)


def moment(job):
    return datetime.fromisoformat(job.spec.env[TIME_VARIABLE])


def has_runs(jobs, count, name="tick"):
    return until(lambda: len(found := scheduling.runs(jobs, name, count)) == count and found)


def test_a_schedule_that_is_added_later_happens_on_time(jobs, start_host):
    start_host().says("runs up to")
    program = "import os; print(os.environ['QUEUECTL_SCHEDULE'], os.environ['QUEUECTL_SCHEDULED_AT'])"
    added = every_second(jobs, JobSpec(argv=(sys.executable, "-c", program)))
    [third, second, first] = has_runs(jobs, 3)
    assert moment(first) == added.next_at
    assert moment(third) - moment(second) == moment(second) - moment(first) == SECOND
    jobs.wait([third.id], PATIENCE)
    done = [jobs.find(job.id) for job in (first, second, third)]
    assert [job.state for job in done] == [State.COMPLETED] * 3
    assert min((job.started_at - moment(job)).total_seconds() for job in done) < 0.5
    [attempt] = jobs.attempts(first.id)
    assert attempt.tail.split() == ["tick", first.spec.env[TIME_VARIABLE]]


def test_it_happens_on_hosts_whatever_queues_they_run(jobs, start_host):
    start_host("worker", "--count", "1", "--queue", "other")
    every_second(jobs)
    [job] = has_runs(jobs, 1)
    assert job.state is State.PENDING


def test_p8_each_occurrence_runs_once_while_hosts_are_killed(jobs, start_host, tmp_path):
    names = [f"s{number}" for number in range(12)]
    program = "import os, sys; open(sys.argv[1], 'a').write(os.environ['QUEUECTL_SCHEDULE'] + ' ' + "
    program += "os.environ['QUEUECTL_SCHEDULED_AT'] + '\\n')"
    hosts = [start_host("worker", "--count", "1") for _ in range(2)]
    spec = JobSpec(argv=(sys.executable, "-c", program, str(tmp_path / "ran")), max_retries=0)
    added = {name: every_second(jobs, spec, name, catch_up=CatchUp.ALL, overlap=OverlapPolicy.QUEUE) for name in names}
    end = time.monotonic() + 6
    kills = 0
    while time.monotonic() < end:
        count = len(jobs.store.jobs(JobFilter(limit=1000)))
        until(lambda count=count: len(jobs.store.jobs(JobFilter(limit=1000))) > count)  # hosts are at it just now
        hosts.pop(0).kill()
        kills += 1
        hosts.append(start_host("worker", "--count", "1"))
    for name in names:
        scheduling.pause(jobs, name)
    found = jobs.store.jobs(JobFilter(limit=10_000))
    fired = Counter((job.spec.schedule, moment(job)) for job in found)
    assert kills > 3
    assert set(fired.values()) == {1}
    for name in names:  # none was left out either
        last = jobs.store.schedule(name).last_at
        times = sorted(at for of, at in fired if of == name)
        assert times == [added[name].created_at + SECOND * (n + 1) for n in range(len(times))]
        assert times[-1] == last
        assert len(times) >= 4
    start_host("worker", "--count", "2")
    ended = jobs.wait([job.id for job in found], PATIENCE * 2)
    assert {job.state for job in ended} <= FINAL
    ran = Counter((tmp_path / "ran").read_text().splitlines())
    assert set(ran.values()) == {1}
    assert len(ran) >= len(found) - kills * 2  # a killed host takes the one that it runs with it


def test_skip_notes_what_it_leaves_out(jobs, start_host, tmp_path):
    start_host()
    every_second(jobs, waits_for(tmp_path / "go"))
    until(lambda: jobs.store.schedule("tick").skipped >= 2)
    assert len(jobs.store.jobs(JobFilter())) == 1
    (tmp_path / "go").touch()
    has_runs(jobs, 2)


def test_cancel_previous_has_the_room_of_the_run_it_ends(jobs, start_host, tmp_path):
    start_host("worker", "--count", "1")
    every_second(jobs, waits_for(tmp_path / "never"), overlap=OverlapPolicy.CANCEL_PREVIOUS)
    has_runs(jobs, 4)
    scheduling.pause(jobs, "tick")
    [last, *before] = scheduling.runs(jobs, "tick", 4)
    until(lambda: jobs.find(last.id).state is State.PROCESSING)
    ended = [jobs.find(job.id) for job in before]
    assert {job.state for job in ended} == {State.CANCELLED}
    spans = sorted((job.started_at, job.finished_at) for job in ended if job.started_at)
    assert all(one[1] <= next_one[0] for one, next_one in itertools.pairwise(spans))
    assert jobs.find(last.id).started_at >= spans[-1][1]


def test_what_passed_while_no_host_ran_is_one_run_by_default(jobs, start_host):
    added = every_second(jobs)
    until(lambda: jobs.store.now() > added.created_at + 3 * SECOND)
    start_host()
    job = has_runs(jobs, 1)[-1]
    assert moment(job) >= added.created_at + 3 * SECOND
    assert jobs.store.schedule("tick").missed >= 2


def test_a_paused_one_rests_and_goes_on(jobs, start_host):
    start_host()
    every_second(jobs)
    has_runs(jobs, 1)
    scheduling.pause(jobs, "tick")
    count = len(jobs.store.jobs(JobFilter()))
    marker = every_second(jobs, name="other")
    has_runs(jobs, 2, marker.name)
    assert len(scheduling.runs(jobs, "tick", 99)) == count
    scheduling.resume(jobs, "tick")
    assert moment(has_runs(jobs, count + 1)[0]) > marker.created_at + SECOND
