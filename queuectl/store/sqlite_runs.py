"""Ended runs in the Store on SQLite."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from queuectl.clock import Clock
from queuectl.model.job import Job, OutcomeKind
from queuectl.model.state import FINAL, State
from queuectl.store import run_counts as counted
from queuectl.store.connection import Connections
from queuectl.store.rows import JOB_COLUMNS, from_ms, job_from_row, to_ms
from queuectl.store.types import JobFilter, Order, RunCount, RunTotal

if TYPE_CHECKING:
    from queuectl.model.statistics import RunFact
    from queuectl.model.timeline import Run

TAIL = 2000
"""Characters."""
LOOK_AT = 1000
"""Runs among which the jobs are looked for that ended last."""
RUNS_SINCE = """
    SELECT queue, coalesce(name, ''), outcome, attempts.finished_at - attempts.started_at,
        CASE WHEN number = 1 THEN attempts.started_at - coalesce(
            (SELECT max(at) FROM events WHERE events.job_id = jobs.id AND run = 0 AND after = 'pending'), created_at
        ) END
    FROM attempts INDEXED BY attempts_ended JOIN jobs ON jobs.id = job_id
    WHERE attempts.finished_at IS NOT NULL AND attempts.finished_at >= ?
"""
# What a title is made of, cut before it is handed on: a command may be long.
_TITLE = """
    substr(coalesce(nullif(name, ''), command, (SELECT group_concat(value, ' ') FROM json_each(argv))), 1, 1000)
"""
RECENT_RUNS = f"""
    SELECT json_group_array(json_array(job_id, number, title, host, host_name, started_at, finished_at, outcome))
    FROM (
        SELECT job_id, number, {_TITLE} AS title, host, host_name, attempts.started_at, attempts.finished_at, outcome
        FROM attempts INDEXED BY attempts_ended CROSS JOIN jobs ON jobs.id = job_id
        WHERE attempts.finished_at IS NOT NULL AND attempts.finished_at >= :since
        ORDER BY attempts.finished_at DESC, job_id DESC, number DESC LIMIT :limit
    )
"""  # noqa: S608 - constants, here and below
_ENDED = ", ".join(f"'{state}'" for state in sorted(FINAL | {State.FAILED}))
RECENT = f"""
    SELECT json_group_array(json_array(ended, {JOB_COLUMNS})) FROM (
        SELECT ended, jobs.* FROM (
            SELECT job_id, number, finished_at AS ended FROM attempts INDEXED BY attempts_ended
            WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, job_id DESC LIMIT :look_at
        ) CROSS JOIN jobs ON jobs.id = job_id AND runs = number
        WHERE state IN ({_ENDED}) ORDER BY ended DESC, id DESC LIMIT :limit
    )
"""  # noqa: S608
TAILS = """
    SELECT json_group_array(json_array(job_id, substr(tail, -:length)))
    FROM json_each(:runs) AS wanted CROSS JOIN attempts
    WHERE job_id = wanted.value ->> 0 AND number = wanted.value ->> 1
"""


class SqliteRuns:
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
                for queue, name, outcome, took, waited in db.execute(RUNS_SINCE, (to_ms(since),))
            ]  # fmt: skip

    def run_counts(self, since: datetime, step: float) -> list[RunCount]:
        began = to_ms(since)
        values = {"since": began, "step": round(step * 1000), "first": -(-began // counted.MINUTE)}
        with self._db.read() as db:
            return [
                RunCount(at=since + timedelta(seconds=place * step), outcome=OutcomeKind(outcome), runs=runs)
                for place, outcome, runs in db.execute(counted.COUNTS, values)
            ]

    def run_totals(self) -> list[RunTotal]:
        with self._db.read() as db:
            return [
                RunTotal(queue=queue, outcome=OutcomeKind(outcome), runs=runs, took=took / 1000)
                for queue, outcome, runs, took in db.execute(counted.TOTALS)
            ]

    def forget_run_counts(self, before: datetime) -> None:
        with self._db.write() as db:
            db.execute(counted.FORGET, (to_ms(before) // counted.MINUTE,))

    def recent_runs(self, since: datetime, limit: int) -> "list[Run]":
        from queuectl.model.timeline import Run

        found = [
            Run(
                job_id=job_id, number=number, title=" ".join(title.split()), host=host, host_name=host_name,
                started_at=from_ms(started), finished_at=from_ms(finished), outcome=OutcomeKind(outcome),
            )
            for job_id, number, title, host, host_name, started, finished, outcome in self._json(
                RECENT_RUNS, {"since": to_ms(since), "limit": limit}
            )
        ]  # fmt: skip
        return sorted(found, key=lambda run: (run.finished_at, run.job_id, run.number), reverse=True)

    def recent(self, limit: int) -> list[Job]:
        found = sorted(self._json(RECENT, {"look_at": LOOK_AT, "limit": limit}), reverse=True)
        return [job_from_row(row[1:]) for row in found]

    def dead_with_tails(self, limit: int, queue: str | None = None) -> Sequence[tuple[Job, str]]:
        from queuectl.store import pages

        query = JobFilter(states=(State.DEAD,), queue=queue, order=Order.ENDED, limit=limit)
        with self._db.read() as db:
            jobs = pages.page(db, query, self._clock).jobs
        runs = json.dumps([(job.id, job.runs) for job in jobs])
        tails = dict(self._json(TAILS, {"runs": runs, "length": TAIL}))
        return [(job, tails.get(job.id, "")) for job in jobs]

    def _json(self, text: str, values: dict[str, Any]) -> Any:
        # One step a statement: each gives up Python's lock and has to win it back.
        with self._db.read() as db:
            found: Any = db.execute(text, values).get
        return json.loads(found)
