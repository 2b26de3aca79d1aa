"""Whole logs of a job that another machine ran: fetched from there if it shares them, and its logs alone."""

import json
from urllib.parse import urlsplit

import httpx
import pytest

from queuectl.queue import Queue
from tests.hosts import HostProcess, run_cli, until
from tests.support import PATIENCE
from tests.web.conftest import events

pytestmark = pytest.mark.posix
LONG = "for i in 1 2 3 4 5 6 7 8 9; do printf '%4000s\\n' $i; done; echo the end"
"""More than the database keeps of it."""


@pytest.fixture
def home(tmp_path):
    """Return the environment of one who sits at another machine: a home of its own, and the same queue."""

    def home(name):
        return {
            "QUEUECTL_HOME": str(tmp_path / name),
            "QUEUECTL_DASHBOARD_PORT": "0",
            "QUEUECTL_RUN_QUEUES": "*",
        }

    return home


@pytest.fixture
def start_host(postgres_url, monkeypatch):
    """Start hosts that share a queue, and stop them at the end."""
    monkeypatch.setenv("QUEUECTL_DB", postgres_url)
    hosts = []

    def start(env, *args):
        host = HostProcess("serve", "--no-drop", *args, env=env)
        hosts.append(host)
        host.says("Ctrl+C")
        return host

    yield start
    for host in hosts:
        host.terminate()


def sharing(env):
    return {**env, "QUEUECTL_SHARE_LOGS": "on"}


@pytest.fixture
def jobs(start_host):
    with Queue.open() as queue:
        yield queue


def test_a_log_that_another_machine_shares_is_read_whole(start_host, home, jobs):
    start_host(sharing(home("there")))
    job = jobs.add(LONG)
    jobs.wait([job.id], PATIENCE)
    there = run_cli("logs", str(job.id), env=home("there"), check=True)
    here = run_cli("logs", str(job.id), env=home("here"), check=True)
    assert len(here.out) == 9 * 4001 + 8
    assert (here.out, here.err) == (there.out, "")
    assert run_cli("logs", str(job.id), "-n", "1", env=home("here"), check=True).out == "the end\n"
    assert run_cli("logs", str(job.id), "--follow", env=home("here"), check=True).out == there.out


def test_else_its_end_is_shown_and_where_the_rest_is(start_host, home, jobs):
    host = start_host(home("there"))
    job = jobs.add(LONG)
    jobs.wait([job.id], PATIENCE)
    here = run_cli("logs", str(job.id), env=home("here"), check=True)
    assert here.out.endswith("the end\n")
    assert len(here.out) < 4200
    assert "which shares no logs now" in here.err
    assert "the end of it, from the database" in here.err
    host.terminate()
    assert "shares no logs" in run_cli("logs", str(job.id), env=home("here"), check=True).err


def test_a_machine_that_cannot_be_reached_is_named(start_host, home, jobs):
    start_host({**sharing(home("there")), "QUEUECTL_DASHBOARD_HOSTS": "127.0.0.1:9"})
    job = jobs.add(LONG)
    jobs.wait([job.id], PATIENCE)
    assert "cannot be reached" in run_cli("logs", str(job.id), env=home("here"), check=True).err


def test_a_log_is_followed_while_it_grows_there(start_host, home, jobs, tmp_path):
    start_host(sharing(home("there")))
    job = jobs.add(f"echo first; while ! test -e {tmp_path}/gate; do sleep 0.05; done; echo last")
    follower = HostProcess("logs", str(job.id), "--follow", env=home("here"))
    follower.says("first")
    (tmp_path / "gate").touch()
    follower.says("last")
    assert follower.ends() == 0


