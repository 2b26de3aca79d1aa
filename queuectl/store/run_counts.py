"""Runs counted as they end: by minute, and for good by queue; a whole batch in two statements."""

import json
from collections import Counter
from collections.abc import Iterable

from queuectl.model.job import OutcomeKind
from queuectl.store.database import Database

MINUTE = 60_000
"""Milliseconds."""


def count(db: Database, ended: Iterable[tuple[str, OutcomeKind, int, int]]) -> None:
    """Count runs by (queue, outcome, when it started, when it ended), in milliseconds."""
    minutes: Counter[tuple[int, str]] = Counter()
    totals: Counter[tuple[str, str]] = Counter()
    took: Counter[tuple[str, str]] = Counter()
    for queue, outcome, started, finished in ended:
        minutes[finished // MINUTE, outcome] += 1
        totals[queue, outcome] += 1
        took[queue, outcome] += max(0, finished - started)
    if totals:
        db.execute(db.sql_runs.ADD_COUNTS, (json.dumps([(*key, runs) for key, runs in minutes.items()]),))
        db.execute(db.sql_runs.ADD_TOTALS, (json.dumps([(*key, runs, took[key]) for key, runs in totals.items()]),))
