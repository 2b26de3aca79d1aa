"""The Store on SQLite: one file, any number of processes on one machine."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.errors import StoreUnavailable
from queuectl.store import sql
from queuectl.store.connection import SqliteConnections
from queuectl.store.verbs.jobs import JobsVerbs
from queuectl.store.verbs.lists import ListsVerbs
from queuectl.store.verbs.registry import RegistryVerbs
from queuectl.store.verbs.runs import RunsVerbs
from queuectl.store.verbs.schedules import SchedulesVerbs
from queuectl.store.verbs.work import WorkVerbs

if TYPE_CHECKING:
    import socket


class SqliteStore(JobsVerbs, WorkVerbs, RegistryVerbs, ListsVerbs, RunsVerbs, SchedulesVerbs):
    """Implement the Store protocol on one SQLite file; usable from several threads at once.

    ``machine`` says which machine this is; only its hosts are rung.
    """

    def __init__(self, path: Path, lock_path: Path, *, clock: Clock, machine: str) -> None:
        self._path = path
        self._db = SqliteConnections(path, lock_path)
        self._clock = clock
        self._machine = machine
        self._bell: socket.socket | None = None

    @property
    def location(self) -> str:
        return str(self._path)

    @property
    def address(self) -> str:
        return self.location

    def close(self) -> None:
        self._db.close()
        if self._bell is not None:
            self._bell.close()

    def transaction(self) -> AbstractContextManager[None]:
        return self._db.transaction()

    @property
    def clock(self) -> Clock:
        return self._clock

    def now(self) -> datetime:
        return self._clock.now()

    def changed(self) -> bool:
        return self._db.changed()

    def answer_within(self, seconds: float | None) -> None:
        pass  # the lock's and the database's own timeouts are it

    def ring(self) -> None:
        # Best effort: what the caller has just done is done, whether or not anybody hears of it at once.
        with suppress(StoreUnavailable, OSError):
            with self._db.read() as db:
                ports = db.execute(sql.PORTS, (self._machine,)).fetchall()
            if not ports:
                return
            import socket

            bell = self._bell = self._bell or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            bell.setblocking(False)
            for (port,) in ports:
                with suppress(OSError):
                    bell.sendto(b"", ("127.0.0.1", port))

    def listen(self, on_ring: Callable[[], None]) -> Callable[[float], None]:  # noqa: ARG002 - a host has a doorbell
        return lambda _: None

    def is_elected(self) -> bool:
        return True
