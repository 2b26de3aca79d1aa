"""What becomes of the jobs that wait for one that has ended, and the line in a job's history that tells of it."""

from collections import deque
from datetime import datetime
from typing import Any

from queuectl.model.dependencies import WaitKind, WaitState, wait_state
from queuectl.model.job import DeadParent
from queuectl.model.policy import first_state
from queuectl.model.state import State, Verb
from queuectl.store import mutexes
from queuectl.store.database import Database
from queuectl.store.rows import from_ms, to_ms


def record(
    db: Database,
    job_id: int,
    now: datetime,
    verb: str,
    ways: tuple[State | None, State],
    actor: str,
    detail: str | None = None,
) -> None:
    """Tell in a job's history what led from which state to which."""
    before, after = ways
    values = (to_ms(now), str(verb), before.value if before else None, after.value, actor, detail, job_id)
    db.execute(db.sql.RECORD, values)


def cancel_waiting(db: Database, job_id: int, now: datetime, before: State, actor: str, reason: str | None) -> None:
    """End a job that waits, but not yet those that wait for it."""
    db.execute(db.sql.CANCEL, (to_ms(now), to_ms(now), reason or "cancelled before it ran", job_id))
    record(db, job_id, now, Verb.CANCEL, (before, State.CANCELLED), actor, reason)


def settle(db: Database, job_id: int, ended: State, now: datetime, *, gone: bool = False) -> None:
    """Let the jobs go on that waited for this end of a job; cancel the others, or leave them blocked, as they wish.

    Those that a cancelled one kept waiting are settled too. A job that is ``gone`` can never be retried.
    """
    db.lock_graph()
    todo = deque([(job_id, ended)])  # no recursion: a chain may be longer than Python's stack
    touched = set()
    while todo:
        parent, ended = todo.popleft()
        blocked: Any = db.execute(db.sql.DEPENDENTS, (parent,)).fetchall()
        for child, kind, if_dead, mutex in blocked:
            touched.add(mutex)
            if wait_state(WaitKind(kind), ended) is WaitState.MET:
                _meet(db, child, parent, now)
            elif if_dead == DeadParent.WAIT and not (gone and parent == job_id):
                db.execute(db.sql.EXPLAIN_WAIT, (f"waits for job {parent}, which is {ended}", to_ms(now), child))
            else:
                reason = f"job {parent}, which it waited for, is {ended}"
                if kind == WaitKind.FAILED:
                    reason = f"job {parent}, whose failure it waited for, is {ended}"
                cancel_waiting(db, child, now, State.BLOCKED, f"job {parent}", reason)
                todo.append((child, State.CANCELLED))
    mutexes.settle(db, touched, now)


def _meet(db: Database, job_id: int, parent: int, now: datetime) -> None:
    db.execute(db.sql.MEET_DEPENDENCY, (job_id, parent))
    if not db.execute(db.sql.STILL_BLOCKED, (job_id,)).get:
        unblock(db, job_id, now, f"job {parent}")


def unblock(db: Database, job_id: int, now: datetime, actor: str) -> None:
    """Let a job go on that waits for no other one's end any more."""
    due = db.execute(db.sql.RUN_AT, (job_id,)).get
    state = first_state(None if due is None else from_ms(due), now=now, blocked=False)
    db.execute(db.sql.UNBLOCK, (state.value, None if state is State.PENDING else due, to_ms(now), job_id))
    record(db, job_id, now, Verb.UNBLOCK, (State.BLOCKED, state), actor)
