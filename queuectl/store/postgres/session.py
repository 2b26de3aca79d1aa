"""One PostgreSQL connection as the verbs have it, and the locks that keep hosts out of each other's way."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper

from queuectl.store.postgres import sql
from queuectl.store.postgres.link import Link

FARTHEST = 5000
"""How far behind the best of a queue's jobs a claim looks for one that nobody else is about to claim."""
_JSON = frozenset({"runs"})
"""Values that are JSON and may hold what a program has put out."""
_ESCAPE = "\ufffe"
"""A character that means nothing in Unicode, and here a NUL (with 0 behind it) or itself (with 1)."""
_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u(0000|fffe)")
_SETUP = """
    SET search_path = queuectl; SET default_transaction_isolation = 'read committed'; SET timezone = 'UTC';
    SET lock_timeout = {wait:.0f}; SET idle_in_transaction_session_timeout = '60s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '30s'; SET standard_conforming_strings = on;
    SET jit = off; SET max_parallel_workers_per_gather = 0; SET enable_seqscan = off; SET enable_bitmapscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan
"""


class Found:
    """What a statement has found, with texts as they were before they were kept."""

    def __init__(self, cursor: "psycopg.Cursor[Any]") -> None:
        self._cursor = cursor

    @property
    def get(self) -> Any:
        """Return the only value there is; None when there is no row."""
        row = self.fetchone()
        return None if row is None else row[0]

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        row = self._cursor.fetchone()
        return None if row is None else _unescaped(row)

    def fetchall(self) -> Sequence[Any]:
        """Return all rows that are left."""
        return list(map(_unescaped, self._cursor.fetchall()))

    def __iter__(self) -> Iterator[Any]:
        return map(_unescaped, self._cursor)


