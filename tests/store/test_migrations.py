"""P11: a database of any earlier version opens, whole or not at all."""

import contextlib
import shutil
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from queuectl.errors import StoreTooNew, StoreUnavailable
from queuectl.model.history import history
from queuectl.model.state import FINAL, State
from queuectl.queue import Queue
from queuectl.store import connection
from queuectl.store.types import JobFilter
from tests.store.conformance.case import START, SettableClock, add, claim, counted, end, rows_counted, whole

DATABASES = sorted((Path(__file__).parent / "databases").glob("v*.sql"))
LATEST = connection.latest_version()


def load(path, dump):
    """Make a database file of its text."""
    with contextlib.closing(apsw.Connection(str(path))) as db:
        db.execute(dump.read_text("utf-8"))


def schema(path):
    """Return all that SQLite knows of the tables, and the text of the rest."""
    with contextlib.closing(apsw.Connection(str(path))) as db:
        tables = {name: rest for _, name, *rest in db.execute("PRAGMA table_list") if not name.startswith("sqlite_")}
        found = {
            name: (rest, db.pragma(f"table_xinfo({name})"), db.pragma(f"foreign_key_list({name})"))
            for name, rest in tables.items()
        }
        others = db.execute("SELECT name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL")
        return found | {name: " ".join(text.split()) for name, text in others}


def open_later(path):
    """Open the queue a day after the databases were made."""
    return Queue.open(str(path), clock=SettableClock(START + timedelta(days=1)))


def version(path):
    with contextlib.closing(apsw.Connection(str(path))) as db:
        return db.pragma("user_version")


def test_there_is_a_database_of_every_version():
    assert [path.stem for path in DATABASES] == sorted(f"v{number}" for number in range(1, LATEST + 1))


@pytest.mark.parametrize("dump", DATABASES, ids=lambda path: path.stem)
def test_p11_a_database_of_any_earlier_version_opens(path, dump):
    load(path, dump)
    with open_later(path) as queue:
        store = queue.store
        jobs = {state: store.by_key(state) for state in State}
        assert [job.state for job in jobs.values()] == list(State)
        assert counted(store) == rows_counted(store)
        for job in jobs.values():
            assert history(*whole(store, job.id))[-1].after is job.state
        assert len(store.attempts(jobs[State.DEAD].id)) == 1
        assert store.attempts(jobs[State.PROCESSING].id)[0].pid == 4_000_000
        assert {(total.queue, total.outcome.value, total.runs) for total in store.run_totals()} == {
            ("default", "completed", 1), ("default", "failed", 2), ("default", "cancelled", 1),
        }  # fmt: skip
        assert sum(count.runs for count in store.run_counts(START - timedelta(minutes=1), 60)) == 4
        assert store.settings() == {"max_retries": "5"}
        assert [host.id for host in store.hosts()] == ["host-1"]
        assert [pause.queue for pause in store.pauses()] == ["paused"]
        assert len(store.enqueue([], batch="a token")) == 2
        with store._db.read() as db:
            [(last,)] = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'")
            assert db.pragma("integrity_check") == "ok"
            assert db.pragma("foreign_key_check") is None
        assert last > max(job.id for job in store.jobs(JobFilter(limit=1000)))
        assert add(store).id == last + 1


@pytest.mark.parametrize("dump", DATABASES, ids=lambda path: path.stem)
def test_p11_its_jobs_go_on(path, dump):
    load(path, dump)
    with open_later(path) as queue:
        store = queue.store
        [run] = store.expired()
        end(store, run.job)
        assert store.promote() == 1  # the failed one; that which is scheduled is due in a hundred years
        store.resume("paused")
        while jobs := claim(store):
            for job in jobs:
                end(store, job)
        for state in State:
            job = store.by_key(state)
            assert job.state is (state if state in FINAL | {State.SCHEDULED} else State.COMPLETED)
        assert counted(store) == rows_counted(store)


@pytest.mark.parametrize("dump", DATABASES, ids=lambda path: path.stem)
def test_p11_the_schema_of_a_migrated_database_is_that_of_a_new_one(path, dump, tmp_path):
    load(path, dump)
    for each in (path, tmp_path / "new.db"):
        Queue.open(str(each)).close()
    assert schema(path) == schema(tmp_path / "new.db")
    assert version(path) == LATEST


@pytest.fixture
def add_migration(tmp_path, monkeypatch):
    """Let there be another migration than those there are."""
    folder = tmp_path / "migrations"
    shutil.copytree(connection.MIGRATIONS, folder)
    monkeypatch.setattr(connection, "MIGRATIONS", folder)

    def add_one(number, text):
        for other in folder.glob(f"{number:04}_*"):
            other.unlink()
        (folder / f"{number:04}_test.sql").write_text(text, encoding="utf-8")

    return add_one


@pytest.mark.parametrize("dump", DATABASES, ids=lambda path: path.stem)
def test_p11_a_migration_that_fails_midway_leaves_what_was(path, dump, add_migration, monkeypatch):
    load(path, dump)
    add_migration(LATEST + 1, "CREATE TABLE extra (x INTEGER) STRICT; INSERT INTO extra VALUES (1);")
    add_migration(LATEST + 2, "DELETE FROM jobs; INSERT INTO extra VALUES ('no number');")
    with pytest.raises(StoreUnavailable, match="cannot store TEXT"):
        Queue.open(str(path))
    assert version(path) == LATEST + 1
    assert "extra" in schema(path)
    add_migration(LATEST + 2, "DROP TABLE extra;")
    with open_later(path) as queue:
        assert all(queue.store.by_key(state).state is state for state in State)
    assert version(path) == LATEST + 2
    monkeypatch.undo()
    with pytest.raises(StoreTooNew):
        Queue.open(str(path))


def test_p11_a_first_migration_that_fails_leaves_an_empty_file(path, add_migration):
    add_migration(1, "CREATE TABLE jobs (x); no sql")
    with pytest.raises(StoreUnavailable):
        Queue.open(str(path))
    assert schema(path) == {}
    assert version(path) == 0
