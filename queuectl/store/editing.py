"""A job's change: another specification, other jobs to wait for, another time."""

from datetime import datetime

from queuectl.errors import WrongState
from queuectl.model.dependencies import WaitState, parents
from queuectl.model.job import Job
from queuectl.model.policy import first_state
from queuectl.model.state import FINAL, State, Verb, allows
from queuectl.store import mutexes
from queuectl.store.adding import add_waits, read, state_of, wait
from queuectl.store.database import Database
from queuectl.store.dependents import record
from queuectl.store.rows import spec_values, to_ms
from queuectl.store.types import NewJob


def edit(db: Database, job_id: int, new: NewJob, now: datetime, *, actor: str, detail: str | None) -> Job:
    """Give a job another specification."""
    before = state_of(db, job_id)
    if not allows(Verb.EDIT, before):
        hint = f"Wait for its end, or cancel it: queuectl cancel {job_id}"
        raise WrongState(f"job {job_id} is running; what runs cannot be changed", hint=hint)
    old = read(db, job_id)
    other = db.execute(db.sql.OTHER_WITH_KEY, (new.spec.key, job_id)).get if before not in FINAL else None
    if other is not None:
        raise WrongState(f"job {other} has the key {new.spec.key!r} and has not ended")
    after, due = before, None
    if before not in FINAL:
        blocked = _rewire(db, old, new)
        after, due = _where_it_stands(old, new, now, blocked=blocked)
    reason = old.reason if after is before else None
    db.execute(db.sql.ADD_QUEUE, (new.spec.queue, to_ms(now)))
    run_at = None if due is None else to_ms(due)
    db.execute(db.sql.EDIT, (*spec_values(new), after.value, to_ms(now), run_at, reason, job_id, before.value))
    record(db, job_id, now, Verb.EDIT, (before, after), actor, detail)
    mutexes.settle(db, {old.spec.mutex, new.spec.mutex}, now)
    return read(db, job_id)


def _rewire(db: Database, old: Job, new: NewJob) -> bool:
    """Note whom it waits for now; tell whether any of them has yet to end. What it has waited for is over."""
    before = set(parents(old.spec))
    met = {(parent, kind) for parent, kind, over in db.execute(db.sql.WAITS, (old.id,)) if over}
    db.lock_jobs(int(parent) for parent, _ in parents(new.spec))
    waits = []
    for parent, kind in parents(new.spec):
        if (parent, kind) in before and db.execute(db.sql.STATE, (parent,)).get is None:
            continue  # it is forgotten by now
        state = WaitState.MET if (parent, kind) in met else wait(db, int(parent), kind, new.spec)
        waits.append((int(parent), kind, state))
    for parent, _, state in waits:
        if state is not WaitState.MET and db.execute(db.sql.IS_AHEAD, {"job": old.id, "parent": parent}).get:
            raise WrongState(f"job {parent} waits for job {old.id}; they would wait for each other for ever")
    db.execute(db.sql.DROP_DEPENDENCIES, (old.id,))
    add_waits(db, old.id, waits, new.spec.dead_parent)
    return any(state is not WaitState.MET for _, _, state in waits)


def _where_it_stands(old: Job, new: NewJob, now: datetime, *, blocked: bool) -> tuple[State, datetime | None]:
    run_at = new.spec.run_at
    if old.state is State.FAILED and run_at == old.run_at and not blocked:
        return State.FAILED, run_at
    state = first_state(run_at, now=now, blocked=blocked)
    return state, None if state is State.PENDING else run_at