class Session:
    """A connection, lent to one thread at a time; ``now`` is when its transaction began, by the server's clock."""

    sql: Any = sql

    def __init__(self, lock_timeout: float, connect: Callable[[], Link]) -> None:
        self._lock_timeout = lock_timeout
        self._connect = connect
        self.untried = False
        """Whether it has rested, and may have died meanwhile."""
        self.now = 0
        """Milliseconds since 1970."""
        self.inside = False
        """Whether a transaction is open."""
        self.missed = False
        """Whether its transaction left out what somebody else had locked, and that somebody should look for again."""
        self._has_graph = False
        self._has_limits = False
        self._holds_rows = False
        self._changes = 0
        self._reach = 0
        self._open()

    def _open(self) -> None:
        self.connection = connection = self._connect()
        # One type for each kind of value, so that a statement is prepared once; and what is written here goes by
        # indexes, whatever the planner makes of numbers from an idle moment.
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.prepare_threshold = 3
        self._cursor = connection.cursor()  # making one takes as long as asking with it
        connection.execute(_SETUP.format(wait=self._lock_timeout * 1000))

    def _execute(self, text: str, values: Any = None, *, is_read_at_once: bool = False) -> "psycopg.Cursor[Any]":
        """Run a statement; the first one after a rest once more on another connection, if this one has died."""
        untried, self.untried = self.untried, False
        try:
            return (self._cursor if is_read_at_once else self.connection).execute(text, values)
        except psycopg.OperationalError:
            if not untried or not self.connection.closed:
                raise
        self._open()
        return self.connection.execute(text, values)

    @property
    def sql_pages(self) -> Any:
        """Import what few commands need, as below: the others do not pay for it."""
        from queuectl.store.postgres import sql_pages

        return sql_pages

    @property
    def sql_runs(self) -> Any:
        """Import it late."""
        from queuectl.store.postgres import sql_runs

        return sql_runs

    @property
    def sql_schedules(self) -> Any:
        """Import it late."""
        from queuectl.store.postgres import sql_schedules

        return sql_schedules

    # transactions

    def begin(self) -> None:
        """Begin a transaction, and learn the time, in one step."""
        cursor = self._execute(
            "BEGIN; SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", is_read_at_once=True
        )
        cursor.nextset()
        self.now = Found(cursor).get
        self.inside = True
        self.missed = self._has_graph = self._holds_rows = False

    def commit(self) -> None:
        """Keep what was changed.

        Raises:
            InFailedSqlTransaction: a statement has failed, which the caller let pass; so nothing can be kept.
        """
        if self.connection.pgconn.transaction_status == TransactionStatus.INERROR:  # COMMIT would undo it all, silently
            raise errors.InFailedSqlTransaction("a part of it had failed, so nothing of it was kept")
        self.connection.commit()
        self.inside = False

    def roll_back(self) -> None:
        """Undo it; a connection that cannot even do that is closed."""
        self.inside = False
        try:
            self.connection.execute("ROLLBACK")
        except psycopg.Error:
            self.connection.close()

    # statements

    def execute(self, text: str, values: Any = (), /) -> Found:
        """Run a statement."""
        cursor = self._execute(text, _clean(values))
        self._changes = cursor.rowcount
        self._holds_rows = self._holds_rows or not text.lstrip().startswith("SELECT")
        return Found(cursor)

    def executemany(self, text: str, values: Iterable[Any], /) -> None:
        """Run a statement once for each of several values."""
        cleaned = [_clean(one) for one in values]
        if cleaned:
            self.connection.cursor().executemany(text, cleaned)

    def gather(self, text: str, values: Any) -> list[Any]:
        """Return all rows of a statement."""
        return list(map(_unescaped, self._execute(text, _clean(values), is_read_at_once=True).fetchall()))

    def changes(self) -> int:
        """Return how many rows the last statement changed."""
        return self._changes

    def candidates(self, values: dict[str, Any], most: int) -> list[Any]:
        """Return the best of the jobs that are ready and that nobody else is about to claim.

        Where others hold the first in line, it looks farther behind them.
        """
        reach = max(most, self._reach)
        while True:
            have = {"graph": self._has_graph, "limits": self._has_limits}  # what nobody had when it looked comes later
            wanted = {**values, **have, "reach": reach, "limit": most}
            rows = self.gather(sql.CANDIDATES, wanted)
            if len(rows) >= most or reach >= FARTHEST or not self.execute(sql.IS_CUT, wanted).get:
                self._reach = reach // 2  # about as many will be held the next time, or fewer
                return rows
            reach = min(FARTHEST, max(64, reach * 8))

    def claim_plainly(self, values: dict[str, Any], most: int) -> tuple[list[Any], bool]:
        """Take the best of the jobs that are ready, where no limit, mutex or slots matter, in one step.

        Where others hold the first in line, it looks farther behind them.
        """
        taken: list[Any] = []
        values = {**values, "token": os.urandom(16).hex(), "graph": False, "limits": False}
        reach = max(most, self._reach)
        while True:
            left = most - len(taken)
            found = self.gather(sql.CLAIM_PLAINLY, {**values, "reach": reach, "limit": left})
            [needs_locks, has_slots, is_cut] = found[0][:3]
            self._holds_rows = self._holds_rows or not needs_locks
            if needs_locks or has_slots:
                return taken, False
            taken += [row[3:] for row in found if row[3] is not None]
            if not is_cut or reach >= FARTHEST:
                self._reach = reach * 7 // 8  # about as many will be held the next time, or fewer
                return taken, True
            reach = min(FARTHEST, reach * 4)

    def end_runs(self, runs: Sequence[Mapping[str, Any]], now: int, host_name: str) -> Sequence[Any]:
        """End those runs whose lease is the current one, and count them; lock what that needs."""
        ended = self.gather(sql.END_RUNS, {"runs": json.dumps(runs), "now": now, "host_name": host_name})
        self._holds_rows = True
        return ended

    # locks

    def lock_graph(self) -> None:
        """Be the only one who changes what jobs wait for, and who is first in line for a mutex."""
        if not self._has_graph:
            self._execute(sql.LOCK_GRAPH)
            self._has_graph = True

    def try_graph(self) -> bool:
        """Lock the graph, but leave it if whoever has it may be waiting for rows of this transaction."""
        if self._has_graph or not self._holds_rows:
            self.lock_graph()
            return True
        self._has_graph = bool(Found(self.connection.execute(sql.TRY_GRAPH)).get)
        self.missed = self.missed or not self._has_graph
        return self._has_graph

    def lock_names(self, names: Iterable[str | None]) -> None:
        """Be the only one who adds something under these names."""
        wanted = sorted({name for name in names if name is not None})
        if wanted:
            self.execute(sql.LOCK_NAMES, {"names": wanted})

    def lock_jobs(self, job_ids: Iterable[int]) -> None:
        """Be the only one who changes these jobs."""
        wanted = list(job_ids)
        if wanted:
            self.connection.execute(sql.LOCK_JOBS, {"jobs": wanted})
            self._holds_rows = True

    def lock_queues(self) -> None:
        """Let nobody use a queue for the first time."""
        self.connection.execute(sql.LOCK_QUEUES)

    def lock_claims(self) -> bool:
        """Be the only one who claims from queues with a limit, or jobs with a mutex; tell whether limits matter."""
        found = self.connection.execute(sql.WHAT_CLAIMS_NEED).fetchone()
        [with_mutexes, with_limits] = found or (False, False)
        if with_mutexes:
            self.try_graph()
        if with_limits:
            self.connection.execute(sql.LOCK_LIMITS)
        self._has_limits = bool(with_limits)
        return self._has_limits

    def reserve_ids(self, highest: int) -> None:
        """Give no id up to this one to a new job."""
        self.connection.execute(sql.KEEP_OTHERS_FROM_IDS)
        if highest > 0:
            self.connection.execute(sql.RESERVE_IDS, {"highest": highest})


def _clean(values: Any) -> Any:
    """Put something else for NUL, which PostgreSQL's texts cannot hold; a program may well have put it out."""
    if isinstance(values, Mapping):
        return {name: _escaped(value, json=name in _JSON) for name, value in values.items()}
    return [_escaped(value, json=False) for value in values]


def _escaped(value: Any, *, json: bool) -> Any:
    if isinstance(value, str):
        if json and ("\\u0000" in value or "\\ufffe" in value):
            return _IN_JSON.sub(lambda found: f"{found[1]}\\ufffe{int(found[2] != '0000')}", value)
        if "\0" in value or _ESCAPE in value:
            return value.replace(_ESCAPE, _ESCAPE + "1").replace("\0", _ESCAPE + "0")
    return value


def _unescaped(row: tuple[Any, ...]) -> tuple[Any, ...]:
    for value in row:
        if isinstance(value, str) and _ESCAPE in value:
            return tuple(_restored(one) if isinstance(one, str) else one for one in row)
    return row  # as nearly always


def _restored(text: str) -> str:
    return text.replace(_ESCAPE + "0", "\0").replace(_ESCAPE + "1", _ESCAPE)
