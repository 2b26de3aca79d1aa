"""The numbered changes that make the schema on PostgreSQL, and who can work with it."""

import re
from pathlib import Path

from queuectl.errors import StoreTooNew, StoreUnavailable
from queuectl.store.postgres import sql
from queuectl.store.postgres.connections import PostgresConnections
from queuectl.store.postgres.session import Session

MIGRATIONS = Path(__file__).parent / "migrations"
OLDEST_SERVER = 130_000
"""PostgreSQL 13, as it gives its version."""
_last_seen: list[tuple[int, str]] = []
_THERE = "SELECT to_regclass('queuectl.migrations') IS NOT NULL"
_VERSION = "SELECT coalesce(max(number), 0), coalesce(max(works_with), 0) FROM queuectl.migrations"
_BEGIN = """
    CREATE SCHEMA IF NOT EXISTS queuectl;
    CREATE TABLE IF NOT EXISTS queuectl.migrations (
        number     bigint PRIMARY KEY,
        works_with bigint NOT NULL,  -- the oldest version of the schema whose programs can work with this one
        applied_at bigint NOT NULL
    )
"""
_DONE = "INSERT INTO queuectl.migrations (number, works_with, applied_at) VALUES (%s, %s, %s)"


def migrations() -> list[tuple[int, str]]:
    """Return the numbered schema changes in order; the folder of an executable may be gone, but they are remembered."""
    found = sorted(
        (int(path.name.split("_")[0]), path.read_text(encoding="utf-8")) for path in MIGRATIONS.glob("*.sql")
    )
    if found:
        _last_seen[:] = found
    return list(_last_seen)


def latest_version() -> int:
    """Return the schema version that this program knows."""
    return migrations()[-1][0]


def migrate(connections: PostgresConnections) -> None:
    """Bring the schema up to date, unless a newer program has done more.

    A program goes on with a newer schema as long as that says that it works with it; so hosts of two versions can run
    side by side while they are updated one by one.

    Raises:
        StoreTooNew: the schema no longer works with this program.
        StoreUnavailable: the server is too old, or its database holds other texts than Unicode.
    """
    location = connections.address.location
    with connections.read() as db:
        if _is_current(db, location):
            return
        _check_server(db, location)
    with connections.write() as db:
        db.connection.patience = None  # a large queue takes its time
        db.execute(sql.LOCK_SCHEMA)
        if _is_current(db, location):
            return
        if not db.execute(_THERE).get:
            db.connection.execute(_BEGIN)
        [done, _] = db.execute(_VERSION).fetchone()
        for number, text in migrations():
            if number > done:
                works_with = re.search(r"^-- .*Works with: (\d+)$", text, re.MULTILINE)
                db.connection.execute(text.encode())
                db.execute(_DONE, (number, int(works_with[1]) if works_with else number, db.now))


def _is_current(db: Session, location: str) -> bool:
    if not db.execute(_THERE).get:
        return False
    [version, works_with] = db.execute(_VERSION).fetchone()
    if works_with > latest_version():
        raise StoreTooNew(
            f"{location} has schema version {version}, which works with {works_with} and newer; this queuectl knows up "
            f"to {latest_version()}"
        )
    return bool(version >= latest_version())


def _check_server(db: Session, location: str) -> None:
    info = db.connection.info
    if info.server_version < OLDEST_SERVER:
        hint = "Update the server, or name another one."
        raise StoreUnavailable(f"{location} is PostgreSQL {info.server_version // 10_000}; 13 is the oldest", hint=hint)
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        hint = "Create one that holds Unicode: createdb --encoding=UTF8 --template=template0 NAME"
        raise StoreUnavailable(f"{location} keeps its texts as {encoding}", hint=hint)