def test_one_who_follows_a_log_that_is_not_shared_is_told_so_at_once(start_host, home, jobs, tmp_path):
    start_host(home("there"))
    job = jobs.add(f"echo first; while ! test -e {tmp_path}/gate; do sleep 0.05; done; echo last")
    follower = HostProcess("logs", str(job.id), "--follow", env=home("here"))
    follower.says("which shares no logs now")
    follower.says("when the run has ended")
    assert "first" not in follower.lines
    (tmp_path / "gate").touch()
    follower.says("first")
    follower.says("last")
    assert follower.ends() == 0


@pytest.fixture
def open_page(start_host, home):
    """Return a function that starts a host which has run nothing, and returns its API."""
    clients = []

    def open_page():
        start_host(home("here"))
        facts = run_cli("dashboard", "--token", "--json", env=home("here"), check=True).json()
        headers = {"Authorization": f"Bearer {facts['token']}"}
        clients.append(httpx.Client(base_url=facts["api"], headers=headers, timeout=PATIENCE, trust_env=False))
        return clients[-1]

    yield open_page
    for client in clients:
        client.close()


def test_the_page_shows_it_whole_and_as_it_grows(start_host, home, jobs, open_page, tmp_path):
    start_host(sharing(home("there")))
    job = jobs.add(f"{LONG}; touch {tmp_path}/there; while ! test -e {tmp_path}/gate; do sleep 0.05; done; echo last")
    until((tmp_path / "there").exists, "the job's first output")
    page = open_page()
    part = page.get(f"/jobs/{job.id}/runs/1/log").json()
    assert (part["whole"], part["running"], part["start"]) == (True, True, 0)
    assert part["text"].endswith("the end\n")
    with page.stream("GET", f"/jobs/{job.id}/runs/1/log/stream?from={part['end']}") as stream:
        (tmp_path / "gate").touch()
        told = list(events(stream))
    assert [name for name, _ in told] == ["log", "end"]
    assert json.loads(told[0][1])["text"] == "last\n"
    assert page.get(f"/jobs/{job.id}").json()["runs_list"][0]["log"] is True
    raw = page.get(f"/jobs/{job.id}/runs/1/log/raw")
    assert raw.text == part["text"] + "last\n"
    assert page.get(f"/jobs/{job.id}/runs/1/log/raw?here=true").status_code == 404
    assert page.get(f"/jobs/{job.id}/runs/1/log?here=true").status_code == 404
    earlier = page.get(f"/jobs/{job.id}/runs/1/log?before=8002&limit=4001").json()
    assert (earlier["start"], earlier["end"]) == (4001, 8002)


def test_the_key_opens_logs_and_nothing_else(start_host, home, jobs):
    start_host(sharing(home("there")))
    job = jobs.add("echo secret")
    jobs.wait([job.id], PATIENCE)
    [host] = jobs.hosts()
    door = urlsplit(host.logs)
    headers = {"Authorization": f"Bearer {door.username}"}
    url = f"http://{door.hostname}:{door.port}"
    with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE, trust_env=False) as client:
        log = f"/api/v1/jobs/{job.id}/runs/1/log"
        assert client.get(log).json()["text"] == "secret\n"
        assert client.get(f"{log}/raw").text == "secret\n"
        for path in ("/", "/api/v1/session", "/api/v1/jobs", f"/api/v1/jobs/{job.id}", "/metrics", f"{log}/stream",
                     "/healthz", f"/api/v1/jobs/{job.id}/runs/1/log/../../../../../jobs"):  # fmt: skip
            assert client.get(path).status_code == 401, path
        assert client.post("/api/v1/jobs", json={"command": "true"}).status_code == 401
        assert client.delete(f"/api/v1/jobs/{job.id}").status_code == 401
        assert client.post(f"{log}/raw", json={}).status_code == 401
    for told in (("status", "--json"), ("worker", "list", "--json"), ("doctor", "--json")):
        assert door.username not in run_cli(*told, env=home("there")).out


def test_nothing_is_shared_unless_it_is_switched_on(start_host, home, jobs):
    start_host(home("there"))
    [host] = jobs.hosts()
    assert host.dashboard is not None
    assert host.logs is None
