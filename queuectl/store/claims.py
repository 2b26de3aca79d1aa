"""Claims: read the best of the jobs that are ready, decide, and take them, in one transaction."""

import json
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from queuectl.model.admission import Candidate, Room, admit
from queuectl.model.hooks import HOOKS
from queuectl.model.job import Job, Lease
from queuectl.model.state import State
from queuectl.store import mutexes
from queuectl.store.database import Database
from queuectl.store.rows import job_from_row, to_ms


def claim(
    db: Database,
    owner: str,
    room: Room,
    now: datetime,
    *,
    lease: float,
    queues: Sequence[str] | None,
    newest: int | None,
    places: Collection[str],
) -> list[Job]:
    """Take what ``model.admission.admit`` lets in, best first."""
    expires = now + timedelta(seconds=lease)
    values = {
        "newest": newest,
        "places": json.dumps(["", *places]),
        "now": to_ms(now),
        "queues": None if queues is None else json.dumps(list(queues)),
        "closed": None,
    }
    if room.most <= 0:
        return []
    rows, is_all = db.claim_plainly({**values, "owner": owner, "expires": to_ms(expires)}, room.most)
    claimed = _in_order(rows)
    if is_all:
        return claimed
    room = admit(_candidates(claimed), room, limits={}, held=()).room
    limits: dict[str, int] = dict(db.execute(db.sql.ROOM_IN_QUEUES).fetchall()) if db.lock_claims() else {}
    limits.pop(HOOKS, None)
    while room.most > 0:
        closed = [queue for queue, left in limits.items() if left <= 0]
        values["closed"] = json.dumps(closed) if closed else None
        rows = db.candidates(values, room.most)
        if not rows:
            break
        jobs = _in_order(rows)
        admission = admit(_candidates(jobs), room, limits=limits, held=())
        taken = set(admission.taken)
        if taken:
            claimed += _take(db, [job for job in jobs if job.id in taken], owner, now, expires)
        if admission.waiting or len(taken) == len(jobs) or not taken:
            break
        # Whom a limit or a mutex stopped has given way: look behind them.
        for job in jobs:
            if job.id in taken and job.spec.queue in limits:
                limits[job.spec.queue] -= 1
        room = admission.room
    return claimed


def _in_order(rows: Iterable[Any]) -> list[Job]:
    return sorted(map(job_from_row, rows), key=lambda job: (-(job.spec.priority or 0), job.id))


def _candidates(jobs: Iterable[Job]) -> list[Candidate]:
    return [Candidate(job.id, job.spec.queue, job.spec.slots, job.spec.mutex) for job in jobs]


def _take(db: Database, jobs: Sequence[Job], owner: str, now: datetime, expires: datetime) -> list[Job]:
    leases = [Lease(token=os.urandom(16).hex(), owner=owner, expires_at=expires) for _ in jobs]
    taken = json.dumps([(job.id, lease.token) for job, lease in zip(jobs, leases, strict=True)])
    db.execute(db.sql.CLAIM, {"taken": taken, "owner": owner, "now": to_ms(now), "expires": to_ms(expires)})
    touched = {job.spec.mutex for job in jobs}
    if touched != {None}:
        mutexes.settle(db, touched, now)
    return [
        replace(
            job, state=State.PROCESSING, attempts=job.attempts + 1, runs=job.runs + 1, started_at=now, updated_at=now,
            finished_at=None, exit_code=None, reason=None, run_at=None, lease=lease, progress=None, progress_text=None,
        )
        for job, lease in zip(jobs, leases, strict=True)
    ]  # fmt: skip
