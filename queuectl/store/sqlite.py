"""The Store on SQLite: one file, any number of processes on one machine."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuectl.clock import Clock
from queuectl.errors import LeaseLost, StoreUnavailable, WrongState
from queuectl.model.dependencies import Dependency, WaitKind
from queuectl.model.job import Attempt, Event, Job, Outcome
from queuectl.model.policy import Verdict
from queuectl.model.state import WAITING, State, Verb, allows
from queuectl.store import adding, mutexes, sql
from queuectl.store.adding import read, state_of
from queuectl.store.connection import Connections
from queuectl.store.dependents import cancel_waiting, record, settle
from queuectl.store.rows import (
    attempt_from_row,
    event_from_row,
    from_ms,
    job_from_row,
    to_ms,
)
from queuectl.store.sqlite_pages import SqlitePages
from queuectl.store.sqlite_registry import SqliteRegistry
from queuectl.store.sqlite_runs import SqliteRuns
from queuectl.store.sqlite_schedules import SqliteSchedules
from queuectl.store.types import NewJob, Report, Running

if TYPE_CHECKING:
    import socket

    from queuectl.model.admission import Room
    from queuectl.model.archive import Record


class SqliteStore(SqliteRegistry, SqlitePages, SqliteRuns, SqliteSchedules):
    """Implement the Store protocol on one SQLite file; usable from several threads at once.

    ``machine`` says which machine this is; only its hosts are rung.
    """

    def __init__(self, path: Path, lock_path: Path, *, clock: Clock, machine: str) -> None:
        super().__init__(Connections(path, lock_path), clock)
        self._machine = machine
        self._bell: socket.socket | None = None

    @property
    def location(self) -> str:
        return str(self._db.path)

    def close(self) -> None:
        self._db.close()
        if self._bell is not None:
            self._bell.close()

    def transaction(self) -> AbstractContextManager[None]:
        return self._db.transaction()

    def now(self) -> datetime:
        return self._clock.now()

    def changed(self) -> bool:
        return self._db.changed()

    def ring(self) -> None:
        # Best effort: what the caller has just done is done, whether or not anybody hears of it at once.
        with suppress(StoreUnavailable, OSError):
            with self._db.read() as db:
                ports = db.execute(sql.PORTS, (self._machine,)).fetchall()
            if not ports:
                return
            import socket

            bell = self._bell = self._bell or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            bell.setblocking(False)
            for (port,) in ports:
                with suppress(OSError):
                    bell.sendto(b"", ("127.0.0.1", port))

    # jobs: by a caller

    def enqueue(self, jobs: Sequence[NewJob], *, batch: str | None = None, source: str = "") -> list[Job]:
        with self._db.write() as db:
            if batch is not None:
                known = db.execute(sql.BATCH, (batch,)).get
                if known is not None:
                    found = (db.execute(sql.JOB, (job_id,)).fetchone() for job_id in json.loads(known))
                    return [job_from_row(row) for row in found if row]
            now = self._clock.now()
            result = adding.enqueue(db, jobs, source, now)
            if batch is not None:
                db.execute(sql.ADD_BATCH, (batch, to_ms(now), json.dumps([job.id for job in result])))
            return result

    def get(self, job_id: int) -> Job:
        with self._db.read() as db:
            state_of(db, job_id)
            return job_from_row(db.execute(sql.JOB, (job_id,)).fetchone())

    def by_key(self, key: str) -> Job | None:
        with self._db.read() as db:
            row = db.execute(sql.NEWEST_KEY, (key,)).fetchone()
            return job_from_row(row) if row else None

    def newest_id(self) -> int:
        with self._db.read() as db:
            newest: Any = db.execute(sql.NEWEST_ID).get
        return int(newest)

    def attempts(self, job_id: int) -> list[Attempt]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [attempt_from_row(row) for row in db.execute(sql.ATTEMPTS, {"id": job_id})]

    def events(self, job_id: int) -> list[Event]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [event_from_row(row) for row in db.execute(sql.EVENTS, (job_id,))]

    def graph(self, job_id: int, limit: int = 10_000) -> list[Dependency]:
        with self._db.read() as db:
            state_of(db, job_id)
            return [
                Dependency(job_id=job, parent_id=parent, kind=WaitKind(kind), met=bool(met))
                for job, parent, kind, met in db.execute(sql.GRAPH, (job_id, limit))
            ]

    def counts(self) -> dict[str, dict[State, int]]:
        result: dict[str, dict[State, int]] = {}
        with self._db.read() as db:
            for queue, state, count in db.execute(sql.COUNTS):
                result.setdefault(queue, {})[State(state)] = count
        return result

    def cancel(self, job_id: int, *, actor: str, reason: str | None = None) -> Job:
        with self._db.write() as db:
            state = state_of(db, job_id)
            if not allows(Verb.CANCEL, state):
                raise WrongState(f"job {job_id} is {state} already")
            now = self._clock.now()
            if state is State.PROCESSING:
                db.execute(sql.REQUEST_CANCEL, (to_ms(now), job_id))
                record(db, job_id, now, "cancel requested", (state, state), actor, reason)
            else:
                cancel_waiting(db, job_id, now, state, actor, reason)
                settle(db, job_id, State.CANCELLED, now)
            job = read(db, job_id)
            mutexes.settle(db, [job.spec.mutex], now)
            return job

    def retry(self, job_id: int, *, actor: str) -> Job:
        with self._db.write() as db:
            state = state_of(db, job_id)
            if not allows(Verb.RETRY, state):
                raise WrongState(f"job {job_id} is {state}; only an ended or failed job can be retried")
            other = db.execute(sql.OTHER_LIVE_KEY, (job_id, job_id)).get
            if other is not None:
                raise WrongState(f"job {other} has the same key as job {job_id} and has not ended")
            now = self._clock.now()
            row = db.execute(sql.RETRY, (to_ms(now), job_id)).fetchone()
            db.execute(sql.EXPLAIN_NO_MORE, (to_ms(now), job_id))
            db.execute(sql.WAIT_NO_MORE, (job_id,))  # or a mutex that it has to wait for would never let it go
            record(db, job_id, now, Verb.RETRY, (state, State.PENDING), actor)
            job = job_from_row(row)
            mutexes.settle(db, [job.spec.mutex], now)
            return job if job.spec.mutex is None else read(db, job_id)

    def edit(self, job_id: int, new: NewJob, *, actor: str, detail: str | None = None) -> Job:
        from queuectl.store import editing  # what few commands need, the others do not pay for

        with self._db.write() as db:
            return editing.edit(db, job_id, new, self._clock.now(), actor=actor, detail=detail)

    def annotate(self, job_id: int, *, tags: Sequence[str], note: str | None) -> Job:
        with self._db.write() as db:
            state_of(db, job_id)
            values = (json.dumps(list(tags), ensure_ascii=False) if tags else None, note, to_ms(self._clock.now()))
            return job_from_row(db.execute(sql.ANNOTATE, (*values, job_id)).fetchone())

    def delete(self, job_id: int) -> None:
        with self._db.write() as db:
            state = state_of(db, job_id)
            if state is State.PROCESSING:
                raise WrongState(f"job {job_id} is running", hint=f"Cancel it first: queuectl cancel {job_id}")
            now, mutex = self._clock.now(), read(db, job_id).spec.mutex
            # For one that ended badly, jobs may still wait in the hope of its retry.
            settle(db, job_id, State.CANCELLED if state in WAITING else state, now, gone=True)
            db.execute(sql.DELETE, (job_id,))
            mutexes.settle(db, [mutex], now)

    def forget(self, state: State, before: datetime, limit: int) -> list[int]:
        with self._db.write() as db:
            return [row[0] for row in db.execute(sql.FORGET, (state.value, to_ms(before), limit))]

    def nth_ended(self, state: State, n: int) -> datetime | None:
        with self._db.read() as db:
            ended = db.execute(sql.NTH_ENDED, (state.value, n - 1)).get
        return None if ended is None else from_ms(ended)

    def records(self, after: int, limit: int) -> "list[Record]":
        from queuectl.store import archive

        with self._db.read() as db:
            return archive.records(db, after, limit)

    def restore(self, records: "Sequence[Record]") -> None:
        from queuectl.store import archive

        with self._db.write() as db:
            archive.restore(db, records)

    # jobs: by a host

    def claim(
        self,
        owner: str,
        room: "Room",
        *,
        lease: float,
        queues: Sequence[str] | None = None,
        newest: int | None = None,
    ) -> list[Job]:
        from queuectl.store import claims

        with self._db.write() as db:
            return claims.claim(db, owner, room, self._clock.now(), lease=lease, queues=queues, newest=newest)

    def started(self, job_id: int, token: str, *, host_name: str, pid: int, pid_created: float | None) -> None:
        with self._db.write() as db:
            db.execute(sql.STARTED, (host_name, pid, pid_created, job_id, token))
            if not db.changes():
                raise LeaseLost(f"the lease of job {job_id} is no longer this host's")

    def finish(self, job: Job, outcome: Outcome, verdict: Verdict, *, host_name: str) -> Job:
        [ended] = self.finish_all([Report(job=job, outcome=outcome, verdict=verdict)], host_name=host_name)
        if ended is None:
            raise LeaseLost(f"the lease of job {job.id} is no longer this host's")
        return ended

    def finish_all(self, reports: Sequence[Report], *, host_name: str) -> list[Job | None]:
        from queuectl.store.reports import finish

        with self._db.write() as db:
            return finish(db, reports, self._clock.now(), host_name)

    def report_progress(self, job: Job, fraction: float, text: str | None) -> None:
        if job.lease is not None:
            with self._db.write() as db:
                db.execute(sql.REPORT_PROGRESS, (fraction, text, job.id, job.lease.token))

    def unclaim(self, jobs: Sequence[Job]) -> None:
        now = self._clock.now()
        with self._db.write() as db:
            for job in jobs:
                if job.lease is None:
                    continue
                state = db.execute(sql.UNCLAIM, (to_ms(now), job.id, job.lease.token)).get
                if state == State.CANCELLED:
                    record(db, job.id, now, Verb.CANCEL, (State.PROCESSING, State.CANCELLED), job.lease.owner)
                    settle(db, job.id, State.CANCELLED, now)
            mutexes.settle(db, {job.spec.mutex for job in jobs}, now)

    def renew(self, owner: str, *, lease: float) -> None:
        now = to_ms(self._clock.now())
        with self._db.write() as db:
            db.execute(sql.RENEW, (now + round(lease * 1000), owner))
            db.execute(sql.SEEN, (now, owner))

    def held(self, owner: str) -> set[str]:
        with self._db.read() as db:
            return {row[0] for row in db.execute(sql.HELD, (owner,))}

    def cancelling(self, owner: str) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(sql.CANCELLING, (owner,))]

    def promote(self) -> int:
        now = self._clock.now()
        values = {"now": to_ms(now)}
        with self._db.write() as db:
            db.execute(sql.RECORD_PROMOTION, values)
            due: list[Any] = [
                row[0] for text in (sql.PROMOTE_SCHEDULED, sql.PROMOTE_FAILED) for row in db.execute(text, values)
            ]
            mutexes.settle(db, due, now)
            return len(due)

    def next_due(self) -> datetime | None:
        with self._db.read() as db:
            due = db.execute(sql.NEXT_DUE, (to_ms(self._clock.now()),)).get
        return None if due is None else from_ms(due)

    def expired(self) -> list[Running]:
        return self._running(sql.EXPIRED, (to_ms(self._clock.now()),))

    def running(self, owner: str | None = None) -> list[Running]:
        return self._running(sql.RUNNING, (owner, owner))

    def _running(self, text: str, values: tuple[Any, ...]) -> list[Running]:
        with self._db.read() as db:
            return [
                Running(job=job_from_row(row[:-2]), pid=row[-2], pid_created=row[-1])
                for row in db.execute(text, values)
            ]
