"""Pages of jobs, in several orders, each found by an index that has that order.

The best of each queue and state come by the index, and the best of these are the page; so its cost does not grow with
the number of jobs. What no index can find, such as a text, is looked for in what comes by, piece by piece.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from queuectl.clock import Clock
from queuectl.errors import UsageError
from queuectl.model.job import Job
from queuectl.model.state import FINAL, State
from queuectl.store.database import Database
from queuectl.store.rows import job_from_row
from queuectl.store.types import JobFilter, Order, Page

CHUNK = 1000
"""How many jobs of one queue and state are looked at, at most, before it looks at the time."""
AT_ONCE = 4000
"""How many of all of them together, unless these are very many."""
LEAST = 10
"""How many of each even then."""
_FAR = 2**62
"""Behind every id, time and priority."""

Key = tuple[int, ...]
"""A job's place in an order; ids and times count backwards where the newest comes first, so that the least is first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How an order is found: by an index on queue, state (but for ``jobs_ready``) and these columns, with signs."""

    index: str
    holds: str
    """The condition of the index."""
    columns: Sequence[tuple[str, int]]
    states: frozenset[State] = frozenset(State)

    def values(self, after: Key, below: int) -> dict[str, int]:
        """Return what the statement is to be run with, for the keys behind one and the ids below a number."""
        id_ = after[-1] * self.columns[-1][1]
        low, high = (-_FAR, min(id_, below)) if self.columns[-1][1] < 0 else (id_, below)
        return {"mark": after[0] * self.columns[0][1], "low": low, "high": high, "below": below}


WAYS = {
    Order.NEWEST: Way(index="jobs_listed", holds="state <> 'processing'", columns=(("id", -1),)),
    Order.OLDEST: Way(index="jobs_listed", holds="state <> 'processing'", columns=(("id", 1),)),
    Order.ENDED: Way(
        index="jobs_ended_of_queue", holds="finished_at IS NOT NULL", columns=(("finished_at", -1), ("id", -1)),
        states=FINAL,
    ),
    Order.DUE: Way(
        index="jobs_due_of_queue", holds="state IN ('scheduled', 'failed')", columns=(("run_at", 1), ("id", 1)),
        states=frozenset({State.SCHEDULED, State.FAILED}),
    ),
    Order.NEXT: Way(
        index="jobs_ready", holds="state = 'pending'", columns=(("priority", -1), ("id", 1)),
        states=frozenset({State.PENDING}),
    ),
}  # fmt: skip
BY_ID = (Order.NEWEST, Order.OLDEST)


def page(db: Database, query: JobFilter, clock: Clock, seconds: float | None = None) -> Page:
    """Return the jobs behind the query's cursor, and the cursor for those behind them."""
    after = _key(query)
    if query.limit <= 0:
        return Page(jobs=[], cursor=query.cursor)
    began = clock.monotonic()
    search = _Search(db, query)
    found: list[tuple[Key, Job]] = []
    while True:
        missing = query.limit + 1 - len(found)
        keys, more = search.keys(after, missing)
        found += search.jobs(keys)
        if len(found) > query.limit:
            found = found[: query.limit]
            return Page(jobs=[job for _, job in found], cursor=_cursor(query.order, found[-1][0]))
        if not more:
            return Page(jobs=[job for _, job in found], cursor=None)
        after = keys[-1]
        if seconds is not None and clock.monotonic() - began >= seconds:
            return Page(jobs=[job for _, job in found], cursor=_cursor(query.order, after), exhausted=False)


class _Search:
    """One look for jobs."""

    def __init__(self, db: Database, query: JobFilter) -> None:
        self._db = db
        self._sql = db.sql_pages
        self._order = query.order
        self._way = WAYS[query.order]
        states = set(query.states or State) & self._way.states
        self._sifts = any(one is not None for one in (query.tag, query.key, query.text))
        """Whether only some of those that come by the index are wanted."""
        self._below = _FAR if query.before is None else min(query.before, _FAR)
        pattern = None if query.text is None else "%" + re.sub("([%_~])", r"~\1", query.text) + "%"
        self._values = {
            "queue": query.queue, "states": json.dumps(sorted(states)), "key": query.key, "tag": query.tag,
            "pattern": pattern,
        }  # fmt: skip
        self._sources = self._choose(query, states)

    def _choose(self, query: JobFilter, states: set[State]) -> Sequence[str]:
        """Return the statements that between them find all jobs that may be wanted, and few others."""
        self._parts: Sequence[Any] = ()
        if self._order in BY_ID:
            if query.key is not None:
                return [self._sql.WITH_KEY[self._order]]
            if query.queue is None and states == set(State):
                return [self._sql.ALL[self._order]]
        self._parts = [part for part in self._db.gather(self._sql.PARTS, self._values) if part[1] != State.PROCESSING]
        of_running = [self._sql.RUNNING[self._order]] if State.PROCESSING in states else []
        return [*of_running, self._sql.IN_PARTS[self._order]]

    def keys(self, after: Key, missing: int) -> tuple[Sequence[Key], bool]:
        """Return the first keys behind one, and whether there are more."""
        each = min(CHUNK, max(LEAST, AT_ONCE // (len(self._parts) or 1)))
        each = each if self._sifts else min(each, missing)
        values = {
            **self._values, **self._way.values(after, self._below), "each": each, "parts": json.dumps(self._parts),
        }  # fmt: skip
        lists: list[list[Key]] = []
        for text in self._sources:
            found = self._db.gather(text, values)
            several = text == self._sql.IN_PARTS[self._order]
            lists += [[tuple(key) for key in one] for one in ([row[0] for row in found] if several else [found])]
        # Where a list was cut, keys of its rest may come before those of the others.
        ends = [max(one) for one in lists if len(one) == each]
        keys = sorted(chain.from_iterable(lists))
        if ends:
            end = min(ends)
            keys = [key for key in keys if key <= end]
        if self._sifts or len(keys) <= missing:
            return keys, bool(ends)
        return keys[:missing], True

    def jobs(self, keys: Sequence[Key]) -> Iterator[tuple[Key, Job]]:
        """Return those of these jobs that are wanted, in the same order."""
        ids = json.dumps([abs(key[-1]) for key in keys])
        jobs = {row[0]: row for row in self._db.gather(self._sql.JOBS, self._values | {"ids": ids})}
        for key in keys:
            if abs(key[-1]) in jobs:
                yield key, job_from_row(jobs[abs(key[-1])])


def _cursor(order: Order, key: Key) -> str:
    return ":".join([order, *map(str, key)])


def _key(query: JobFilter) -> Key:
    """Return the key that the page comes behind.

    Raises:
        UsageError: the cursor is none of this order.
    """
    size = len(WAYS[query.order].columns)
    if query.cursor is None:
        return (-_FAR,) * size
    order, *parts = query.cursor.split(":")
    if order != query.order or len(parts) != size or not all(re.fullmatch(r"-?[0-9]{1,18}", part) for part in parts):
        hint = "Take the one that came with the page before, and ask in the same order."
        raise UsageError(f"{query.cursor[:50]!r} is no cursor of the order {query.order}", hint=hint)
    return tuple(map(int, parts))
