"""SQLite connections that are durable, fair to each other, and loud when something is wrong."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

import apsw

from queuectl.errors import StoreBusy, StoreCorrupt, StoreFull, StoreTooNew, StoreUnavailable
from queuectl.platform.lock import FileLock

APPLICATION_ID = 0x71756575
"""Marks a database file as queuectl's ("queu"); https://sqlite.org/pragma.html#pragma_application_id."""
BUSY_TIMEOUT = 10.0
"""Seconds to wait for a program that holds the database."""
MIGRATIONS = Path(__file__).parent / "migrations"


class _Own:
    """What one thread has of a database. It goes with the thread, and so closes its files."""

    def __init__(self, connection: apsw.Connection, lock: FileLock) -> None:
        self.connection = connection
        self.lock = lock
        self.inside = False
        """Whether a write transaction is open."""
        self.version: int | None = None
        """The last seen PRAGMA data_version."""

    def close(self) -> None:
        self.connection.close()
        self.lock.close()


class Connections:
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
        self._prepare()

    def close(self) -> None:
        """Close the connections of all threads; none of them may be in use."""
        with self._guard:
            self._closed = True
            opened = list(self._opened)
        for own in opened:
            own.close()

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Lend this thread's connection."""
        with translated(self.path):
            yield self._mine().connection

    def changed(self) -> bool:
        """Tell whether another connection has committed since this thread's last call."""
        with translated(self.path):
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
    def write(self) -> Iterator[apsw.Connection]:
        """Run a write transaction, or join the one that this thread is in."""
        with translated(self.path):
            own = self._mine()
            connection = own.connection
            if own.inside:
                yield connection
                return
            with self._turn(own.lock):
                connection.execute("BEGIN IMMEDIATE")
                own.inside = True
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                finally:
                    own.inside = False

    @contextmanager
    def _turn(self, lock: FileLock) -> Iterator[None]:
        held = lock.acquire(BUSY_TIMEOUT)
        try:
            yield
        finally:
            if held:
                lock.release()

    def _open(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path))
        connection.set_busy_timeout(int(BUSY_TIMEOUT * 1000))
        connection.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")
        return connection

    def _prepare(self) -> None:
        if self.path.is_dir():
            raise StoreUnavailable(f"{self.path} is a directory", hint="Name a file, e.g. --db queue.db")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.path.exists():
                # The queue runs what is written here: nobody else may read or write it.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as exc:
            raise StoreUnavailable(f"{self.path} cannot be created: {exc.strerror or exc}") from exc
        with self.read() as connection:
            version = _version(connection, self.path)
            if connection.pragma("journal_mode") != "wal":  # it is new, or a copy
                with self._turn(self._mine().lock):
                    connection.pragma("journal_mode", "wal")
            if version != latest_version():
                self._migrate(connection)

    def _migrate(self, connection: apsw.Connection) -> None:
        for number, script in migrations():
            with self.write():
                if _version(connection, self.path) >= number:
                    continue
                if number == 1:
                    connection.pragma("application_id", APPLICATION_ID)
                connection.execute(script.read_text(encoding="utf-8"))
                connection.pragma("user_version", number)


def migrations() -> list[tuple[int, Path]]:
    """Return the numbered schema changes in order."""
    return sorted((int(path.name.split("_")[0]), path) for path in MIGRATIONS.glob("*.sql"))


def latest_version() -> int:
    """Return the schema version that this program knows."""
    return migrations()[-1][0]


def _version(connection: apsw.Connection, path: Path) -> int:
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


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the database's errors into ours, so that each says what to do next."""
    try:
        yield
    except (apsw.BusyError, apsw.LockedError) as exc:
        raise StoreBusy(f"{path} is held by another program ({exc})") from exc
    except apsw.FullError as exc:
        raise StoreFull(f"{path} cannot grow: the disk is full") from exc
    except (apsw.NotADBError, apsw.CorruptError) as exc:
        raise StoreCorrupt(f"{path} is damaged or no SQLite database ({exc})") from exc
    except apsw.ReadOnlyError as exc:
        raise StoreUnavailable(f"{path} cannot be written ({exc})", hint="Check its owner and permissions.") from exc
    except apsw.ConstraintError:
        raise  # a verb's own mistake, not the database's
    except apsw.Error as exc:
        raise StoreUnavailable(f"{path} cannot be used: {exc}") from exc
