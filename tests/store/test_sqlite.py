"""The store on SQLite passes the suite."""

import contextlib
import re
import socket
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from queuectl.model.state import State
from queuectl.store import pages
from queuectl.store.base import Store
from queuectl.store.page_verbs import PageVerbs
from queuectl.store.run_verbs import RunVerbs
from queuectl.store.schedule_verbs import ScheduleVerbs
from tests.store.conformance import StoreConformance
from tests.store.conformance.case import add, take
from tests.store.conformance.pages import Pages
from tests.store.conformance.registry import HOST
from tests.support import PATIENCE


class TestSqlite(StoreConformance):
    @pytest.fixture
    def make_store(self, open_sqlite):
        return open_sqlite


class TestSqliteInSmallPieces(Pages):
    """Where what it looks at comes in many pieces."""

    @pytest.fixture
    def make_store(self, open_sqlite, monkeypatch):
        for name, value in (("CHUNK", 3), ("AT_ONCE", 8), ("LEAST", 1)):
            monkeypatch.setattr(pages, name, value)
        return open_sqlite


def test_the_suite_knows_every_verb():
    source = "".join(path.read_text("utf-8") for path in Path(__file__).with_name("conformance").glob("*.py"))
    verbs = [
        name for part in (Store, PageVerbs, RunVerbs, ScheduleVerbs) for name in vars(part) if not name.startswith("_")
    ]
    assert len(verbs) > 30
    assert [name for name in verbs if not re.search(rf"[.\"]{name}\b", source)] == []


def test_a_ring_reaches_the_hosts_of_this_machine_only(open_sqlite):
    store = open_sqlite()
    with contextlib.ExitStack() as stack:
        bells = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(3)]
        for number, (bell, machine) in enumerate(zip(bells, ("here", "here", "elsewhere"), strict=True)):
            bell.bind(("127.0.0.1", 0))
            bell.settimeout(PATIENCE)
            store.add_host(replace(HOST, id=f"host-{number}", machine=machine, port=bell.getsockname()[1]))
        store.ring()
        assert [bell.recv(100) for bell in bells[:2]] == [b"", b""]
        bells[2].setblocking(False)
        with pytest.raises(BlockingIOError):
            bells[2].recv(100)


def test_a_ring_that_cannot_be_is_no_failure_of_what_was_done_before(open_sqlite):
    store = open_sqlite()
    store.close()
    store.ring()


def test_a_host_that_starts_lets_go_whom_one_of_an_earlier_version_left_behind(open_sqlite):
    store = open_sqlite()
    running, waiting = take(store, add(store, mutex="m")), add(store, mutex="m")
    with apsw.Connection(store.location) as older:
        ended = "state = 'completed', finished_at = 1, lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL"
        older.execute(f"UPDATE jobs SET {ended} WHERE id = ?", (running.id,))
    assert store.get(waiting.id).state is State.BLOCKED
    store.add_host(HOST)
    assert store.get(waiting.id).state is State.PENDING
