"""Who of the jobs with one mutex is first in line: the one a queue that is pending, while nobody runs with it.

All others are blocked, so that the claim meets no job that it would have to pass over.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from queuectl.model.state import State, Verb
from queuectl.store.database import Database
from queuectl.store.rows import to_ms


def settle(db: Database, mutexes: Iterable[str | None], now: datetime) -> None:
    """Put in order the jobs with these mutexes, after something has happened to one of them."""
    touched = sorted({mutex for mutex in mutexes if mutex is not None})
    if touched:
        db.lock_graph()
    for mutex in touched:
        held = db.execute(db.sql.HOLDER, (mutex,)).get is not None
        first: list[Any] = [] if held else [row[0] for row in db.execute(db.sql.FIRST_IN_LINE, (mutex,)) if row[0]]
        values = {"mutex": mutex, "now": to_ms(now), "first": json.dumps(first)}
        reason = {"reason": f"waits for the mutex {mutex!r}"}
        _record(db, db.execute(db.sql.BLOCK_OTHERS, values | reason).fetchall(), now, Verb.BLOCK, mutex)
        values.pop("mutex")
        _record(db, db.execute(db.sql.UNBLOCK_FIRST, values).fetchall(), now, Verb.UNBLOCK, mutex)


def _record(db: Database, ids: Any, now: datetime, verb: Verb, mutex: str) -> None:
    before, after = (State.PENDING, State.BLOCKED) if verb is Verb.BLOCK else (State.BLOCKED, State.PENDING)
    actor = f"mutex {mutex}"
    db.executemany(db.sql.RECORD, [(to_ms(now), verb, before, after, actor, None, job_id) for (job_id,) in ids])
