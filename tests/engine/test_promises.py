"""The promises of the engine, each under its name, kept by real hosts with real jobs."""

import queue
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from queuectl.engine.reaper import Reaper
from queuectl.model.admission import Room
from queuectl.model.job import JobSpec, OutcomeKind
from queuectl.model.state import State
from tests.hosts import PATIENCE, until
from tests.support import SETSID, SLEEP, is_alive

WITNESS = Path(__file__).with_name("witness.py")
SLEEPER = f"sh -c {shlex.quote(SLEEP)}"
pytestmark = pytest.mark.posix


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def witness(folder, *seconds):
    return JobSpec(argv=(sys.executable, str(WITNESS), str(folder), *map(str, seconds)))


def test_p2_a_finished_job_never_runs_again(jobs, start_host, tmp_path):
    done = [jobs.add(f"echo {n} >> {tmp_path}/ran") for n in range(20)]
    host = start_host()
    assert all(job.state is State.COMPLETED for job in jobs.wait([job.id for job in done], PATIENCE))
    host.kill()
    again = start_host()
    marker = jobs.add("true")
    jobs.wait([marker.id], PATIENCE)
    assert again.terminate() == 0
    assert sorted(lines(tmp_path / "ran"), key=int) == [str(n) for n in range(20)]


def test_p4_attempts_never_exceed_max_retries_plus_one(jobs, start_host, tmp_path):
    start_host()
    job = jobs.add(f"echo x >> {tmp_path}/ran; exit 7", max_retries=3, backoff_base=0)
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.DEAD
    assert ended.attempts == 4
    assert len(lines(tmp_path / "ran")) == 4
    assert [attempt.exit_code for attempt in jobs.attempts(job.id)] == [7, 7, 7, 7]


def test_p4_a_job_that_kills_its_host_each_time_dies_with_that_reason(jobs, start_host, tmp_path):
    job = jobs.add(f"echo x >> {tmp_path}/ran; kill -9 $PPID; sleep 1000", max_retries=1)
    for runs in (1, 2):
        host = start_host()
        host.ends()
        assert len(lines(tmp_path / "ran")) == runs
    start_host()
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.DEAD
    assert "took its host down" in ended.reason
    assert len(lines(tmp_path / "ran")) == 2


def test_p5_nobody_s_death_leaves_a_job_in_processing(jobs, start_host, tmp_path):
    ids = [job.id for job in jobs.enqueue([witness(tmp_path, 1000, 0.1)] * 4)]
    host = start_host()
    until(lambda: len(lines(tmp_path / "starts")) == 4, "four running jobs")
    host.process.send_signal(signal.SIGKILL)
    host.process.wait(PATIENCE)
    assert len(jobs.store.running()) == 4
    start_host()
    ended = jobs.wait(ids, PATIENCE)
    assert [job.state for job in ended] == [State.COMPLETED] * 4
    assert lines(tmp_path / "overlaps") == []
    assert sorted(lines(tmp_path / "starts")) == sorted(f"{n} {run}" for n in ids for run in (1, 2))
    assert sorted(lines(tmp_path / "ends")) == [f"{n} 2" for n in ids]
    for job in ended:
        assert [attempt.outcome for attempt in jobs.attempts(job.id)] == [OutcomeKind.LOST, OutcomeKind.COMPLETED]
        assert job.attempts == 2
    for pid in (int(pid) for n in ids for pid in (tmp_path / f"pids.{n}").read_text().split()):
        assert not is_alive(pid)


def test_p5_a_living_host_takes_over_the_jobs_of_a_dead_one(jobs, start_host, tmp_path):
    victim = start_host("worker", "--count", "1")
    job = jobs.enqueue([witness(tmp_path, 1000, 0.1)])[0]
    until(lambda: lines(tmp_path / "starts"), "the job's start")
    heir = start_host("worker", "--count", "1", "-v")
    heir.says("started: 1 worker")
    victim.kill()
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.COMPLETED
    assert lines(tmp_path / "overlaps") == []
    assert len(jobs.hosts()) == 1


def test_p5_a_log_that_cannot_be_read_keeps_no_job_in_processing(jobs):
    added = [jobs.add("true"), jobs.add("true")]
    claimed = jobs.store.claim("dead", Room(workers=2, free=2), lease=60)
    jobs.paths.log(claimed[0].id, 1).mkdir(parents=True)
    Reaper(jobs, "host", ended_tokens=queue.SimpleQueue()).sweep()
    assert [jobs.find(job.id).state for job in added] == [State.PENDING, State.PENDING]


