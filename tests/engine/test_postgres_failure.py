"""Hosts whose database goes away: running jobs go on and are reported later, and none ever runs twice at once."""

import shlex
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from queuectl.errors import StoreUnavailable
from queuectl.model.admission import Room
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.clusters import Wall, new_cluster
from tests.hosts import HostProcess, hosts_of_the_test, shared_queue, until, waits_for
from tests.support import PATIENCE, is_alive

pytestmark = pytest.mark.posix
WITNESS = str(Path(__file__).with_name("witness.py"))
LEASE = 3.0
SHORT = {"lease": f"{LEASE}s", "heartbeat": "0.5s", "kill_grace": "0.5s"}


@pytest.fixture(scope="module")
def server():
    """A server of this module's own."""
    found = new_cluster()
    yield found
    found.remove()


@pytest.fixture
def cluster(server):
    """The same, running and with an empty queue."""
    server.run("DROP SCHEMA IF EXISTS queuectl CASCADE")
    yield server
    server.signal(signal.SIGCONT)


@pytest.fixture
def jobs(cluster, monkeypatch):
    with shared_queue(cluster.url(), monkeypatch) as opened:
        yield opened


@pytest.fixture
def short(jobs):
    """Let leases be short."""
    for key, value in SHORT.items():
        jobs.set_setting(key, value)


@pytest.fixture
def walls(cluster):
    """Make walls before the server."""
    made = []

    def make():
        made.append(Wall(cluster))
        return made[-1]

    yield make
    for wall in made:
        wall.close()


@pytest.fixture
def start_host(jobs, tmp_path):
    """Start hosts of different machines, as far as they know."""
    with hosts_of_the_test() as hosts:

        def start(*args, env=None):
            home = {"QUEUECTL_HOME": str(tmp_path / f"home-{len(hosts)}")}
            hosts.append(HostProcess(*(args or ("serve", "--no-drop", "--workers", "4")), env={**home, **(env or {})}))
            return hosts[-1]

        yield start


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


def witness(folder, seconds):
    return JobSpec(argv=(sys.executable, WITNESS, str(folder), str(seconds)), max_retries=50)


def running(jobs):
    """Return the pid of the only run, when it is known."""
    [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "a run")
    return run.pid


def test_a_job_that_ends_while_the_server_is_down_is_reported_when_it_is_back(cluster, jobs, start_host, tmp_path):
    host = start_host()
    job = jobs.enqueue([waits_for(tmp_path / "go")])[0]
    pid = running(jobs)
    cluster.stop()
    said = host.says("the database fails")
    assert "refused" in said or "closed the connection" in said, said
    (tmp_path / "go").touch()
    until(lambda: not is_alive(pid), "the job's end")
    cluster.start()
    host.says("the database works again")
    [ended] = jobs.wait([job.id], PATIENCE)
    assert (ended.state, ended.attempts, ended.runs) == (State.COMPLETED, 1, 1)
    host.terminate()
    assert sum("the database" in line for line in host.lines) == 2, host.lines


def test_a_host_that_is_cut_off_stops_its_job_before_another_one_starts_it(
    short, jobs, start_host, walls, cluster, tmp_path
):
    wall = walls()
    first = start_host(env={"QUEUECTL_DB": cluster.url(wall.port)})
    job = jobs.enqueue([witness(tmp_path, 1000)])[0]
    pid = running(jobs)
    start_host()
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    [before] = jobs.store.running()
    wall.shut()
    until(lambda: not is_alive(pid), "the end of what the first one ran")
    [after] = jobs.store.running()
    assert after.job.lease.token == before.job.lease.token, "its lease still lasted"
    until(lambda: len(lines(tmp_path / "starts")) == 2, "the second run")
    assert lines(tmp_path / "overlaps") == []
    wall.open()
    first.says("the database works again")
    jobs.cancel(job.id)
    assert jobs.wait([job.id], PATIENCE)[0].state is State.CANCELLED
    again = jobs.enqueue([waits_for(tmp_path / "go") for _ in range(8)])  # as many as both have workers
    until(lambda: len(jobs.store.running()) == 8, "both to work")
    (tmp_path / "go").touch()
    assert {one.state for one in jobs.wait([one.id for one in again], PATIENCE)} == {State.COMPLETED}


@pytest.mark.parametrize("how", ["frozen", "gone"])
def test_a_job_of_a_host_without_a_database_stops_in_time_and_spends_no_attempt(
    short, jobs, start_host, cluster, tmp_path, how
):
    host = start_host()
    job = jobs.enqueue([witness(tmp_path, 1000)])[0]
    pid = running(jobs)
    lost = time.monotonic()
    if how == "frozen":
        cluster.signal(signal.SIGSTOP)
    else:
        cluster.stop()
    until(lambda: not is_alive(pid), "the end of the run")
    assert LEASE / 4 < time.monotonic() - lost < LEASE
    if how == "frozen":
        cluster.signal(signal.SIGCONT)
    else:
        cluster.start()
    until(lambda: len(lines(tmp_path / "starts")) == 2, "the second run")
    first = jobs.attempts(job.id)[0]
    assert first.outcome == "interrupted"
    assert first.reason == "its host was cut off from the database"
    assert jobs.store.get(job.id).attempts == 1
    assert host.process.poll() is None
    assert lines(tmp_path / "overlaps") == []


