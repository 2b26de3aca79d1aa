"""The store on PostgreSQL passes the suite."""

import pytest

from queuectl.store import pages
from tests.store.conformance import StoreConformance
from tests.store.conformance.pages import Pages


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
