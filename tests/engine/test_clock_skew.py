"""Machines whose clocks are an hour wrong share a queue: the server's clock counts, for all that they say of time."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.conftest import need
from tests.hosts import HostProcess, hosts_of_the_test, run_cli, shared_queue, until, waits_for
from tests.support import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs what the Linux loader can preload")
NEAR = timedelta(seconds=PATIENCE)
ODD = [3600, -3600]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """What gives a process a clock that is so many seconds fast."""
    library = tmp_path_factory.mktemp("skew") / "skew.so"
    source = Path(__file__).with_name("skew.c")
    subprocess.run([need("cc"), "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return lambda seconds: {"LD_PRELOAD": str(library), "CLOCK_SKEW": str(seconds)}


@pytest.fixture
def jobs(postgres_url, monkeypatch):
    with shared_queue(postgres_url, monkeypatch, lease="3s", heartbeat="0.5s") as opened:
        yield opened


@pytest.fixture
def start_host(jobs, wrong, tmp_path):
    """Start hosts of different machines, each with its own clock."""
    with hosts_of_the_test() as hosts:

        def start(skew):
            env = {"QUEUECTL_HOME": str(tmp_path / f"home-{len(hosts)}"), **wrong(skew)}
            hosts.append(HostProcess("serve", "--no-drop", "--no-dashboard", "--workers", "2", env=env))
            return hosts[-1]

        yield start


def is_near(moment):
    return abs(moment - datetime.now(UTC)) < NEAR


@pytest.mark.parametrize("skew", ODD)
def test_leases_hold_and_times_are_the_server_s(jobs, start_host, tmp_path, skew):
    start_host(skew)
    job = jobs.enqueue([waits_for(tmp_path / "go")])[0]
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "it to run")
    assert is_near(run.job.started_at)
    start_host(0)
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    assert all(is_near(host.seen_at) and is_near(host.started_at) for host in jobs.store.hosts())
    first = run.job.lease.expires_at
    until(lambda: jobs.store.get(job.id).lease.expires_at > first + timedelta(seconds=3), "a lease's length to pass")
    (tmp_path / "go").touch()
    [ended] = jobs.wait([job.id], PATIENCE)
    assert (ended.state, ended.runs) == (State.COMPLETED, 1)
    [attempt] = jobs.attempts(job.id)
    assert ended.created_at <= attempt.started_at + timedelta(seconds=1)
    assert attempt.started_at <= attempt.finished_at
    assert is_near(attempt.started_at)
    assert is_near(attempt.finished_at)


@pytest.mark.parametrize("skew", ODD)
def test_what_is_due_and_what_takes_too_long_go_by_the_right_time(jobs, start_host, wrong, skew):
    def run_wrong(*args):
        return run_cli(*args, env=wrong(skew), check=True).out

    clock = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"], env={**os.environ, **wrong(skew)},
        capture_output=True, check=True,
    )  # fmt: skip
    assert abs(float(clock.stdout) - time.time() - skew) < PATIENCE
    start_host(skew)
    later = int(run_wrong("enqueue", "--delay", "1h", "true"))
    assert abs(jobs.find(later).run_at - datetime.now(UTC) - timedelta(hours=1)) < NEAR
    soon = int(run_wrong("enqueue", "--delay", "1s", "true"))
    assert jobs.wait([soon], PATIENCE)[0].state is State.COMPLETED
    assert jobs.find(later).state is State.SCHEDULED
    slow = jobs.enqueue([JobSpec(command="sleep 1000", timeout=0.5, max_retries=0)])[0]
    [ended] = jobs.wait([slow.id], PATIENCE)
    assert "timeout" in ended.reason
    [attempt] = jobs.attempts(slow.id)
    assert timedelta(seconds=0.4) < attempt.finished_at - attempt.started_at < NEAR
    run_wrong("schedule", "add", "tick", "--every", "1s", "--", "true")
    until(lambda: jobs.store.last_runs("tick", 10), "the schedule to fire")
    assert is_near(jobs.find(jobs.store.last_runs("tick", 1)[0]).created_at)
    shown = json.loads(run_wrong("stats", "--since", "10m", "--json"))
    assert sum(one["runs"] for one in shown) >= 2
    assert "due in 59m" in run_wrong("show", str(later))
