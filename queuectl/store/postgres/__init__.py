"""The Store on PostgreSQL: one database, any number of processes on any number of machines."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime

from queuectl.clock import Clock
from queuectl.errors import StoreUnavailable
from queuectl.model.job import Job
from queuectl.store.postgres import sql
from queuectl.store.postgres.address import Address
from queuectl.store.postgres.again import added_once, repeats
from queuectl.store.postgres.bell import Bell
from queuectl.store.postgres.connections import NearClock, PostgresConnections, ServerClock
from queuectl.store.postgres.link import PATIENCE
from queuectl.store.postgres.migrations import migrate
from queuectl.store.types import NewJob
from queuectl.store.verbs.jobs import JobsVerbs
from queuectl.store.verbs.lists import ListsVerbs
from queuectl.store.verbs.registry import RegistryVerbs
from queuectl.store.verbs.runs import RunsVerbs
from queuectl.store.verbs.schedules import SchedulesVerbs
from queuectl.store.verbs.work import WorkVerbs


@repeats
class PostgresStore(JobsVerbs, WorkVerbs, RegistryVerbs, ListsVerbs, RunsVerbs, SchedulesVerbs):
    """Implement the Store protocol in the schema ``queuectl`` of a database; usable from several threads at once.

    Leases and schedules go by the server's clock, unless a test brings one of its own.
    """

    def __init__(self, address: Address, *, clock: Clock | None = None) -> None:
        self._address = address
        self._db = self._connections = PostgresConnections(address)
        self._clock = clock or ServerClock(self._connections)
        self._near = clock or NearClock(self._connections)
        self._bell: Bell | None = None
        try:
            migrate(self._connections)
        except BaseException:
            self._connections.close()
            raise

    @property
    def location(self) -> str:
        return self._address.location

    @property
    def address(self) -> str:
        return self._address.url

    def close(self) -> None:
        if self._bell is not None:
            self._bell.stop(1)
        self._connections.close()

    def transaction(self) -> AbstractContextManager[None]:
        return self._connections.transaction()

    @property
    def clock(self) -> Clock:
        return self._near

    def now(self) -> datetime:
        return self._clock.now()

    def changed(self) -> bool:
        return self._connections.changed()

    def enqueue(self, jobs: Sequence[NewJob], *, batch: str | None = None, source: str = "") -> list[Job]:
        return added_once(
            self._connections, lambda: super(PostgresStore, self).enqueue(jobs, batch=batch, source=source)
        )

    def answer_within(self, seconds: float | None) -> None:
        self._connections.patience = PATIENCE if seconds is None else seconds

    def ring(self) -> None:
        # Best effort: what the caller has just done is done, whether or not anybody hears of it at once.
        with suppress(StoreUnavailable), self._connections.read() as db:
            db.execute(sql.RING)

    def listen(self, on_ring: Callable[[], None]) -> Callable[[float], None]:
        self._bell = bell = Bell(self._connections, on_ring)
        return bell.stop

    def is_elected(self) -> bool:
        return self._bell is not None and self._bell.elected
