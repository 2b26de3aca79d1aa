"""Reports of ended runs: a whole batch in one step, or in the few that a database makes of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from queuectl.model.job import Job
from queuectl.model.state import FINAL, State
from queuectl.store import mutexes
from queuectl.store.adding import read
from queuectl.store.database import Database
from queuectl.store.dependents import settle
from queuectl.store.rows import to_ms
from queuectl.store.types import Report


def finish(db: Database, reports: Sequence[Report], now: datetime, host_name: str) -> list[Job | None]:
    """Apply the reports whose lease is the current one; return each one's job as it is now, None for the others."""
    ended: list[Job | None] = [None] * len(reports)
    if not reports:
        return ended
    runs: dict[tuple[int, str | None], dict[str, Any]] = {}
    for place, report in enumerate(reports):
        run = _run(place, report, now)
        runs.setdefault((run["job"], run["lease"]), run)  # the first one ends the lease
    parents = []
    for place, state, is_awaited in sorted(db.end_runs(list(runs.values()), to_ms(now), host_name)):
        job = ended[place] = _after(reports[place], now, State(state))
        if is_awaited and job.state in FINAL:
            parents.append(job)
    for job in parents:
        settle(db, job.id, job.state, now)
    touched = {job.spec.mutex for job in ended if job is not None}
    if touched - {None}:
        mutexes.settle(db, touched, now)
        return [job and (read(db, job.id) if job.spec.mutex else job) for job in ended]
    return ended


def _run(place: int, report: Report, now: datetime) -> dict[str, Any]:
    """Return what a database has to know of a report; a job that a person wants cancelled does not run again."""
    job, outcome, verdict = report.job, report.outcome, report.verdict
    final = verdict.state in FINAL
    return {
        "place": place,
        "job": job.id,
        "lease": job.lease and job.lease.token,
        "queue": job.spec.queue,
        "mutex": job.spec.mutex,
        "state": verdict.state,
        "if_cancelled": verdict.state if final else State.CANCELLED,
        "attempts": job.attempts - int(verdict.refund),
        "run_at": None if final or verdict.run_at is None else to_ms(verdict.run_at),
        "finished_at": to_ms(now) if final else None,
        "reason": verdict.reason,
        "run": job.runs,
        "host": job.lease and job.lease.owner,
        "started": to_ms(outcome.started_at or job.started_at or outcome.finished_at),
        "ended": to_ms(outcome.finished_at),
        "outcome": outcome.kind,
        "exit_code": outcome.exit_code,
        "said": outcome.reason,
        "tail": outcome.tail,
        "output_bytes": outcome.output_bytes,
    }


def _after(report: Report, now: datetime, state: State) -> Job:
    """Return the job as the report leaves it."""
    job, verdict = report.job, report.verdict
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
