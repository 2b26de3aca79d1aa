"""SQLite connections that are durable, fair to each other, and loud when something is wrong."""

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from weakref import WeakSet

import apsw

from queuectl.errors import (
    QueuectlError,
    StoreBusy,
    StoreCorrupt,
    StoreFull,
    StoreTooNew,
    StoreUnavailable,
    UsageError,
)
from queuectl.platform.lock import FileLock
from queuectl.store import sql

APPLICATION_ID = 0x71756575
"""Marks a database file as queuectl's ("queu"); https://sqlite.org/pragma.html#pragma_application_id."""
BUSY_TIMEOUT = 10.0
"""Seconds to wait for a program that holds the database."""
MIGRATIONS = Path(__file__).parent / "migrations"
_last_seen: list[tuple[int, Path]] = []


class Sqlite(apsw.Connection):
    """A connection as the verbs have it; who writes is alone, by the transaction itself, so the locks are nothing."""

    sql: Any = sql

    @property
    def sql_pages(self) -> Any:
        """Import what few commands need, as below: the others do not pay for it."""
        from queuectl.store import sql_pages

        return sql_pages

    @property
    def sql_runs(self) -> Any:
        """Import it late."""
        from queuectl.store import sql_runs

        return sql_runs

    @property
    def sql_schedules(self) -> Any:
        """Import it late."""
        from queuectl.store import sql_schedules

        return sql_schedules

    def gather(self, text: str, values: Any) -> list[Any]:
        """Read rows that come as one JSON text: each step gives up Python's lock and has to win it back."""
        found: Any = self.execute(text, values).get
        rows: list[Any] = json.loads(found)
        return rows

    def candidates(self, values: dict[str, Any], most: int) -> list[Any]:
        """Return the best of the jobs that are ready."""
        return self.gather(sql.CANDIDATES, {**values, "limit": most})

    def claim_plainly(self, values: dict[str, Any], most: int) -> tuple[list[Any], bool]:  # noqa: ARG002 - as the others
        """Take nothing: where a statement costs little, the long way is as quick."""
        return [], False

    def end_runs(self, runs: Sequence[Mapping[str, Any]], now: int, host_name: str) -> Sequence[tuple[int, str, bool]]:
        """End those runs whose lease is the current one."""
        from queuectl.store.ending import end_runs  # most programs end none

        return end_runs(self, runs, now, host_name)

    def lock_graph(self) -> None:
        """Do nothing."""

    def try_graph(self) -> bool:
        """Do nothing."""
        return True

    def lock_names(self, names: Iterable[str | None]) -> None:
        """Do nothing."""

    def lock_jobs(self, job_ids: Iterable[int]) -> None:
        """Do nothing."""

    def lock_queues(self) -> None:
        """Do nothing."""

    def lock_claims(self) -> bool:
        """Do nothing."""
        return True

    def reserve_ids(self, highest: int) -> None:
        """Give no id up to this one to a new job; AUTOINCREMENT itself goes by what is inserted."""
        self.execute(sql.BEGIN_IDS)
        self.execute(sql.RESERVE_IDS, {"highest": highest})


class _Own:
    """What one thread has of a database. It goes with the thread, and so closes its files."""

    def __init__(self, connection: Sqlite, lock: FileLock) -> None:
        self.connection = connection
        self.lock = lock
        self.inside = False
        """Whether a write transaction is open."""
        self.version: int | None = None
        """The last seen PRAGMA data_version."""

    def close(self) -> None:
        self.connection.close()
        self.lock.close()


