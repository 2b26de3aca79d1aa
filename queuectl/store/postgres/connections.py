"""Connections to PostgreSQL: a few that are kept, a transaction a thread, and the server's clock.

A connection is opened in the thread that needs it, so that what keeps it from being opened is told there and then.
"""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from queuectl.errors import StoreBusy, StoreUnavailable
from queuectl.platform.elapsed import elapsed
from queuectl.platform.readable import readable
from queuectl.store.postgres import sql
from queuectl.store.postgres.address import Address
from queuectl.store.postgres.failures import Translated, Uncertain, nameless, said
from queuectl.store.postgres.hosts import looked_up
from queuectl.store.postgres.link import PATIENCE, Link
from queuectl.store.postgres.session import Session
from queuectl.store.rows import from_ms

BUSY_TIMEOUT = 10.0
"""Seconds to wait for what another transaction holds, and for a connection."""
MOST = 10
"""How many connections a process has at once, but for the one that listens."""
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"


class PostgresConnections:
    """Lend connections to threads; usable from several at once.

    Raises:
        StoreUnavailable: the server cannot be reached, or refuses; its children say why.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._idle: list[Session] = []
        self._guard = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST)
        self._local = threading.local()
        self._closed = False
        self._heard: tuple[int, float] | None = None
        """The server's time, and when that was, by this machine's clock."""
        self._in_verb = Translated(address.location, verb=True)
        self._around_verbs = Translated(address.location, verb=False)

    def close(self) -> None:
        """Close the connections that are not lent; the others are closed as they come back."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.connection.close()

    @property
    def patience(self) -> float | None:
        """For how many seconds this thread waits for an answer; None is for ever."""
        found: float | None = getattr(self._local, "patience", PATIENCE)
        return found

    @patience.setter
    def patience(self, seconds: float | None) -> None:
        self._local.patience = seconds

    def connect(self) -> Link:
        """Open a connection of the caller's own, which he closes."""
        with self._in_verb:
            try:
                options = looked_up({name: one for name, one in self.address.options.items() if one is not None})
            except OSError as exc:
                raise nameless(exc, self.address.location) from exc
            if self.patience is not None:
                options["connect_timeout"] = math.ceil(min(float(options["connect_timeout"]), self.patience))
            link = Link.connect(autocommit=True, **options)
            link.patience = self.patience
            return link

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Lend a connection to look: the one that this thread has, in its transaction if there is one."""
        with self._in_verb:
            mine: Session | None = self._mine() or getattr(self._local, "reading", None)
            if mine is not None:
                yield mine
                return
            with self._lent() as session:
                # A thread that asked for a second one while it has one could wait for others that do the same.
                self._local.reading = session
                try:
                    yield session
                finally:
                    self._local.reading = None

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Run a verb's changes in a transaction, or in the one that this thread is in."""
        with self._in_verb:
            mine = self._mine()
            if mine is not None:
                yield mine
            else:
                with self._transact() as session:
                    yield session

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a transaction of several verbs, or join the one that this thread is in."""
        with self._around_verbs:
            if self._mine() is not None:
                yield
                return
            with self._transact():
                yield

    def now(self) -> datetime:
        """Return the server's time; in a transaction, when that began."""
        mine = self._mine()
        if mine is not None:
            return from_ms(mine.now)
        with self.read() as session:
            found: int = session.execute(_NOW).get
        self._heard = found, elapsed()
        return from_ms(found)

    def about_now(self) -> datetime:
        """Return the server's time as this machine's clock counts on from when it was last heard."""
        if self._heard is None:
            return self.now()
        milliseconds, at = self._heard
        return from_ms(milliseconds + round((elapsed() - at) * 1000))

    def changed(self) -> bool:
        """Tell whether another connection has committed since this thread's last call.

        The server's snapshot tells, for each transaction that changes something has a number that is in it, or above
        it, as long as it lasts; whoever changes another database of the server is not told apart.
        """
        with self.read() as session:
            seen = session.execute("SELECT pg_current_snapshot()::text").get
        before, self._local.seen = getattr(self._local, "seen", None), seen
        return bool(seen != before)

    @property
    def is_inside(self) -> bool:
        """Tell whether this thread is in a transaction."""
        return self._mine() is not None

    def _mine(self) -> Session | None:
        session: Session | None = getattr(self._local, "session", None)
        return session

    @contextmanager
    def _transact(self) -> Iterator[Session]:
        with self._lent() as session:
            session.begin()
            self._heard = session.now, elapsed()
            self._local.session = session
            try:
                yield session
                self._commit(session)
                if session.missed:
                    session.execute(sql.RING)
            except BaseException:
                session.roll_back()
                raise
            finally:
                self._local.session = None

    def _commit(self, session: Session) -> None:
        backend = session.connection.info.backend_pid
        try:
            session.commit()
        except psycopg.OperationalError as exc:
            if session.connection.closed:
                raise Uncertain(self.address.location, said(exc), backend) from exc
            raise

    @contextmanager
    def _lent(self) -> Iterator[Session]:
        if not self._places.acquire(timeout=BUSY_TIMEOUT):
            raise StoreBusy(f"all {MOST} connections to {self.address.location} are in use", hint="Try again.")
        try:
            session = self._take()
            session.connection.patience = self.patience
            try:
                yield session
            except BaseException as exc:
                if _is_standby(exc):  # another server may be the primary by now
                    session.connection.close()
                if session.connection.closed:
                    self._forget_idle()
                raise
            finally:
                self._give_back(session)
        finally:
            self._places.release()

    def _take(self) -> Session:
        while True:
            with self._guard:
                if self._closed:
                    raise StoreUnavailable(f"{self.address.location} was closed")
                session = self._idle.pop() if self._idle else None
            if session is None:
                return Session(BUSY_TIMEOUT, self.connect)
            if _is_open(session.connection):
                session.untried = True
                return session
            session.connection.close()

    def _forget_idle(self) -> None:
        """Close the connections that nobody uses: what one has met, the others would."""
        with self._guard:
            idle, self._idle = self._idle, []
        for session in idle:
            session.connection.close()

    def _give_back(self, session: Session) -> None:
        connection = session.connection
        usable = not connection.closed and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        with self._guard:
            if usable and not self._closed:
                self._idle.append(session)
                return
        connection.close()


class ServerClock:
    """Tell the server's time of day, by which leases and schedules go on every machine."""

    def __init__(self, connections: PostgresConnections) -> None:
        self._connections = connections

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return self._connections.now()

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never jumps back."""
        return time.monotonic()


class NearClock:
    """Tell the server's time of day without asking each time, so that this is as good while it cannot be reached."""

    def __init__(self, connections: PostgresConnections) -> None:
        self._connections = connections

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return self._connections.about_now()

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never jumps back."""
        return time.monotonic()


def _is_standby(exc: BaseException) -> bool:
    """Tell whether a server could not be written to."""
    return any(isinstance(one, psycopg.errors.ReadOnlySqlTransaction) for one in (exc, exc.__cause__))


def _is_open(connection: "psycopg.Connection[Any]") -> bool:
    """Tell whether the server has not hung up; one that rests has nothing else to say."""
    if connection.closed:
        return False
    try:
        return not readable([connection.fileno()], 0)
    except (OSError, ValueError, psycopg.Error):
        return False