def test_p6_a_timeout_takes_the_whole_tree(jobs, start_host):
    start_host()
    # The grandchild ignores the polite signal, sits in a session of its own, and holds the output open.
    deaf = shlex.quote(f"trap '' TERM; {SLEEP}")
    stubborn = f"trap '' TERM; {SETSID} sh -c {deaf} | cat & echo $$; wait"
    job = jobs.add(stubborn, timeout=0.5, max_retries=0)
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.DEAD
    [attempt] = jobs.attempts(job.id)
    assert attempt.outcome is OutcomeKind.TIMEOUT
    assert "timeout of 0.5s" in attempt.reason
    pids = [int(line) for line in jobs.paths.log(job.id, 1).read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        until(lambda pid=pid: not is_alive(pid), "the end of the tree")


def test_p6_a_job_that_ends_leaves_nothing_behind(jobs, start_host):
    start_host()
    job = jobs.add(f"{SLEEPER} & {SETSID} {SLEEPER} & sleep 0.5")
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.COMPLETED
    pids = [int(line) for line in jobs.paths.log(job.id, 1).read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        until(lambda pid=pid: not is_alive(pid), "the end of the strays")


def test_p6_cancelling_takes_the_whole_tree(jobs, start_host):
    start_host()
    job = jobs.add(f"{SETSID} {SLEEPER} & wait")
    log = jobs.paths.log(job.id, 1)
    until(lambda: log.exists() and log.read_text().strip(), "the grandchild")
    jobs.cancel(job.id, reason="enough")
    [ended] = jobs.wait([job.id], PATIENCE)
    assert ended.state is State.CANCELLED
    until(lambda: not is_alive(int(log.read_text())), "the end of the grandchild")


def test_p7_a_graceful_stop_spends_no_attempt(jobs, start_host, tmp_path):
    job = jobs.enqueue([witness(tmp_path, 1000)])[0]
    host = start_host()
    until(lambda: lines(tmp_path / "starts"), "the job's start")
    assert host.terminate() == 0
    put_back = jobs.find(job.id)
    assert put_back.state is State.PENDING
    assert put_back.attempts == 0
    assert [attempt.outcome for attempt in jobs.attempts(job.id)] == [OutcomeKind.INTERRUPTED]
    assert jobs.store.hosts() == []
    assert any("went back to the queue" in line for line in host.lines)
    for pid in (tmp_path / f"pids.{job.id}").read_text().split():
        assert not is_alive(int(pid))


def test_p7_a_job_that_ends_within_the_grace_period_completes(jobs, start_host, tmp_path):
    jobs.set_setting("stop_grace", "20s")
    job = jobs.enqueue([witness(tmp_path, 1)])[0]
    waiting = [jobs.add("true", priority=-1).id for _ in range(8)]
    host = start_host("serve", "--no-drop", "--workers", "1")
    until(lambda: lines(tmp_path / "starts"), "the job's start")
    assert host.terminate() == 0
    assert jobs.find(job.id).state is State.COMPLETED
    assert {jobs.find(n).state for n in waiting} == {State.PENDING}


def test_p7_a_second_signal_gives_no_more_time(jobs, start_host, tmp_path):
    jobs.set_setting("stop_grace", "1000s")
    job = jobs.enqueue([witness(tmp_path, 1000)])[0]
    host = start_host()
    until(lambda: lines(tmp_path / "starts"), "the job's start")
    host.process.send_signal(signal.SIGINT)
    host.says("Stopping")
    host.process.send_signal(signal.SIGINT)
    assert host.ends() == 0
    assert jobs.find(job.id).state is State.PENDING


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_times_are_utc_whatever_the_zone(jobs, start_host, zone):
    start_host(env={"TZ": zone})
    before = time.time()
    job = jobs.add("exit 1", max_retries=1, backoff_base=0.2)
    later = jobs.add("true", run_at=jobs.clock.now().replace(microsecond=0))
    ended, other = jobs.wait([job.id, later.id], PATIENCE)
    assert ended.state is State.DEAD
    assert other.state is State.COMPLETED
    assert before - 1 < ended.created_at.timestamp() <= ended.finished_at.timestamp() < time.time() + 1


def test_four_worker_processes_run_each_of_300_jobs_once(jobs, start_host, tmp_path):
    ids = [job.id for job in jobs.enqueue([JobSpec(command=f"echo $QUEUECTL_JOB_ID >> {tmp_path}/ran")] * 300)]
    hosts = [start_host("worker", "start", "--count", "2", "-v") for _ in range(4)]
    ended = jobs.wait(ids, 60)
    assert {job.state for job in ended} == {State.COMPLETED}
    assert sorted(int(line) for line in lines(tmp_path / "ran")) == ids
    for host in hosts:
        assert host.terminate() == 0
        assert not any("locked" in line or "failed" in line for line in host.lines), host.lines
