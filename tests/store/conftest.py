"""Stores to open at will."""

import pytest


@pytest.fixture
def path(tmp_path):
    """The database that ``open_sqlite`` opens."""
    return tmp_path / "queue.db"


@pytest.fixture
def open_sqlite(path):
    """Open the test's database, as often as it likes; every store is closed at the end."""
    from queuectl.clock import SystemClock
    from queuectl.store.sqlite import SqliteStore

    opened = []

    def make_store(clock=None):
        store = SqliteStore(path, path.with_name("write.lock"), clock=clock or SystemClock(), machine="here")
        opened.append(store)
        return store

    yield make_store
    for store in opened:
        store.close()


@pytest.fixture
def open_postgres(postgres_url):
    """Open the test's database on PostgreSQL, as often as it likes; every store is closed at the end."""
    from queuectl.store.postgres import PostgresStore
    from queuectl.store.postgres.address import parse

    opened = []

    def make_store(clock=None):
        store = PostgresStore(parse(postgres_url), clock=clock)
        opened.append(store)
        return store

    yield make_store
    for store in opened:
        store.close()
