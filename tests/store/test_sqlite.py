"""The store on SQLite passes the suite."""

import re
from pathlib import Path

import pytest

from queuectl.store.base import Store
from tests.store.conformance import StoreConformance


class TestSqlite(StoreConformance):
    @pytest.fixture
    def make_store(self, open_sqlite):
        return open_sqlite


def test_the_suite_knows_every_verb():
    source = "".join(path.read_text("utf-8") for path in Path(__file__).with_name("conformance").glob("*.py"))
    verbs = [name for name in vars(Store) if not name.startswith("_")]
    assert len(verbs) > 30
    assert [name for name in verbs if not re.search(rf"[.\"]{name}\b", source)] == []
