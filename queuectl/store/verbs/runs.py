"""Ended runs in a store."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.model.job import Job, OutcomeKind
from queuectl.model.state import State
from queuectl.store import run_counts as counted
from queuectl.store.database import Connections
from queuectl.store.rows import from_ms, job_from_row, to_ms
from queuectl.store.types import JobFilter, Order, RunCount, RunTotal

if TYPE_CHECKING:
    from queuectl.model.statistics import RunFact
    from queuectl.model.timeline import Run

TAIL = 2000
"""Characters."""
LOOK_AT = 1000
"""Runs among which the jobs are looked for that ended last."""


class RunsVerbs:
    """Implement the Store protocol's verbs about ended runs."""

    _db: Connections
    _clock: Clock

    def runs_since(self, since: datetime) -> "list[RunFact]":
        from queuectl.model.statistics import RunFact

        with self._db.read() as db:
            return [
                RunFact(
                    queue=queue, name=name, outcome=OutcomeKind(outcome), took=max(0, took) / 1000,
                    waited=None if waited is None else max(0, waited) / 1000,
                )
                for queue, name, outcome, took, waited in db.execute(db.sql_runs.RUNS_SINCE, (to_ms(since),))
            ]  # fmt: skip

    def run_counts(self, since: datetime, step: float) -> list[RunCount]:
        began = to_ms(since)
        values = {"since": began, "step": round(step * 1000), "first": -(-began // counted.MINUTE)}
        with self._db.read() as db:
            return [
                RunCount(at=since + timedelta(seconds=place * step), outcome=OutcomeKind(outcome), runs=runs)
                for place, outcome, runs in db.execute(db.sql_runs.COUNTS, values)
            ]

    def run_totals(self) -> list[RunTotal]:
        with self._db.read() as db:
            return [
                RunTotal(queue=queue, outcome=OutcomeKind(outcome), runs=runs, took=took / 1000)
                for queue, outcome, runs, took in db.execute(db.sql_runs.TOTALS)
            ]

    def forget_run_counts(self, before: datetime) -> None:
        with self._db.write() as db:
            db.execute(db.sql_runs.FORGET, (to_ms(before) // counted.MINUTE,))

    def recent_runs(self, since: datetime, limit: int) -> "list[Run]":
        from queuectl.model.timeline import Run

        values = {"since": to_ms(since), "limit": limit}
        with self._db.read() as db:
            rows = db.gather(db.sql_runs.RECENT_RUNS, values)
        found = [
            Run(
                job_id=job_id, number=number, title=" ".join(title.split()), host=host, host_name=host_name,
                started_at=from_ms(started), finished_at=from_ms(finished), outcome=OutcomeKind(outcome),
            )
            for job_id, number, title, host, host_name, started, finished, outcome in rows
        ]  # fmt: skip
        return sorted(found, key=lambda run: (run.finished_at, run.job_id, run.number), reverse=True)

    def recent(self, limit: int) -> list[Job]:
        with self._db.read() as db:
            rows = db.gather(db.sql_runs.RECENT, {"look_at": LOOK_AT, "limit": limit})
        return [job_from_row(row[1:]) for row in sorted(rows, key=lambda row: row[:2], reverse=True)]

    def dead_with_tails(self, limit: int, queue: str | None = None) -> Sequence[tuple[Job, str]]:
        from queuectl.store import pages

        query = JobFilter(states=(State.DEAD,), queue=queue, order=Order.ENDED, limit=limit)
        with self._db.read() as db:
            jobs = pages.page(db, query, self._clock).jobs
            runs = json.dumps([(job.id, job.runs) for job in jobs])
            tails = dict(db.gather(db.sql_runs.TAILS, {"runs": runs, "length": TAIL}))
        return [(job, tails.get(job.id, "")) for job in jobs]