def test_a_job_that_takes_its_time_to_end_is_killed_within_the_lease(short, jobs, start_host, walls, cluster, tmp_path):
    wall = walls()
    start_host(env={"QUEUECTL_DB": cluster.url(wall.port)})
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(%r, 'w'); time.sleep(1000)"
    program = deaf % str(tmp_path / "deaf")
    jobs.enqueue([JobSpec(command=f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}", kill_after=60)])
    pid = running(jobs)
    until((tmp_path / "deaf").exists, "the job to be deaf")
    cut = time.monotonic()
    wall.shut()
    until(lambda: not is_alive(pid), "its end")
    assert time.monotonic() - cut < LEASE


def test_connections_that_are_ended_again_and_again_cost_no_job(cluster, jobs, start_host, tmp_path):
    for _ in range(2):
        start_host()
    until(lambda: len(jobs.hosts()) == 2, "both hosts")
    done = jobs.enqueue([witness(tmp_path, 0.05) for _ in range(60)])
    rounds = 0
    while len(lines(tmp_path / "ends")) < 60 and rounds < 300:
        cluster.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = 'queue' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        rounds += 1
        time.sleep(0.1)
    ended = jobs.wait([job.id for job in done], PATIENCE)
    assert {job.state for job in ended} == {State.COMPLETED}
    assert lines(tmp_path / "overlaps") == []
    assert sorted(lines(tmp_path / "ends")) == sorted(f"{job.id} 1" for job in done), f"in {rounds} rounds"
    assert rounds > 3


@pytest.mark.parametrize("heard", [True, False])
def test_a_job_whose_commit_was_not_answered_is_there_once(jobs, walls, cluster, heard):
    wall = walls()
    with Queue.open(cluster.url(wall.port)) as queue:
        queue.add("echo before")
        wall.cut_at(b"COMMIT", heard=heard)
        job = queue.add("echo here")
        assert [(one.id, one.spec.command) for one in jobs.jobs()] == [(job.id, "echo here"), (1, "echo before")]
        assert job.id == (2 if heard else 3)


def test_a_change_whose_commit_was_not_answered_says_so_when_nobody_can_tell(jobs, walls, cluster):
    wall = walls()
    job = jobs.add("true")
    with Queue.open(cluster.url(wall.port)) as queue:
        wall.cut_at(b"COMMIT", heard=True)
        with pytest.raises(StoreUnavailable, match="may or may not have kept") as caught:
            queue.cancel(job.id)
        assert caught.value.hint
        assert queue.find(job.id).state is State.CANCELLED


def test_a_connection_that_died_silently_costs_no_change(jobs, walls, cluster):
    wall = walls()
    with Queue.open(cluster.url(wall.port)) as queue:
        job = queue.add("true")
        queue.store.answer_within(0.5)
        wall.forget()
        assert [one.id for one in queue.jobs()] == [job.id]
        wall.forget()
        queue.cancel(job.id)
        assert queue.find(job.id).state is State.CANCELLED


def test_a_verb_that_a_deadlock_has_undone_is_done_all_the_same(jobs, cluster):
    import psycopg

    jobs.enqueue([JobSpec(command="true"), JobSpec(command="true")])
    first, second = taken = jobs.store.claim("host", Room(workers=2, free=2), lease=60)
    with psycopg.connect(cluster.url()) as other:
        other.execute("SET deadlock_timeout = '1h'")  # so that it is not the one whom the server picks
        other.execute("SELECT FROM queuectl.jobs WHERE id = %s FOR UPDATE", (second.id,))
        doing = threading.Thread(target=jobs.store.unclaim, args=(taken,))
        doing.start()
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
        until(lambda: cluster.run(waiting), "the verb to wait for the other transaction")
        other.execute("SELECT FROM queuectl.jobs WHERE id = %s FOR UPDATE", (first.id,))
    doing.join(PATIENCE)
    assert [job.state for job in jobs.jobs()] == [State.PENDING] * 2


def test_a_host_that_is_cut_off_stops_in_time_when_it_is_told_to(short, jobs, start_host, walls, cluster, tmp_path):
    wall = walls()
    host = start_host(env={"QUEUECTL_DB": cluster.url(wall.port)})
    jobs.enqueue([waits_for(tmp_path / "go")])
    pid = running(jobs)
    wall.shut()
    host.says("the database fails")
    host.terminate()  # within its patience
    assert not is_alive(pid)


def test_a_name_without_an_address_is_told():
    with pytest.raises(StoreUnavailable, match="cannot be looked up") as caught:
        Queue.open("postgresql://me@no-such-host.invalid/queue?sslmode=disable")
    assert caught.value.hint


def test_names_are_looked_up_and_all_their_addresses_tried_in_order(cluster):
    from queuectl.store.postgres.hosts import looked_up

    options = looked_up({"host": "localhost,10.1.2.3", "port": "5432,6543", "dbname": "x"})
    found = list(zip(*(options[name].split(",") for name in ("host", "hostaddr", "port")), strict=True))
    assert ("localhost", "127.0.0.1", "5432") in found
    assert found[-1] == ("10.1.2.3", "10.1.2.3", "6543")
    assert looked_up({"host": "/run/postgresql"}) == {"host": "/run/postgresql"}
    assert looked_up({"host": "db", "hostaddr": "10.1.2.3"}) == {"host": "db", "hostaddr": "10.1.2.3"}
    with Queue.open(cluster.url(address="localhost")) as queue:
        queue.add("true")
