"""A whole queue moves from SQLite to PostgreSQL and back, and nothing of it is lost."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from queuectl.errors import WrongState
from queuectl.model.state import Verb
from queuectl.moving import PAGE, move
from queuectl.queue import Queue
from tests.hosts import HostProcess, run_cli, until
from tests.store.conformance.case import add, claim, end, new, run


@pytest.fixture
def old(tmp_path):
    with Queue.open(str(tmp_path / "old.db")) as queue:
        fill(queue)
        yield queue


def fill(queue):
    """Give a queue a bit of everything."""
    store = queue.store
    done, dead, early = (add(store, f"echo {n}", queue="x", tags=("ü",), env={"A": "b"}) for n in range(3))
    run(store, done)
    run(store, dead, Verb.BURY, tail="a\0b\\u0000\ufffe", output_bytes=5)
    later = store.enqueue([new("true", key=f"k{number}", queue="many") for number in range(PAGE + 10)])
    store.edit(early.id, replace(new("waits"), spec=replace(early.spec, after=(later[-1].id,))), actor="tests")
    add(store, after=(early.id,), mutex="m", run_at=datetime(2100, 1, 1, tzinfo=UTC))
    store.delete(add(store).id)  # an id that must not come again
    store.set_queue("x", max_running=3, defaults={"priority": 5})
    store.pause("many", None)
    queue.set_setting("max_retries", "7")


def everything(store):
    records, after = [], 0
    while page := store.records(after, 1000):
        records += page
        after = page[-1].job.id
    return records, store.counts(), store.queues(), store.schedules(), store.settings(), store.newest_id()


def test_there_and_back_again(old, postgres_url, tmp_path):
    run_cli("--db", old.store.location, "schedule", "add", "nightly", "0 3 * * *", "--", "true", check=True)
    before = everything(old.store)
    with Queue.open(postgres_url) as there, Queue.open(str(tmp_path / "back.db")) as back:
        moved = move(old, there)
        assert (moved.jobs, moved.runs, moved.schedules, moved.settings) == (PAGE + 14, 2, 1, 1)
        assert everything(there.store) == before
        assert [pause.queue for pause in there.store.pauses()] == ["many"]
        move(there, back)
        assert everything(back.store) == before
        for queue in (there, back):
            assert add(queue.store).id == before[-1] + 1
            queue.resume("many")
            [job] = claim(queue.store, 1, queues=["many"])
            end(queue.store, job)


def test_one_that_has_had_jobs_is_no_target(old, postgres_url):
    with Queue.open(postgres_url) as there:
        there.store.delete(there.add("true").id)
        with pytest.raises(WrongState, match="has had jobs"):
            move(old, there)


def test_one_that_failed_can_be_tried_again(old, postgres_url):
    def fail(_):
        raise KeyboardInterrupt

    with Queue.open(postgres_url) as there:
        with pytest.raises(KeyboardInterrupt):
            move(old, there, on_page=fail)
        move(old, there)
        assert everything(there.store) == everything(old.store)


def test_it_is_refused_while_a_host_or_a_job_runs(old, postgres_url):
    host = HostProcess("--db", old.store.location, "serve", "--no-drop")
    try:
        until(old.hosts, "the host")
        done = run_cli("migrate-store", "--from", old.store.location, "--to", postgres_url)
        assert done.returncode == 4
        assert "a host runs" in done.err
    finally:
        host.terminate()
    old.resume("many")
    assert claim(old.store, 1)
    with Queue.open(postgres_url) as there:
        with pytest.raises(WrongState, match="runs on"):
            move(old, there)
        assert there.store.newest_id() == 0


def test_the_command_says_what_it_moved(old, postgres_url, tmp_path):
    location = old.store.location
    assert run_cli("migrate-store", "--from", str(tmp_path / "none.db"), "--to", postgres_url).returncode == 3
    assert run_cli("migrate-store", "--from", location, "--to", location).returncode == 2
    done = run_cli("migrate-store", "--from", location, "--to", postgres_url, check=True)
    assert f"Moved {PAGE + 14} jobs with 2 runs" in done.out
    listed = run_cli("--db", postgres_url, "list", "--json", "--limit", "1000").json()
    assert len(listed) == PAGE + 14
