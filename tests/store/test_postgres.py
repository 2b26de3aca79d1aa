"""The store on PostgreSQL passes the suite."""

import os
import re
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from queuectl.model.state import State, Verb
from queuectl.store import pages
from queuectl.store.types import JobFilter
from tests.hosts import until
from tests.store.conformance import StoreConformance
from tests.store.conformance.case import add, run
from tests.store.conformance.pages import Pages
from tests.support import PATIENCE


class TestPostgres(StoreConformance):
    @pytest.fixture
    def make_store(self, open_postgres):
        return open_postgres


class TestPostgresInSmallPieces(Pages):
    """Where what it looks at comes in many pieces."""

    @pytest.fixture
    def make_store(self, open_postgres, monkeypatch):
        for name, value in (("CHUNK", 3), ("AT_ONCE", 8), ("LEAST", 1)):
            monkeypatch.setattr(pages, name, value)
        return open_postgres


def test_the_runs_of_a_job_go_with_it(open_postgres, postgres):
    store = open_postgres()
    for _ in range(3):
        run(store, add(store), Verb.COMPLETE)
    ended, deleted, *_ = store.jobs(JobFilter())
    store.delete(deleted.id)
    assert len(store.forget(State.COMPLETED, ended.finished_at + timedelta(days=1), 1)) == 1
    [left] = store.jobs(JobFilter())
    assert postgres.run("SELECT job_id FROM queuectl.attempts", "queue") == [(left.id,)]


def test_a_ring_reaches_whoever_listens_until_he_stops(open_postgres):
    store, other = open_postgres(), open_postgres()
    heard = threading.Event()
    stop = store.listen(heard.set)
    assert heard.wait(PATIENCE), "who begins to listen may have missed a ring"
    for _ in range(3):
        heard.clear()
        add(other)
        other.ring()
        assert heard.wait(PATIENCE)
    stop(PATIENCE)
    heard.clear()
    other.ring()
    assert not heard.wait(0.1)


def test_a_ring_in_a_transaction_is_heard_when_that_is_over(open_postgres):
    store, other = open_postgres(), open_postgres()
    seen = []
    stop = store.listen(lambda: seen.append(len(store.counts())))
    until(store.is_elected, "an election, of which it is told")
    until(lambda: len(seen) == 2, "the two first rings")
    with other.transaction():
        add(other)
        other.ring()
    until(lambda: len(seen) == 3, "the ring")
    stop(PATIENCE)
    assert seen == [0, 0, 1]


def test_another_user_can_do_all_with_the_rights_that_the_docs_name(postgres, postgres_url, open_postgres):
    from queuectl.store.postgres import PostgresStore
    from queuectl.store.postgres.address import parse

    text = (Path(__file__).parents[2] / "docs" / "postgres.md").read_text("utf-8")
    rights = re.findall(r"`(GRANT ALL ON [^`]+)`", text)
    assert len(rights) == 3
    first = open_postgres()
    postgres.run("CREATE ROLE another LOGIN")
    for right in rights:
        postgres.run(f"{right} TO another", "queue")
    address = parse(postgres_url)
    store = PostgresStore(replace(address, options={**address.options, "user": "another"}))
    try:
        ran = run(store, add(store))
        assert store.newest_id() == ran.id
        store.reserve_ids(100)
        assert store.forget(State.COMPLETED, store.now() + timedelta(hours=1), 10) == [ran.id]
        assert add(first).id == 101
    finally:
        store.close()
        postgres.run("DROP OWNED BY another; DROP ROLE another", "queue")


@pytest.mark.posix
def test_it_works_beside_more_open_files_than_select_can_look_at(postgres, open_postgres):
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    store, heard = open_postgres(), threading.Event()
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        stop = store.listen(heard.set)
        assert heard.wait(PATIENCE)  # as it begins
        until(store.is_elected, "its election")
        for _ in range(2):
            heard.clear()
            open_postgres().ring()
            assert heard.wait(PATIENCE)
        backends = "SELECT pid FROM pg_stat_activity WHERE datname = 'queue' ORDER BY pid"
        store.newest_id()
        known = postgres.run(backends)
        for _ in range(5):
            store.newest_id()
        assert postgres.run(backends) == known  # nobody had to connect anew
        stop(PATIENCE)
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
