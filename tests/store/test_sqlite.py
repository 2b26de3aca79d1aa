"""The store on SQLite passes the suite."""

import pytest

from tests.store.conformance import StoreConformance


class TestSqlite(StoreConformance):
    @pytest.fixture
    def make_store(self, open_sqlite):
        return open_sqlite
