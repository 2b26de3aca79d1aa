"""What callers do with jobs: add, look, cancel, retry, edit, forget."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from queuectl.clock import Clock
from queuectl.errors import WrongState
from queuectl.model.dependencies import Dependency, WaitKind
from queuectl.model.job import Attempt, Event, Job
from queuectl.model.state import WAITING, State, Verb, allows
from queuectl.store import adding, mutexes
from queuectl.store.adding import no_such_job, read, state_of
from queuectl.store.database import Connections
from queuectl.store.dependents import cancel_waiting, record, settle
from queuectl.store.rows import attempt_from_row, event_from_row, from_ms, job_from_row, to_ms
from queuectl.store.types import NewJob

if TYPE_CHECKING:
    from queuectl.model.archive import Record


class JobsVerbs:
    """Implement the Store protocol's verbs about jobs, as callers use them."""

    _db: Connections
    _clock: Clock

    def enqueue(self, jobs: Sequence[NewJob], *, batch: str | None = None, source: str = "") -> list[Job]:
        with self._db.write() as db:
            if any(adding.touches_the_graph(new) for new in jobs):
                db.lock_graph()
            db.lock_names([batch, *(new.spec.key for new in jobs)])
            if batch is not None:
                known = db.execute(db.sql.BATCH, (batch,)).get
                if known is not None:
                    found = (db.execute(db.sql.JOB, (job_id,)).fetchone() for job_id in json.loads(known))
                    return [job_from_row(row) for row in found if row]
            now = self._clock.now()
            result = adding.enqueue(db, jobs, source, now)
            if batch is not None:
                db.execute(db.sql.ADD_BATCH, (batch, to_ms(now), json.dumps([job.id for job in result])))
            return result

    def get(self, job_id: int) -> Job:
        with self._db.read() as db:
            row = db.execute(db.sql.JOB, (job_id,)).fetchone()
            if row is None:
                raise no_such_job(job_id)
            return job_from_row(row)

    def hold(self, job_id: int, *, waits: bool = False) -> Job:
        with self._db.write() as db:
            if waits:
                db.lock_graph()
            db.lock_jobs([job_id])
            state_of(db, job_id)
            return read(db, job_id)

    def missing(self, job_ids: Collection[int]) -> Sequence[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(db.sql.MISSING, {"ids": json.dumps(list(job_ids))})]

    def by_key(self, key: str) -> Job | None:
        with self._db.read() as db:
            row = db.execute(db.sql.NEWEST_KEY, (key,)).fetchone()
            return job_from_row(row) if row else None

    def newest_id(self) -> int:
        with self._db.read() as db:
            newest: Any = db.execute(db.sql.NEWEST_ID).get
        return int(newest)

    def attempts(self, job_id: int) -> list[Attempt]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [attempt_from_row(row) for row in db.execute(db.sql.ATTEMPTS, {"id": job_id})]

    def events(self, job_id: int) -> list[Event]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [event_from_row(row) for row in db.execute(db.sql.EVENTS, (job_id,))]

    def graph(self, job_id: int, limit: int = 10_000) -> list[Dependency]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [
                Dependency(job_id=job, parent_id=parent, kind=WaitKind(kind), met=bool(met))
                for job, parent, kind, met in db.execute(db.sql.GRAPH, (job_id, limit))
            ]

    def counts(self) -> dict[str, dict[State, int]]:
        result: dict[str, dict[State, int]] = {}
        with self._db.read() as db:
            for queue, state, count in db.execute(db.sql.COUNTS):
                result.setdefault(queue, {})[State(state)] = count
        return result

    def cancel(self, job_id: int, *, actor: str, reason: str | None = None) -> Job:
        with self._db.write() as db:
            db.lock_graph()
            db.lock_jobs([job_id])
            state = state_of(db, job_id)
            if not allows(Verb.CANCEL, state):
                raise WrongState(f"job {job_id} is {state} already")
            now = self._clock.now()
            if state is State.PROCESSING:
                db.execute(db.sql.REQUEST_CANCEL, (to_ms(now), job_id))
                record(db, job_id, now, "cancel requested", (state, state), actor, reason)
            else:
                cancel_waiting(db, job_id, now, state, actor, reason)
                settle(db, job_id, State.CANCELLED, now)
            job = read(db, job_id)
            mutexes.settle(db, [job.spec.mutex], now)
            return job

    def retry(self, job_id: int, *, actor: str) -> Job:
        with self._db.write() as db:
            db.lock_graph()
            state_of(db, job_id)
            db.lock_names([read(db, job_id).spec.key])
            db.lock_jobs([job_id])
            state = state_of(db, job_id)
            if not allows(Verb.RETRY, state):
                raise WrongState(f"job {job_id} is {state}; only an ended or failed job can be retried")
            other = db.execute(db.sql.OTHER_LIVE_KEY, (job_id, job_id)).get
            if other is not None:
                raise WrongState(f"job {other} has the same key as job {job_id} and has not ended")
            now = self._clock.now()
            row = db.execute(db.sql.RETRY, (to_ms(now), job_id)).fetchone()
            db.execute(db.sql.EXPLAIN_NO_MORE, (to_ms(now), job_id))
            db.execute(db.sql.WAIT_NO_MORE, (job_id,))  # or a mutex that it has to wait for would never let it go
            record(db, job_id, now, Verb.RETRY, (state, State.PENDING), actor)
            job = job_from_row(row)
            mutexes.settle(db, [job.spec.mutex], now)
            return job if job.spec.mutex is None else read(db, job_id)

    def edit(self, job_id: int, new: NewJob, *, actor: str, detail: str | None = None) -> Job:
        from queuectl.store import editing  # what few commands need, the others do not pay for

        with self._db.write() as db:
            db.lock_graph()
            db.lock_names([new.spec.key])
            db.lock_jobs([job_id])
            return editing.edit(db, job_id, new, self._clock.now(), actor=actor, detail=detail)

    def annotate(self, job_id: int, *, tags: Sequence[str], note: str | None) -> Job:
        with self._db.write() as db:
            state_of(db, job_id)
            values = (json.dumps(list(tags), ensure_ascii=False) if tags else None, note, to_ms(self._clock.now()))
            row = db.execute(db.sql.ANNOTATE, (*values, job_id)).fetchone()
            if row is None:  # deleted just now
                raise no_such_job(job_id)
            return job_from_row(row)

    def delete(self, job_id: int) -> None:
        with self._db.write() as db:
            db.lock_graph()
            db.lock_jobs([job_id])
            state = state_of(db, job_id)
            if state is State.PROCESSING:
                raise WrongState(f"job {job_id} is running", hint=f"Cancel it first: queuectl cancel {job_id}")
            now, mutex = self._clock.now(), read(db, job_id).spec.mutex
            # For one that ended badly, jobs may still wait in the hope of its retry.
            settle(db, job_id, State.CANCELLED if state in WAITING else state, now, gone=True)
            db.execute(db.sql.DELETE, (job_id,))
            mutexes.settle(db, [mutex], now)

    def forget(self, state: State, before: datetime, limit: int) -> list[int]:
        with self._db.write() as db:
            db.lock_graph()
            return [row[0] for row in db.execute(db.sql.FORGET, (state.value, to_ms(before), limit))]

    def nth_ended(self, state: State, n: int) -> datetime | None:
        with self._db.read() as db:
            ended = db.execute(db.sql.NTH_ENDED, (state.value, n - 1)).get
        return None if ended is None else from_ms(ended)

    def records(self, after: int, limit: int) -> "list[Record]":
        from queuectl.store import archive

        with self._db.read() as db:
            return archive.records(db, after, limit)

    def restore(self, records: "Sequence[Record]") -> None:
        from queuectl.store import archive

        with self._db.write() as db:
            db.lock_graph()
            db.lock_names(record.job.spec.key for record in records)
            db.reserve_ids(max((record.job.id for record in records), default=0))
            archive.restore(db, records)

    def reserve_ids(self, highest: int) -> None:
        with self._db.write() as db:
            db.reserve_ids(highest)
