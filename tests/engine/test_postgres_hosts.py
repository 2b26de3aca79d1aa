"""Hosts on one PostgreSQL database: they keep the promises together, and are killed like any others."""

import shlex
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.hosts import run_cli, shared_queue, until
from tests.support import PATIENCE, SLEEP, is_alive

pytestmark = pytest.mark.posix
SLEEPER = f"sh -c {shlex.quote(SLEEP)}"


@pytest.fixture
def jobs(postgres_url, monkeypatch):
    with shared_queue(postgres_url, monkeypatch) as opened:
        yield opened


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def test_jobs_run_once_on_three_hosts_and_find_their_own_queue(jobs, start_host, tmp_path):
    for _ in range(3):
        start_host()
    until(lambda: len(jobs.hosts()) == 3, "three hosts")
    done = jobs.enqueue([JobSpec(command=f"echo {n} >> {tmp_path}/ran") for n in range(100)])
    asks = jobs.add(f"{shlex.quote(sys.executable)} -m queuectl show $QUEUECTL_JOB_ID")
    ended = jobs.wait([job.id for job in (*done, asks)], PATIENCE)
    assert {job.state for job in ended} == {State.COMPLETED}
    assert Counter(lines(tmp_path / "ran")) == Counter(str(n) for n in range(100))
    assert str(asks.id) in jobs.attempts(asks.id)[0].tail
    assert jobs.status().counts[State.COMPLETED] == 101


def test_p5_a_killed_host_s_jobs_are_found_at_once_and_its_processes_die(jobs, start_host):
    victim = start_host()
    job = jobs.add(SLEEPER)
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "the process to be known")
    victim.kill()
    assert is_alive(run.pid)
    start_host()
    until(lambda: len(jobs.attempts(job.id)) == 2, "the second run")
    assert not is_alive(run.pid)
    assert jobs.attempts(job.id)[0].outcome == "lost"
    jobs.cancel(job.id)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED


def test_a_host_that_is_elected_later_forgets_what_is_old_then(jobs, start_host):
    start_host().says("To stop")
    old = jobs.add("true")
    jobs.wait([old.id], PATIENCE)
    jobs.stop_hosts(["serve"])
    until(lambda: not jobs.hosts(), "its end")
    stop = jobs.store.listen(lambda: None)
    until(jobs.store.is_elected, "the election of this process")
    jobs.set_setting("keep_completed", "1ms")
    jobs.set_setting("reaper_interval", "1s")
    start_host().says("To stop")
    newer = jobs.add("true")
    jobs.wait([newer.id], PATIENCE)
    assert jobs.store.missing([old.id]) == [], "nobody but the elected one forgets"
    stop(PATIENCE)
    until(lambda: jobs.store.missing([old.id]), "the election of the host, and what it does then")


def test_p7_a_graceful_stop_spends_no_attempt(jobs, start_host):
    host = start_host()
    job = jobs.add(SLEEPER)
    until(jobs.store.running, "it to run")
    assert host.terminate() == 0
    after = jobs.store.get(job.id)
    assert (after.state, after.attempts) == (State.PENDING, 0)
    assert jobs.hosts() == []


def test_p5_hosts_that_are_killed_all_the_time_lose_no_job_and_run_none_twice_at_once(jobs, start_host, tmp_path):
    program = Path(__file__).with_name("witness.py")
    done = jobs.enqueue(
        [JobSpec(argv=(sys.executable, str(program), str(tmp_path), "0.05"), max_retries=50) for _ in range(30)]
    )
    hosts = [start_host(), start_host()]
    for goal in range(5, 25, 5):  # a host is killed in the midst of its jobs, however slow the machine is
        until(lambda goal=goal: len(lines(tmp_path / "starts")) >= goal, f"{goal} starts")
        hosts.pop(0).kill()
        hosts.append(start_host())
    jobs.wait([job.id for job in done], PATIENCE)
    assert lines(tmp_path / "overlaps") == []
    assert jobs.status().counts[State.PROCESSING] == 0


def test_one_that_enqueues_elsewhere_is_heard_at_once(jobs, start_host):
    start_host("serve", "--no-drop", "--workers", "1", "--poll", "60s")
    until(jobs.hosts, "the host")
    jobs.wait([jobs.add("true").id], PATIENCE)
    began = time.monotonic()
    number = int(run_cli("enqueue", "true", check=True).out)
    [ended] = jobs.wait([number], PATIENCE)
    assert ended.state is State.COMPLETED
    assert time.monotonic() - began < 20, "it was not found by looking once a minute"


def test_another_user_s_host_on_the_same_machine_is_not_taken_for_dead(jobs, start_host, tmp_path):
    other = start_host("serve", "--no-drop", "--workers", "1", env={"QUEUECTL_HOME": str(tmp_path / "another")})
    job = jobs.add(SLEEPER)
    until(jobs.store.running, "it to run")
    start_host()
    until(lambda: len(jobs.store.hosts()) == 2, "both hosts")
    time.sleep(1)  # ten sweeps
    [run] = jobs.store.running()
    assert (run.job.id, run.job.runs) == (job.id, 1)
    assert len(jobs.hosts()) == 2
    assert other.process.poll() is None


def test_one_of_them_is_elected_and_another_after_its_death(postgres, jobs, start_host):
    def elected():
        found = postgres.run("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4", "queue")
        return [pid for (pid,) in found]

    first, _ = start_host(), start_host()
    [before] = until(elected, "an election")
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    postgres.run(f"SELECT pg_terminate_backend({before})")
    [after] = until(lambda: [pid for pid in elected() if pid != before], "another one")
    assert after != before
    assert first.process.poll() is None


def test_hosts_outlive_the_end_of_their_connections(postgres, jobs, start_host):
    start_host()
    jobs.wait([jobs.add("true").id], PATIENCE)
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'queue' AND pid <> pg_backend_pid()"
    )
    [ended] = jobs.wait([jobs.add("true").id], PATIENCE)
    assert ended.state is State.COMPLETED


def test_p8_an_occurrence_is_one_job_however_many_hosts_there_are(jobs, start_host):
    start_host()
    start_host()
    began = time.monotonic()
    run_cli("schedule", "add", "tick", "--every", "1s", "--", "true", check=True)
    until(lambda: jobs.store.newest_id() >= 4, "four occurrences")
    assert len(jobs.store.last_runs("tick", 100)) <= time.monotonic() - began
