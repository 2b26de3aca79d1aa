"""Runs counted in SQLite as they end: by minute, and for good by queue; a whole batch in two statements."""

import json
from collections import Counter
from collections.abc import Iterable

import apsw

from queuectl.model.job import OutcomeKind

MINUTE = 60_000
"""Milliseconds."""
ADD_COUNTS = """
    INSERT INTO run_counts (minute, outcome, runs)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
    ON CONFLICT (minute, outcome) DO UPDATE SET runs = runs + excluded.runs
"""
ADD_TOTALS = """
    INSERT INTO run_totals (queue, outcome, runs, took)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
    ON CONFLICT (queue, outcome) DO UPDATE SET runs = runs + excluded.runs, took = took + excluded.took
"""
COUNTS = """
    SELECT (minute * 60000 - :since) / :step, outcome, sum(runs) FROM run_counts WHERE minute >= :first
    GROUP BY 1, 2 ORDER BY 1, 2
"""
TOTALS = "SELECT queue, outcome, runs, took FROM run_totals ORDER BY queue, outcome"
FORGET = "DELETE FROM run_counts WHERE minute < ?"


def count(db: apsw.Connection, ended: Iterable[tuple[str, OutcomeKind, int, int]]) -> None:
    """Count runs by (queue, outcome, when it started, when it ended), in milliseconds."""
    minutes: Counter[tuple[int, str]] = Counter()
    totals: Counter[tuple[str, str]] = Counter()
    took: Counter[tuple[str, str]] = Counter()
    for queue, outcome, started, finished in ended:
        minutes[finished // MINUTE, outcome] += 1
        totals[queue, outcome] += 1
        took[queue, outcome] += max(0, finished - started)
    if totals:
        db.execute(ADD_COUNTS, (json.dumps([(*key, runs) for key, runs in minutes.items()]),))
        db.execute(ADD_TOTALS, (json.dumps([(*key, runs, took[key]) for key, runs in totals.items()]),))
