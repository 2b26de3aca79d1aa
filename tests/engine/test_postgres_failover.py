"""Hosts whose primary dies, or becomes read-only: they go on at the standby that is promoted."""

import pytest

from queuectl.errors import StoreUnavailable
from queuectl.model.state import State
from queuectl.queue import Queue
from tests.clusters import new_cluster
from tests.hosts import HostProcess, quick_queue, run_cli, until, waits_for
from tests.support import PATIENCE, is_alive

pytestmark = pytest.mark.posix


@pytest.fixture
def primary():
    found = new_cluster()
    yield found
    found.remove()


@pytest.fixture
def standby(primary):
    found = primary.standby()
    yield found
    found.remove()


@pytest.fixture
def url(primary, standby, monkeypatch):
    """The URL of both."""
    both = f"postgresql://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/queue"
    monkeypatch.setenv("QUEUECTL_DB", both)
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")
    return both


def caught_up(primary, standby):
    """Wait until the standby has all that the primary has committed."""
    [[written]] = primary.run("SELECT pg_current_wal_flush_lsn()::text")
    until(lambda: standby.run(f"SELECT pg_last_wal_replay_lsn() >= '{written}'")[0][0], "the standby to catch up")


def test_hosts_go_on_at_the_standby_that_is_promoted(primary, standby, url, tmp_path):
    with quick_queue() as jobs:
        host = HostProcess("serve", "--no-drop", "--workers", "2")
        job = jobs.enqueue([waits_for(tmp_path / "go")])[0]
        [run] = until(lambda: [run for run in jobs.store.running() if run.pid], "it to run")
        caught_up(primary, standby)
        primary.stop()
        host.says("the database fails")
        refused = run_cli("list")
        assert refused.returncode == 5
        assert "cannot be written" in refused.err
        assert "standby" in refused.err
        assert is_alive(run.pid), "its lease lasts"
        standby.promote()
        host.says("the database works again")
        (tmp_path / "go").touch()
        [ended] = jobs.wait([job.id], PATIENCE)
        assert (ended.state, ended.attempts) == (State.COMPLETED, 1)
        later = jobs.add("true")
        assert later.id > job.id
        assert jobs.wait([later.id], PATIENCE)[0].state is State.COMPLETED
        assert host.terminate() == 0
        assert sum("the database" in line for line in host.lines) == 2, host.lines


def test_a_server_that_has_become_read_only_is_left_for_the_other_one(primary, standby, url):
    with Queue.open() as jobs:
        first = jobs.add("true")
        caught_up(primary, standby)
        primary.run("ALTER SYSTEM SET default_transaction_read_only = on")
        primary.run("SELECT pg_reload_conf()")
        until(lambda: primary.run("SHOW default_transaction_read_only") == [("on",)], "it to be read-only")
        with pytest.raises(StoreUnavailable, match="cannot be written"):
            jobs.add("true")
        standby.promote()
        second = jobs.add("true")
        assert second.id > first.id
        assert standby.run("SELECT count(*) FROM queuectl.jobs") == [(2,)]
