"""What hosts do with jobs: claim, start, report, put back, promote, and see who runs what."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.errors import LeaseLost
from queuectl.model.job import Job, Outcome
from queuectl.model.policy import Verdict
from queuectl.model.state import State, Verb
from queuectl.store import mutexes
from queuectl.store.database import Connections, Rows
from queuectl.store.dependents import record, settle
from queuectl.store.rows import from_ms, job_from_row, to_ms
from queuectl.store.types import Report, Running

if TYPE_CHECKING:
    from queuectl.model.admission import Room


class WorkVerbs:
    """Implement the Store protocol's verbs about jobs, as hosts use them."""

    _db: Connections
    _clock: Clock

    def claim(
        self,
        owner: str,
        room: "Room",
        *,
        lease: float,
        queues: Sequence[str] | None = None,
        newest: int | None = None,
        places: Collection[str] = (),
    ) -> list[Job]:
        from queuectl.store import claims

        with self._db.write() as db:
            now = self._clock.now()
            return claims.claim(db, owner, room, now, lease=lease, queues=queues, newest=newest, places=places)

    def started(self, job_id: int, token: str, *, host_name: str, pid: int, pid_created: float | None) -> None:
        with self._db.write() as db:
            db.execute(db.sql.STARTED, (host_name, pid, pid_created, job_id, token))
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
                db.execute(db.sql.REPORT_PROGRESS, (fraction, text, job.id, job.lease.token))

    def unclaim(self, jobs: Sequence[Job]) -> None:
        with self._db.write() as db:
            now = self._clock.now()
            db.lock_graph()
            db.lock_jobs(job.id for job in jobs)
            for job in jobs:
                if job.lease is None:
                    continue
                values = {"now": to_ms(now), "id": job.id, "token": job.lease.token}
                state = db.execute(db.sql.UNCLAIM, values).get
                if state == State.CANCELLED:
                    record(db, job.id, now, Verb.CANCEL, (State.PROCESSING, State.CANCELLED), job.lease.owner)
                    settle(db, job.id, State.CANCELLED, now)
            mutexes.settle(db, {job.spec.mutex for job in jobs}, now)

    def renew(self, owner: str, *, lease: float) -> None:
        with self._db.write() as db:
            now = to_ms(self._clock.now())
            db.execute(db.sql.RENEW, (now + round(lease * 1000), owner))
            db.execute(db.sql.SEEN, (now, owner))

    def held(self, owner: str) -> set[str]:
        with self._db.read() as db:
            return {row[0] for row in db.execute(db.sql.HELD, (owner,))}

    def cancelling(self, owner: str) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(db.sql.CANCELLING, (owner,))]

    def promote(self) -> int:
        with self._db.write() as db:
            now = self._clock.now()
            due = db.execute(db.sql.DUE, {"now": to_ms(now)}).fetchall()
            if any(mutex is not None for _, _, mutex in due) and not db.try_graph():
                due = [one for one in due if one[2] is None]
            if not due:
                return 0
            values = {"now": to_ms(now), "ids": json.dumps([job_id for job_id, _, _ in due])}
            promoted = {row[0] for row in db.execute(db.sql.PROMOTE, values)}  # another host may have been quicker
            before = json.dumps([(job_id, state) for job_id, state, _ in due if job_id in promoted])
            db.execute(db.sql.RECORD_PROMOTION, {"now": to_ms(now), "jobs": before})
            mutexes.settle(db, {mutex for job_id, _, mutex in due if job_id in promoted}, now)
            return len(promoted)

    def next_due(self) -> datetime | None:
        with self._db.read() as db:
            due = db.execute(db.sql.NEXT_DUE, (to_ms(self._clock.now()),)).get
        return None if due is None else from_ms(due)

    def expired(self) -> list[Running]:
        with self._db.read() as db:
            return _runs(db.execute(db.sql.EXPIRED, (to_ms(self._clock.now()),)))

    def running(self, owner: str | None = None) -> list[Running]:
        with self._db.read() as db:
            return _runs(db.execute(db.sql.RUNNING, {"owner": owner}))


def _runs(rows: Rows) -> list[Running]:
    return [Running(job=job_from_row(row[:-2]), pid=row[-2], pid_created=row[-1]) for row in rows]
