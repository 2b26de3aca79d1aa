"""The store on SQLite passes the suite."""

import pytest

from queuectl.store.sqlite import SqliteStore
from tests.store.conformance import StoreConformance


class TestSqlite(StoreConformance):
    @pytest.fixture
    def make_store(self, tmp_path):
        opened = []

        def make(clock):
            opened.append(SqliteStore(tmp_path / "queue.db", tmp_path / "write.lock", clock=clock, machine="here"))
            return opened[-1]

        yield make
        for store in opened:
            store.close()
