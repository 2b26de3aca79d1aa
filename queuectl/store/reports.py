"""Reports of ended runs: a whole batch in a handful of statements.

Each step of a statement gives up Python's lock and has to win it back from threads that start processes; so a batch
goes in as one JSON text.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from queuectl.model.job import Job
from queuectl.model.state import FINAL, State
from queuectl.store import mutexes, run_counts
from queuectl.store.adding import read
from queuectl.store.database import Database
from queuectl.store.dependents import settle
from queuectl.store.rows import to_ms
from queuectl.store.types import Report


def finish(db: Database, reports: Sequence[Report], now: datetime, host_name: str) -> list[Job | None]:
    """Apply the reports whose lease is the current one; return each one's job as it is now, None for the others."""
    asked = json.dumps([(report.job.id, report.job.lease and report.job.lease.token) for report in reports])
    ended: list[Job | None] = [None] * len(reports)
    changes, attempts, runs, parents = [], [], [], []
    seen = set()
    for position, cancel_requested, has_dependents in sorted(db.gather(db.sql.CURRENT_LEASES, {"reports": asked})):
        report = reports[position]
        if report.job.id in seen:
            continue  # the report before it has ended the lease
        seen.add(report.job.id)
        job = ended[position] = _after(report, now, cancelled=bool(cancel_requested))
        outcome = report.outcome
        changes.append(
            (job.id, job.state, job.attempts, _ms(job.run_at), _ms(job.finished_at), job.exit_code, job.reason)
        )
        started = to_ms(outcome.started_at or job.started_at or outcome.finished_at)
        finished = to_ms(outcome.finished_at)
        attempts.append(
            (
                job.id, job.runs, report.job.lease and report.job.lease.owner, started, finished, outcome.kind,
                job.state, outcome.exit_code, outcome.reason, outcome.tail, outcome.output_bytes,
            )
        )  # fmt: skip
        runs.append((job.spec.queue, outcome.kind, started, finished))
        if has_dependents and job.state in FINAL:
            parents.append(job)
    if changes:
        db.execute(db.sql.FINISH, {"changes": json.dumps(changes), "now": to_ms(now)})
        db.execute(db.sql.FINISH_ATTEMPTS, {"attempts": json.dumps(attempts), "host_name": host_name})
        run_counts.count(db, runs)
    for job in parents:
        settle(db, job.id, job.state, now)
    touched = {job.spec.mutex for job in ended if job is not None}
    if touched - {None}:
        mutexes.settle(db, touched, now)
        return [job and (read(db, job.id) if job.spec.mutex else job) for job in ended]
    return ended


def _after(report: Report, now: datetime, *, cancelled: bool) -> Job:
    """Return the job as the report leaves it; one that a person wants cancelled does not run again."""
    job, verdict = report.job, report.verdict
    state = State.CANCELLED if cancelled and verdict.state not in FINAL else verdict.state
    return Job(
        id=job.id,
        state=state,
        spec=job.spec,
        max_retries=job.max_retries,
        backoff_base=job.backoff_base,
        source=job.source,
        attempts=job.attempts - int(verdict.refund),
        runs=job.runs,
        created_at=job.created_at,
        updated_at=now,
        run_at=None if state in FINAL else verdict.run_at,
        started_at=job.started_at,
        finished_at=now if state in FINAL else None,
        exit_code=report.outcome.exit_code,
        reason=verdict.reason,
        cancel_requested=False,
        lease=None,
        progress=job.progress,
        progress_text=job.progress_text,
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)