class SqliteConnections:
    """One connection a thread to one SQLite file, opened when the thread first needs it.

    SQLite's busy handler is not fair: beside a host that never rests, another writer can wait for seconds. So each
    write transaction is taken under an advisory file lock, which queues the processes up; ``busy_timeout`` stands
    behind it for strangers.

    Raises:
        StoreUnavailable: the file cannot be opened; its children say why.
    """

    def __init__(self, path: Path, lock_path: Path) -> None:
        self.path = path
        self._lock_path = lock_path
        self._local = threading.local()
        self._guard = threading.Lock()
        self._opened: WeakSet[_Own] = WeakSet()
        self._closed = False
        self._in_verb = _Translated(path, verb=True)
        self._around_verbs = _Translated(path, verb=False)
        self._prepare()

    def close(self) -> None:
        """Close the connections of all threads; none of them may be in use."""
        with self._guard:
            self._closed = True
            opened = list(self._opened)
        for own in opened:
            own.close()

    @contextmanager
    def read(self) -> Iterator[Sqlite]:
        """Lend this thread's connection."""
        with self._in_verb:
            yield self._mine().connection

    def changed(self) -> bool:
        """Tell whether another connection has committed since this thread's last call."""
        with self._in_verb:
            own = self._mine()
            before, own.version = own.version, int(own.connection.pragma("data_version"))
            return own.version != before

    def _mine(self) -> _Own:
        own: _Own | None = getattr(self._local, "own", None)
        if own is None:
            if self._closed:
                raise StoreUnavailable(f"{self.path} was closed")
            own = self._local.own = _Own(self._open(), FileLock(self._lock_path))
            with self._guard:
                self._opened.add(own)
        return own

    @contextmanager
    def write(self) -> Iterator[Sqlite]:
        """Run a verb's changes in a write transaction, or in the one that this thread is in."""
        with self._in_verb:
            own = self._mine()
            if own.inside:
                yield own.connection
            else:
                with self.transaction():
                    yield own.connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a write transaction of several verbs, or join the one that this thread is in."""
        with self._around_verbs:
            own = self._mine()
            if own.inside:
                yield
                return
            with self._turn(own.lock):
                own.connection.execute("BEGIN IMMEDIATE")
                own.inside = True
                try:
                    yield
                    own.connection.execute("COMMIT")
                except BaseException:
                    if own.connection.in_transaction:
                        own.connection.execute("ROLLBACK")
                    raise
                finally:
                    own.inside = False

    @contextmanager
    def _turn(self, lock: FileLock) -> Iterator[None]:
        try:
            held = lock.acquire(BUSY_TIMEOUT)
        except OSError as exc:
            raise StoreUnavailable(
                f"{self._lock_path} cannot be locked: {exc.strerror or exc}", hint="Check its owner and permissions."
            ) from exc
        try:
            yield
        finally:
            if held:
                lock.release()

    def _open(self) -> Sqlite:
        connection = Sqlite(str(self.path))
        connection.set_busy_timeout(int(BUSY_TIMEOUT * 1000))
        connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        return connection

    def _prepare(self) -> None:
        try:
            if self.path.is_dir():
                raise StoreUnavailable(f"{self.path} is a directory", hint="Name a file, e.g. --db queue.db")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.path.exists():
                # The queue runs what is written here: nobody else may read or write it.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as exc:
            where = f" ({exc.filename})" if exc.filename != str(self.path) else ""
            hint = "Check the folder's owner and permissions."
            raise StoreUnavailable(f"{self.path} cannot be created: {exc.strerror}{where}", hint=hint) from exc
        with self.read() as connection:
            version = _version(connection, self.path)
            if connection.pragma("journal_mode") != "wal":  # it is new, or a copy
                with self._turn(self._mine().lock):
                    connection.pragma("journal_mode", "wal")
            if version != latest_version():
                self._migrate(connection)
            self._drop_statistics(connection)

    def _drop_statistics(self, connection: Sqlite) -> None:
        """Forget what somebody's ANALYZE found: numbers from an idle moment would turn the claim into a scan."""
        found: Any = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'sqlite_stat[0-9]'").fetchall()
        if not found:
            return
        with self.write():
            for (name,) in found:
                connection.execute(f"DROP TABLE IF EXISTS {name}")
        self._local.own.close()  # it has read them
        del self._local.own

    def _migrate(self, connection: Sqlite) -> None:
        for number, script in migrations():
            with self.write():
                if _version(connection, self.path) >= number:
                    continue
                if number == 1:
                    connection.pragma("application_id", APPLICATION_ID)
                connection.execute(script.read_text(encoding="utf-8"))
                connection.pragma("user_version", number)


def migrations() -> list[tuple[int, Path]]:
    """Return the numbered schema changes in order; the folder of an executable may be gone, but they are remembered."""
    found = sorted((int(path.name.split("_")[0]), path) for path in MIGRATIONS.glob("*.sql"))
    if found:
        _last_seen[:] = found
    return list(_last_seen)


def latest_version() -> int:
    """Return the schema version that this program knows."""
    return migrations()[-1][0]


def _version(connection: Sqlite, path: Path) -> int:
    with connection:  # one snapshot: another process may be creating the schema just now
        version = int(connection.pragma("user_version"))
        application = connection.pragma("application_id")
        is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").get
    if application != APPLICATION_ID:
        if version or not is_empty:
            raise StoreCorrupt(f"{path} is a database, but not one of queuectl's")
        return 0
    if version > latest_version():
        raise StoreTooNew(f"{path} has schema version {version}; this queuectl knows up to {latest_version()}")
    return version


class _Translated:
    """Turn the database's errors into ours, so that each says what to do next."""

    def __init__(self, path: Path, *, verb: bool) -> None:
        self._path = path
        self._verb = verb
        """Whether a verb failed; around several of them, what is not the database's error is the caller's."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        error: QueuectlError | None = None
        if isinstance(exc, apsw.Error):
            error = _explained(exc, self._path)
        elif self._verb and isinstance(exc, UnicodeEncodeError):
            error = UsageError(f"{exc.object[:50]!r} is not valid Unicode")
        elif self._verb and isinstance(exc, ValueError | OverflowError):
            error = StoreCorrupt(f"{self._path} is damaged: it holds what queuectl never wrote ({exc})")
        if error is not None:
            raise error from exc


def _explained(exc: apsw.Error, path: Path) -> StoreUnavailable:
    match exc:
        case apsw.BusyError() | apsw.LockedError():
            return StoreBusy(f"{path} is held by another program ({exc})")
        case apsw.FullError():
            return StoreFull(f"{path} cannot grow: the disk is full")
        case apsw.NotADBError() | apsw.CorruptError():
            return StoreCorrupt(f"{path} is damaged or no SQLite database ({exc})")
        case apsw.CantOpenError() | apsw.ReadOnlyError() | apsw.PermissionsError():
            hint = (
                f"Check owner and permissions: of its folder, of it, and of {path.name}-wal and -shm if they are there."
            )
            return StoreUnavailable(f"{path} cannot be written ({exc})", hint=hint)
        case apsw.IOError():
            hint = "Its disk may be full or failing, or be a network drive."
            return StoreUnavailable(f"{path} cannot be read or written ({exc})", hint=hint)
    return StoreUnavailable(f"{path} cannot be used: {exc}")
