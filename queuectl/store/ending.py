"""Ended runs in SQLite: a whole batch in a handful of statements.

Each step of a statement gives up Python's lock and has to win it back from threads that start processes; so a batch
goes in as one JSON text.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from queuectl.store import run_counts, sql
from queuectl.store.database import Database


def end_runs(db: Database, runs: Sequence[Mapping[str, Any]], now: int, host_name: str) -> list[tuple[int, str, bool]]:
    """End those runs whose lease is the current one, as ``Database.end_runs`` says."""
    asked = json.dumps([(run["job"], run["lease"]) for run in runs])
    ended: list[tuple[int, str, bool]] = []
    changes, attempts, counted = [], [], []
    for position, is_cancelled, is_awaited in db.gather(sql.CURRENT_LEASES, {"reports": asked}):
        run = runs[position]
        state = run["if_cancelled" if is_cancelled else "state"]
        finished_at, run_at = (now, None) if is_cancelled else (run["finished_at"], run["run_at"])
        changes.append((run["job"], state, run["attempts"], run_at, finished_at, run["exit_code"], run["reason"]))
        attempts.append(
            (
                run["job"], run["run"], run["host"], run["started"], run["ended"], run["outcome"], state,
                run["exit_code"], run["said"], run["tail"], run["output_bytes"],
            )
        )  # fmt: skip
        counted.append((run["queue"], run["outcome"], run["started"], run["ended"]))
        ended.append((run["place"], state, bool(is_awaited)))
    if changes:
        db.execute(sql.FINISH, {"changes": json.dumps(changes), "now": now})
        db.execute(sql.FINISH_ATTEMPTS, {"attempts": json.dumps(attempts), "host_name": host_name})
        run_counts.count(db, counted)
    return ended
