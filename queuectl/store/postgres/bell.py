"""A thread that hears the rings of all machines, and stands for election: one process of all does what one should."""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from queuectl.errors import QueuectlError
from queuectl.platform.readable import readable
from queuectl.store.postgres import sql
from queuectl.store.postgres.connections import PostgresConnections

ELECTION = 5.0
"""Seconds between two attempts to be elected: so long nobody is, after one that was has died."""
PATIENCE = (0.2, 5.0)
"""First and longest wait, in seconds, before a lost connection is opened again."""
PAUSE_AFTER_RING = 0.001
"""Seconds; so that a flood of rings cannot keep the host busy."""

# Version 13 knows no timeout of idle sessions. A host that is cut off must not stay elected for hours.
_SETUP = """
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '30s'; LISTEN queuectl
"""

log = logging.getLogger("queuectl.store")


class Bell:
    """Hold one connection for as long as it lasts, and open it again when it is lost."""

    def __init__(self, connections: PostgresConnections, on_ring: Callable[[], None]) -> None:
        self.elected = False
        """Whether this process holds the lock that one process of all holds."""
        self._connections = connections
        self._on_ring = on_ring
        self._stopped = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._listen_for_ever, name="postgres-bell", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop listening; wait at most ``timeout`` seconds for the thread."""
        self._stopped.set()
        with suppress(OSError):
            self._wake.send(b"\0")
        self._thread.join(timeout)
        self._wake.close()
        self._woken.close()

    def _listen_for_ever(self) -> None:
        patience = PATIENCE[0]
        while not self._stopped.is_set():
            try:
                with self._connections.connect() as connection:
                    connection.execute(_SETUP)
                    patience = PATIENCE[0]
                    self._on_ring()  # who rang before is not heard any more
                    self._listen(connection)
            except (QueuectlError, psycopg.Error, OSError) as exc:
                # Who works with the database tells of it, once.
                log.info("rings are not heard, trying again in %.1f s: %s", patience, exc)
            self.elected = False
            self._stopped.wait(patience * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, guards nothing
            patience = min(patience * 2, PATIENCE[1])

    def _listen(self, connection: "psycopg.Connection[Any]") -> None:
        next_election = 0.0
        while not self._stopped.is_set():
            now = time.monotonic()
            if not self.elected and now >= next_election:
                row = connection.execute(sql.ELECT).fetchone()
                self.elected = bool(row and row[0])
                next_election = now + ELECTION
                if self.elected:
                    self._on_ring()
            wait = None if self.elected else max(0.0, next_election - now)
            server = connection.fileno()
            if server in readable([server, self._woken.fileno()], wait):
                rung = False
                for _ in connection.notifies(timeout=0):
                    rung = True
                if rung:
                    self._on_ring()
                    self._stopped.wait(PAUSE_AFTER_RING)
