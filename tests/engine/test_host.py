"""Hosts and the queue between them: bells, pauses, priorities, limits, settings, cancelling."""

import signal
import threading
from datetime import timedelta

import pytest

from queuectl.engine.doorbell import Doorbell
from queuectl.host import Host, HostOptions
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.hosts import PATIENCE, run_cli, until, waits_for
from tests.store.conformance.case import SettableClock, run

SLOW_POLL = ("serve", "--no-drop", "--workers", "2", "--poll", "60")


def test_a_ring_wakes_a_host_that_polls_once_a_minute(jobs, start_host):
    host = start_host(*SLOW_POLL)
    host.says("To stop")
    until(jobs.hosts, "the host")
    done = run_cli("enqueue", "echo hi", check=True)
    assert jobs.wait([int(done.out)], PATIENCE)[0].state is State.COMPLETED


def test_a_forged_or_long_datagram_does_no_harm(jobs, start_host):
    import socket

    start_host(*SLOW_POLL)
    [host] = until(jobs.hosts, "the host")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
        for data in (b"", b"x" * 1000, b"\x00" * 60_000):
            for _ in range(50):
                bell.sendto(data, ("127.0.0.1", host.port))
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED


@pytest.mark.posix
def test_exit_codes_count_also_where_whoever_started_the_host_ignores_the_ends_of_children(jobs, start_host):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # its children inherit that
    try:
        start_host("worker", "--count", "1")
    finally:
        signal.signal(signal.SIGCHLD, before)
    good, bad = (jobs.add(command, max_retries=0).id for command in ("exit 0", "exit 7"))
    ended = jobs.wait([good, bad], PATIENCE)
    assert [(job.state, job.exit_code) for job in ended] == [(State.COMPLETED, 0), (State.DEAD, 7)]


def test_a_lost_ring_costs_one_poll(jobs, start_host):
    start_host("serve", "--no-drop", "--poll", "0.2")
    until(jobs.hosts, "the host")
    jobs.store.ring = lambda: None
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED


def test_pause_stops_the_taking_of_jobs_everywhere_and_running_ones_go_on(jobs, start_host, tmp_path):
    for _ in range(2):
        start_host("worker", "--count", "1")
    until(lambda: len(jobs.hosts()) == 2, "two hosts")
    [running] = jobs.enqueue([waits_for(tmp_path / "go")])
    until(lambda: jobs.find(running.id).state is State.PROCESSING, "the start")
    run_cli("pause", check=True)
    waiting = [jobs.add("exit 0") for _ in range(10)]
    (tmp_path / "go").touch()
    assert jobs.wait([running.id], PATIENCE)[0].state is State.COMPLETED
    assert {jobs.find(job.id).state for job in waiting} == {State.PENDING}
    assert "Paused" in run_cli("status", "--json").out or run_cli("status", "--json").json()["paused"]
    run_cli("resume", check=True)
    assert {job.state for job in jobs.wait([job.id for job in waiting], PATIENCE)} == {State.COMPLETED}


def test_a_paused_queue_lets_the_others_go_on_and_a_pause_ends_by_itself(jobs, start_host):
    start_host(*SLOW_POLL)
    run_cli("pause", "--queue", "video", "--for", "3s", check=True)
    [pause] = jobs.store.pauses()
    video = jobs.add("exit 0", queue="video")
    other = jobs.add("exit 0")
    assert jobs.wait([other.id], PATIENCE)[0].state is State.COMPLETED
    assert jobs.wait([video.id], PATIENCE)[0].state is State.COMPLETED
    started = [jobs.attempts(job.id)[0].started_at for job in (other, video)]
    assert started[0] < started[1]
    assert started[1] >= pause.until


