"""New jobs: keys that are taken, jobs that make way, and the jobs that each waits for."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from queuectl.errors import NotFound, WrongState
from queuectl.model.dependencies import FIELDS, WaitKind, WaitState, parents, wait_state
from queuectl.model.job import DeadParent, Job, JobSpec
from queuectl.model.policy import first_state
from queuectl.model.state import State
from queuectl.store import mutexes
from queuectl.store.database import Database
from queuectl.store.dependents import cancel_waiting, record
from queuectl.store.rows import insert_values, job_from_row, options_text, to_ms
from queuectl.store.types import NewJob

_FIELD_OF = {kind: name for name, kind in FIELDS.items()}


def enqueue(db: Database, jobs: Sequence[NewJob], source: str, now: datetime) -> list[Job]:
    """Add jobs in their order."""
    added: list[Job] = []
    changed: list[Job] = []
    for new in jobs:
        spec = _named(new, added)
        added.append(_add(db, replace(new, spec=spec), source, now, changed))
    touched = {job.spec.mutex for job in changed}
    if touched - {None}:
        mutexes.settle(db, touched, now)
        return [read(db, job.id) for job in added]
    return added


def read(db: Database, job_id: int) -> Job:
    """Return a job that is there."""
    return job_from_row(db.execute(db.sql.JOB, (job_id,)).fetchone())


def touches_the_graph(new: NewJob) -> bool:
    """Tell whether a job waits for others or for a mutex, or may take the place of one for which others wait."""
    spec = new.spec
    return bool(new.beside or spec.mutex or (spec.key and spec.replace) or next(parents(spec), None))


def no_such_job(job_id: int) -> NotFound:
    """Return the error to raise."""
    return NotFound(f"there is no job {job_id}", hint="List them: queuectl list")


def state_of(db: Database, job_id: int) -> State:
    """Return a job's state.

    Raises:
        NotFound: there is no such job.
    """
    state = db.execute(db.sql.STATE, (job_id,)).get
    if state is None:
        raise no_such_job(job_id)
    return State(state)


def _named(new: NewJob, added: Sequence[Job]) -> JobSpec:
    """Put ids for the jobs beside it that it waits for, now that they have some."""
    if not new.beside:
        return new.spec
    fields: dict[str, tuple[int | str, ...]] = {}
    for place, kind in new.beside:
        name = _FIELD_OF[kind]
        before = fields.get(name, getattr(new.spec, name))
        fields[name] = tuple(dict.fromkeys((*before, added[place].id)))
    return replace(new.spec, **fields)  # type: ignore[arg-type]


def _add(db: Database, new: NewJob, source: str, now: datetime, changed: list[Job]) -> Job:
    spec = new.spec
    there = _there_already(db, spec, now)
    if there is not None and spec.replace:
        db.lock_jobs([there.id])
        there = _there_already(db, spec, now)
    if there is not None and not spec.replace:
        return there
    replaced = there
    if replaced is not None:
        changed.append(replaced)
        spec = _after_the_replaced(db, spec, replaced, now, source)
        new = replace(new, spec=spec)
    db.lock_jobs(int(parent) for parent, _ in parents(spec))
    waits = [(int(parent), kind, wait(db, int(parent), kind, spec)) for parent, kind in parents(spec)]
    blocked = any(state is not WaitState.MET for _, _, state in waits)
    state = first_state(spec.run_at, now=now, blocked=blocked)
    db.execute(db.sql.ADD_QUEUE, (spec.queue, to_ms(now)))
    job = job_from_row(db.execute(db.sql.ENQUEUE, insert_values(new, state, source, to_ms(now))).fetchone())
    changed.append(job)
    if state is not State.PENDING:
        record(db, job.id, now, "enqueue", (None, state), source)
    add_waits(db, job.id, [(parent, kind, met) for parent, kind, met in waits], spec.dead_parent)
    if replaced is not None:
        _hand_over(db, replaced.id, job.id)
    return job


def _hand_over(db: Database, old: int, new: int) -> None:
    """Let those that wait for one job wait for another, and say so themselves."""
    values = {"old": old, "new": new}
    children: list[Any] = [row[0] for row in db.execute(db.sql.OTHER_DEPENDENTS, values).fetchall()]
    db.execute(db.sql.HAND_OVER_DEPENDENTS, values)
    for child in children:
        spec = read(db, child).spec
        waits = {name: tuple(new if one == old else one for one in getattr(spec, name)) for name in FIELDS}
        spec = replace(spec, **waits)  # type: ignore[arg-type]
        db.execute(db.sql.NAME_PARENTS, (json.dumps(spec.after) if spec.after else None, options_text(spec), child))


def add_waits(
    db: Database,
    job_id: int,
    waits: Sequence[tuple[int, WaitKind, WaitState]],
    dead_parent: DeadParent | None,
) -> None:
    """Note whom a job waits for, those included that have ended already."""
    if_dead = (dead_parent or DeadParent.CANCEL).value
    values = [(job_id, parent, kind.value, met is WaitState.MET, if_dead) for parent, kind, met in waits]
    db.executemany(db.sql.ADD_DEPENDENCY, values)


def _there_already(db: Database, spec: JobSpec, now: datetime) -> Job | None:
    if spec.key is None:
        return None
    row = db.execute(db.sql.LIVE_KEY, (spec.key,)).fetchone()
    if row is None and spec.unique_for:
        since = to_ms(now - timedelta(seconds=spec.unique_for))
        row = db.execute(db.sql.NEWER_KEY, (spec.key, since)).fetchone()
    return job_from_row(row) if row else None


def _after_the_replaced(db: Database, spec: JobSpec, replaced: Job, now: datetime, source: str) -> JobSpec:
    """Have the job that runs with this key stopped, and the new one wait for its end; two must not run at once."""
    for parent, _ in parents(spec):
        if parent != replaced.id and db.execute(db.sql.IS_AHEAD, {"job": replaced.id, "parent": parent}).get:
            raise WrongState(f"job {parent} waits for job {replaced.id}, which this one would replace and wait for")
    if replaced.state is not State.PROCESSING:
        # It may wait itself for the end of one that it replaced.
        stopping = [row[0] for row in db.execute(db.sql.STOPPING, (json.dumps(replaced.spec.after_any),))]
        spec = _with_waits_for_end(spec, stopping)
        cancel_waiting(db, replaced.id, now, replaced.state, source, "a newer job with its key replaces it")
        return spec
    db.execute(db.sql.GIVE_UP_KEY, (replaced.id,))
    db.execute(db.sql.REQUEST_CANCEL, (to_ms(now), replaced.id))
    states = (State.PROCESSING, State.PROCESSING)
    record(db, replaced.id, now, "cancel requested", states, source, "a newer job with its key replaces it")
    return _with_waits_for_end(spec, [replaced.id])


def _with_waits_for_end(spec: JobSpec, ids: Sequence[Any]) -> JobSpec:
    known = {parent for parent, _ in parents(spec)}
    return replace(spec, after_any=(*spec.after_any, *(one for one in ids if one not in known)))


def wait(db: Database, parent: int, kind: WaitKind, spec: JobSpec) -> WaitState:
    """Tell how a wait for a job stands.

    Raises:
        NotFound, WrongState: it has ended otherwise.
    """
    state = state_of(db, parent)
    found = wait_state(kind, state)
    if found is WaitState.BROKEN and spec.dead_parent is not DeadParent.WAIT:
        what = "whose failure it would wait for" if kind is WaitKind.FAILED else "which it would wait for"
        raise WrongState(f"job {parent}, {what}, is {state}")
    return found
