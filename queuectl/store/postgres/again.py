"""What is tried again by itself: a verb that a deadlock has undone, and one of which nobody knows whether it was done.

A verb is one transaction, so that nothing of it is left when it has failed.
"""

import functools
import inspect
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from psycopg import errors

from queuectl.errors import StoreUnavailable
from queuectl.model.job import Job
from queuectl.store.postgres.connections import PostgresConnections
from queuectl.store.postgres.failures import Uncertain

WAITS = (0.01, 0.05, 0.2)
"""Longest waits, in seconds, before a verb is tried again that a deadlock has undone."""
REUNION = 10.0
"""Seconds in which the server must be there again to say whether it has kept something."""
_WORKS_STILL = "SELECT 1 FROM pg_locks WHERE pid = %s AND locktype = 'transactionid' LIMIT 1"
_IS_THERE = "SELECT 1 FROM jobs WHERE id = %s"

_UNDONE = (errors.DeadlockDetected, errors.SerializationFailure, errors.ReadOnlySqlTransaction)
"""After which nothing has been done; the last one of a server that is the primary no longer, but another one may be."""

T = TypeVar("T", bound=type)


def repeats(store: T) -> T:
    """Have each verb of a store tried again that a deadlock has undone; one within a transaction is the caller's."""
    for name, verb in inspect.getmembers(store, inspect.isfunction):
        if name == "enqueue" or (not name.startswith("_") and verb.__module__.startswith("queuectl.store.verbs.")):
            setattr(store, name, _repeating(verb))
    return store


def _repeating(verb: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(verb)
    def repeating(self: Any, *args: Any, **kwargs: Any) -> Any:
        connections: PostgresConnections = self._db
        if connections.is_inside:
            return verb(self, *args, **kwargs)
        for wait in WAITS:
            try:
                return verb(self, *args, **kwargs)
            except StoreUnavailable as exc:
                if not isinstance(exc.__cause__, _UNDONE):
                    raise
            time.sleep(random.uniform(0, wait))  # noqa: S311 - spreads retries, guards nothing
        return verb(self, *args, **kwargs)

    return repeating


def added_once(connections: PostgresConnections, add: Callable[[], Sequence[Job]]) -> list[Job]:
    """Add jobs, and when the answer was lost, find out whether they are there before they are added again.

    Raises:
        StoreUnavailable: nobody knows, for the server did not come back in time.
    """
    while True:
        added: Sequence[Job] = ()
        try:
            with connections.transaction():
                added = add()
            return list(added)
        except Uncertain as exc:
            if _is_kept(connections, added, exc):
                return list(added)


def _is_kept(connections: PostgresConnections, jobs: Sequence[Job], doubt: Uncertain) -> bool:
    """Tell whether they are there, when the transaction that adds them has ended; no id is given twice."""
    deadline = time.monotonic() + REUNION
    newest = max((job.id for job in jobs), default=0)
    while True:
        try:
            with connections.read() as db:
                if not db.execute(_WORKS_STILL, (doubt.backend,)).get:
                    return bool(db.execute(_IS_THERE, (newest,)).get)
        except StoreUnavailable:
            pass
        if time.monotonic() >= deadline:
            raise doubt
        time.sleep(0.1)