def test_what_was_claimed_ahead_is_put_back_when_the_queue_is_paused(jobs, start_host, tmp_path):
    # Short jobs make the host claim ahead; then one long job occupies its only worker.
    gate = tmp_path / "gate"
    jobs.enqueue([JobSpec(command="exit 0")] * 100)
    [blocker] = jobs.enqueue([waits_for(gate)])
    rest = [job.id for job in jobs.enqueue([JobSpec(command="exit 0")] * 20)]
    start_host("worker", "--count", "1")
    until(lambda: jobs.find(blocker.id).state is State.PROCESSING, "the long job's start")
    run_cli("pause", check=True)
    until(lambda: len(jobs.store.running()) == 1, "the return of the others")
    assert {jobs.find(n).state for n in rest} == {State.PENDING}
    assert {jobs.find(n).attempts for n in rest} == {0}
    run_cli("resume", check=True)
    gate.touch()
    assert {job.state for job in jobs.wait(rest, PATIENCE)} == {State.COMPLETED}


def test_what_was_claimed_ahead_does_not_wait_behind_a_long_job(jobs, start_host, tmp_path):
    gate = tmp_path / "gate"
    jobs.enqueue([JobSpec(command="exit 0")] * 100)
    [blocker] = jobs.enqueue([waits_for(gate)])
    rest = [job.id for job in jobs.enqueue([JobSpec(command="exit 0")] * 20)]
    start_host("worker", "--count", "1")
    until(lambda: jobs.find(blocker.id).state is State.PROCESSING, "the long job's start")
    start_host("worker", "--count", "1")
    assert {job.state for job in jobs.wait(rest, PATIENCE)} == {State.COMPLETED}
    assert jobs.find(blocker.id).state is State.PROCESSING
    gate.touch()
    assert jobs.wait([blocker.id], PATIENCE)[0].state is State.COMPLETED


@pytest.mark.posix
def test_jobs_run_by_priority_then_age(jobs, start_host, tmp_path):
    ids = [jobs.add(f"echo {n} >> {tmp_path}/order", priority=p).id for n, p in enumerate((0, 5, -1, 5, 0))]
    start_host("worker", "--count", "1")
    jobs.wait(ids, PATIENCE)
    assert (tmp_path / "order").read_text().split() == ["1", "3", "0", "4", "2"]


def test_a_worker_with_a_limit_ends_by_itself(jobs, start_host):
    ids = [job.id for job in jobs.enqueue([JobSpec(command="exit 0")] * 10)]
    host = start_host("worker", "-c", "2", "-l", "3")
    assert host.ends() == 0
    states = [jobs.find(n).state for n in ids]
    assert states.count(State.COMPLETED) == 6
    assert states.count(State.PENDING) == 4


def test_worker_stop_stops_the_workers_and_leaves_the_others(jobs, start_host):
    workers = [start_host("worker", "start") for _ in range(2)]
    other = start_host(*SLOW_POLL)
    until(lambda: len(jobs.hosts()) == 3, "three hosts")
    done = run_cli("worker", "--stop", check=True)
    assert "Stop signal sent to all workers" in done.out
    assert [worker.ends() for worker in workers] == [0, 0]
    assert other.process.poll() is None
    run_cli("worker", "stop", "--all", check=True)
    assert other.ends() == 0
    assert "No worker is running" in run_cli("worker", "stop", check=True).out


def test_a_host_signs_off_whatever_a_part_of_it_does_as_it_stops(jobs, monkeypatch):
    stop = Doorbell.stop

    def fail(*args):
        stop(*args)
        raise OSError("the socket is gone")

    monkeypatch.setattr(Doorbell, "stop", fail)
    host = Host(jobs, HostOptions(kind="serve", workers=1, drop_folder=False, dashboard=False))
    host.start()
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED
    host.stop()
    assert jobs.store.hosts() == []
    assert not jobs.holds_lock(host.id)
    assert not [thread for thread in threading.enumerate() if thread.name in {"coordinator", "reaper"}]


