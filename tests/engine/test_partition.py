"""A machine whose network is cut: hosts in network namespaces, and a link that is set down under one of them."""

import contextlib
import ctypes
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from tests.clusters import new_cluster
from tests.conftest import need
from tests.hosts import CLI, HostProcess, hosts_of_the_test, shared_queue, until, waits_for
from tests.support import PATIENCE, is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's network namespaces")
WITNESS = str(Path(__file__).with_name("witness.py"))
CLONE_NEWNET = 0x40000000
SHORT = {"lease": "3s", "heartbeat": "0.5s", "kill_grace": "0.5s"}


class Machine:
    """A network of its own with one link to the test's, whose end there has the address ``near``."""

    def __init__(self, number):
        self.name = f"qc{os.getpid()}{'ab'[number]}"
        net = f"198.18.{number}"
        self.near, self.link = f"{net}.1", f"{self.name}0"
        ip("netns", "add", self.name)
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("addr", "add", f"{self.near}/30", "dev", self.link)
        ip("link", "set", self.link, "up")
        ip("-n", self.name, "addr", "add", f"{net}.2/30", "dev", "eth0")
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("-n", self.name, "link", "set", "eth0", "up")

    def cut(self):
        """Cut its network."""
        ip("link", "set", self.link, "down")

    def mend(self):
        """Let it go again."""
        ip("link", "set", self.link, "up")

    def remove(self):
        """End it."""
        for args in (("link", "del", self.link), ("netns", "del", self.name)):
            with contextlib.suppress(AssertionError):
                ip(*args)


class RemoteHost(HostProcess):
    """A host on such a machine."""

    def __init__(self, machine, cluster, home):
        self.command = [need("ip"), "netns", "exec", machine.name, *CLI]
        url = cluster.url(address=machine.near) + "?sslmode=disable"
        env = {"QUEUECTL_DB": url, "QUEUECTL_HOME": str(home)}
        super().__init__("serve", "--no-drop", "--no-dashboard", "--workers", "4", env=env)


def ip(*args):
    done = subprocess.run([need("ip"), *args], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"ip {' '.join(args)}: {done.stderr}"


@pytest.fixture(scope="module")
def network():
    """Have the test in a network of its own: a browser breaks off what it loads when links of its own come and go."""
    need("ip")
    if os.geteuid() != 0:
        pytest.skip("only root may make network namespaces")
    libc = ctypes.CDLL(None)
    with Path("/proc/thread-self/ns/net").open() as before:
        if libc.unshare(CLONE_NEWNET):
            pytest.skip("this machine lets nobody make network namespaces")
        try:
            ip("link", "set", "lo", "up")
            yield
        finally:
            assert libc.setns(before.fileno(), CLONE_NEWNET) == 0


@pytest.fixture(scope="module")
def machines(network):
    made = []
    try:
        with contextlib.ExitStack() as stack:
            for number in range(2):
                made.append(Machine(number))
                stack.callback(made[-1].remove)
            yield made
    except AssertionError as exc:
        if made:
            raise
        pytest.skip(f"this machine lets nobody make network namespaces: {exc}")


@pytest.fixture(scope="module")
def server(machines):
    found = new_cluster(listen="0.0.0.0")
    yield found
    found.remove()


@pytest.fixture
def jobs(server, monkeypatch):
    server.run("DROP SCHEMA IF EXISTS queuectl CASCADE")
    with shared_queue(server.url(), monkeypatch, **SHORT) as opened:
        yield opened


@pytest.fixture
def hosts(jobs, machines, server, tmp_path):
    """Start a host on each machine, when it is asked for; their links are up at the end."""
    with hosts_of_the_test() as started:

        def start(number):
            started.append(RemoteHost(machines[number], server, tmp_path / f"home-{number}"))
            return started[-1]

        yield start
        for machine in machines:
            machine.mend()


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def running(jobs):
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "a run")
    return run


def test_a_job_stops_on_the_machine_that_is_cut_off_before_another_one_starts_it(jobs, hosts, machines, tmp_path):
    first = hosts(0)
    job = jobs.enqueue([JobSpec(argv=(sys.executable, WITNESS, str(tmp_path), "1000"), max_retries=50)])[0]
    before = running(jobs)
    hosts(1)
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    machines[0].cut()
    until(lambda: not is_alive(before.pid), "the end of what runs there")
    died = datetime.now(UTC)
    [still] = jobs.store.running()
    assert still.job.lease.token == before.job.lease.token, "its lease still lasts"
    until(lambda: len(lines(tmp_path / "starts")) == 2, "the second run")
    assert jobs.attempts(job.id)[1].started_at > died
    assert lines(tmp_path / "overlaps") == []
    machines[0].mend()
    first.says("the database works again")
    assert first.process.poll() is None
    jobs.cancel(job.id)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED
    both = jobs.enqueue([waits_for(tmp_path / "go") for _ in range(8)])  # as many as the two have workers
    until(lambda: len(jobs.store.running()) == 8, "both to work")
    (tmp_path / "go").touch()
    assert {one.state for one in jobs.wait([one.id for one in both], PATIENCE)} == {State.COMPLETED}


def test_a_job_outlives_a_cut_that_is_shorter_than_its_lease(jobs, hosts, machines, tmp_path):
    jobs.set_setting("lease", "20s")
    host = hosts(0)
    job = jobs.enqueue([waits_for(tmp_path / "go")])[0]
    run = running(jobs)
    machines[0].cut()
    (tmp_path / "go").touch()
    until(lambda: not is_alive(run.pid), "its end")
    time.sleep(1)  # it tries to tell of it
    machines[0].mend()
    [ended] = jobs.wait([job.id], PATIENCE)
    assert (ended.state, ended.runs) == (State.COMPLETED, 1)
    assert host.process.poll() is None


def test_a_network_that_is_cut_again_and_again_costs_no_job_and_runs_none_twice_at_once(
    jobs, hosts, machines, tmp_path
):
    for number in range(2):
        hosts(number)
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    argv = (sys.executable, WITNESS, str(tmp_path), "0.3")
    done = jobs.enqueue([JobSpec(argv=argv, max_retries=50) for _ in range(40)])
    for turn in range(4):
        machines[turn % 2].cut()
        time.sleep(4 if turn < 2 else 1)  # longer than the lease, and shorter
        machines[turn % 2].mend()
        time.sleep(0.5)
    ended = jobs.wait([job.id for job in done], PATIENCE)
    assert {job.state for job in ended} == {State.COMPLETED}
    assert lines(tmp_path / "overlaps") == []
