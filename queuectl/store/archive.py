"""Whole jobs out of a store and into one, with their history, as they are."""

from collections.abc import Sequence
from datetime import datetime

from queuectl.errors import WrongState
from queuectl.model.archive import Record
from queuectl.model.dependencies import Dependency, WaitKind
from queuectl.model.job import Attempt, DeadParent, Event, Job
from queuectl.model.state import State
from queuectl.store import mutexes, run_counts
from queuectl.store.database import Database
from queuectl.store.dependents import unblock
from queuectl.store.rows import attempt_from_row, event_from_row, job_from_row, spec_values, to_ms
from queuectl.store.types import NewJob


def records(db: Database, after: int, limit: int) -> list[Record]:
    """Read the jobs behind an id."""
    jobs = [job_from_row(row) for row in db.execute(db.sql.JOBS_AFTER, (after, limit)).fetchall()]
    return [
        Record(
            job=job,
            attempts=[attempt_from_row(row) for row in db.execute(db.sql.ATTEMPTS, {"id": job.id})],
            events=[event_from_row(row) for row in db.execute(db.sql.EVENTS, (job.id,))],
            waits=[
                Dependency(job_id=job.id, parent_id=parent, kind=WaitKind(kind), met=bool(met))
                for parent, kind, met in db.execute(db.sql.WAITS, (job.id,))
            ],
        )
        for job in jobs
    ]


def restore(db: Database, found: Sequence[Record]) -> None:
    """Write jobs with the ids they have."""
    last = found[-1].job.updated_at
    for record in found:
        job = record.job
        if db.execute(db.sql.STATE, (job.id,)).get is not None:
            raise WrongState(f"there is a job {job.id} already")
        live = db.execute(db.sql.LIVE_KEY, (job.spec.key,)).fetchone()
        if live and job.finished_at is None:
            raise WrongState(f"job {job_from_row(live).id} has the key {job.spec.key!r} and has not ended")
        db.execute(db.sql.ADD_QUEUE, (job.spec.queue, to_ms(job.created_at)))
        new = NewJob(spec=job.spec, max_retries=job.max_retries, backoff_base=job.backoff_base)
        db.execute(db.sql.RESTORE, (*spec_values(new), *_row(job)))
        db.executemany(db.sql.RESTORE_ATTEMPT, [_attempt(one) for one in record.attempts])
        db.executemany(db.sql.RESTORE_EVENT, [_event(one) for one in record.events])
    run_counts.count(
        db,
        (
            (record.job.spec.queue, one.outcome, to_ms(one.started_at), to_ms(one.finished_at))
            for record in found
            for one in record.attempts
            if one.outcome is not None and one.finished_at is not None
        ),
    )
    for record in found:
        if_dead = (record.job.spec.dead_parent or DeadParent.CANCEL).value
        values = [(one.job_id, one.parent_id, one.kind.value, one.met, if_dead) for one in record.waits]
        db.executemany(db.sql.ADD_DEPENDENCY, values)
    for record in found:  # whom they waited for may not have come along
        job = record.job
        if (
            job.state is State.BLOCKED
            and job.spec.mutex is None
            and not db.execute(db.sql.STILL_BLOCKED, (job.id,)).get
        ):
            unblock(db, job.id, last, "import")
    mutexes.settle(db, {record.job.spec.mutex for record in found}, last)


def _row(job: Job) -> tuple[object, ...]:
    return (
        job.source, to_ms(job.created_at), job.state.value, to_ms(job.updated_at), _ms(job.run_at), job.id,
        job.attempts, job.runs, _ms(job.started_at), _ms(job.finished_at), job.exit_code, job.reason, job.progress,
        job.progress_text,
    )  # fmt: skip


def _attempt(one: Attempt) -> tuple[object, ...]:
    return (
        one.job_id, one.number, one.host, one.host_name, one.pid, one.pid_created, to_ms(one.started_at),
        _ms(one.finished_at), one.outcome, one.next_state, one.exit_code, one.reason, one.tail, one.output_bytes,
    )  # fmt: skip


def _event(one: Event) -> tuple[object, ...]:
    before = one.before and one.before.value
    return one.job_id, to_ms(one.at), one.run, one.verb, before, one.after.value, one.actor, one.detail


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