def test_a_running_host_takes_up_a_changed_setting(jobs, start_host):
    start_host(*SLOW_POLL)
    until(jobs.hosts, "the host")
    run_cli("config", "set", "timeout", "0.2s", check=True)
    job = jobs.add("ping -n 100 127.0.0.1" if __import__("sys").platform == "win32" else "sleep 100", max_retries=0)
    assert jobs.wait([job.id], PATIENCE)[0].reason.startswith("ran longer")


@pytest.mark.posix
def test_a_running_host_takes_up_another_number_of_workers(jobs, start_host, tmp_path):
    run_cli("config", "set", "workers", "1", check=True)
    start_host("serve", "--no-drop", "--poll", "60")
    until(jobs.hosts, "the host")
    gate = tmp_path / "gate"
    wait = f"while ! test -e {gate}; do sleep 0.02; done"
    ids = [job.id for job in jobs.enqueue([JobSpec(command=wait)] * 3)]
    until(lambda: len(jobs.store.running()) == 1, "one running job")
    run_cli("config", "set", "workers", "3", check=True)
    until(lambda: len(jobs.store.running()) == 3, "three running jobs")
    assert [host.workers for host in jobs.hosts()] == [3]
    gate.touch()
    assert {job.state for job in jobs.wait(ids, PATIENCE)} == {State.COMPLETED}


def test_a_host_goes_on_when_its_settings_file_is_broken(jobs, start_host):
    host = start_host(*SLOW_POLL)
    until(jobs.hosts, "the host")
    jobs.paths.config.write_text("workers = [")
    jobs.store.ring()
    host.says("the settings stay as they were")
    jobs.paths.config.unlink()
    assert jobs.wait([jobs.add("exit 0").id], PATIENCE)[0].state is State.COMPLETED
    assert host.terminate() == 0


@pytest.mark.posix
def test_a_job_that_was_cancelled_while_its_host_was_dead_is_cancelled(jobs, start_host):
    job = jobs.add("sleep 1000")
    host = start_host()
    until(lambda: jobs.find(job.id).state is State.PROCESSING, "the start")
    host.process.send_signal(signal.SIGKILL)
    host.process.wait(PATIENCE)
    run_cli("cancel", str(job.id), check=True)
    start_host()
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED


@pytest.mark.posix
def test_a_retry_comes_when_it_is_due_without_a_ring(jobs, start_host, tmp_path):
    start_host(*SLOW_POLL)
    job = jobs.add(f"test -e {tmp_path}/x || {{ touch {tmp_path}/x; exit 1; }}", backoff_base=0.3)
    ended = jobs.wait([job.id], PATIENCE)[0]
    assert ended.state is State.COMPLETED
    assert ended.attempts == 2


def test_old_jobs_are_forgotten_with_their_logs(jobs, start_host):
    host = start_host("worker", "-l", "1")
    job = jobs.add("echo hi")
    host.ends()
    log = jobs.paths.log(job.id, 1)
    assert log.exists()
    jobs.set_setting("keep_completed", "0.001s")
    start_host(*SLOW_POLL)
    until(lambda: jobs.jobs() == [], "the job to be forgotten")
    until(lambda: not log.exists(), "the log to be gone")


def test_the_minutes_of_runs_are_forgotten_after_eight_days_and_their_totals_are_not(jobs, start_host):
    long_ago = SettableClock(jobs.clock.now() - timedelta(days=9))
    with Queue.open(jobs.store.location, clock=long_ago) as then:
        run(then.store, then.add("exit 0"))
        long_ago.forward(timedelta(days=7).total_seconds())
        run(then.store, then.add("exit 0"))
    since = jobs.clock.now() - timedelta(days=10)
    assert [count.runs for count in jobs.store.run_counts(since, 86_400)] == [1, 1]
    start_host(*SLOW_POLL)
    until(lambda: [count.runs for count in jobs.store.run_counts(since, 10 * 86_400)] == [1], "the old one to be gone")
    assert [total.runs for total in jobs.store.run_totals()] == [2]
