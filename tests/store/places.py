"""Databases for state machines, which have no fixtures: each with nothing in it, and gone at the end."""

import shutil
import tempfile
from pathlib import Path

from queuectl.store.sqlite import SqliteStore
from tests.postgres import shared_server


class SqlitePlace:
    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="queuectl-test-"))

    def open(self, clock):
        return SqliteStore(self._folder / "queue.db", self._folder / "lock", clock=clock, machine="here")

    def remove(self):
        shutil.rmtree(self._folder)


class PostgresPlace:
    def __init__(self):
        server = shared_server()
        self._url = server.url("machine")
        server.wipe("machine")

    def open(self, clock):
        from queuectl.store.postgres import PostgresStore
        from queuectl.store.postgres.address import parse

        return PostgresStore(parse(self._url), clock=clock)

    def remove(self):
        """The next one wipes it."""
