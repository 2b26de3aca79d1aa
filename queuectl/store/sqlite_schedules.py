"""Schedules in the Store on SQLite."""

from datetime import datetime
from typing import TYPE_CHECKING

import apsw

from queuectl.clock import Clock
from queuectl.errors import NotFound, WrongState
from queuectl.store.connection import Connections
from queuectl.store.rows import from_ms, to_ms
from queuectl.store.schedule_rows import SCHEDULE_COLUMNS, optional_ms, schedule_from_row, schedule_values

if TYPE_CHECKING:
    from queuectl.model.schedules import Schedule  # every command would pay for its import

_COUNT = len(SCHEDULE_COLUMNS.split(","))
_ALL = f"SELECT {SCHEDULE_COLUMNS} FROM schedules"  # noqa: S608 - constants, here and below
_BY_NAME = f"{_ALL} ORDER BY name"
_ONE = f"{_ALL} WHERE name = ?"
_WAITING = "schedules INDEXED BY schedules_due WHERE NOT paused AND next_at IS NOT NULL"
_DUE = f"SELECT {SCHEDULE_COLUMNS} FROM {_WAITING} AND next_at <= ? ORDER BY next_at, name LIMIT ?"  # noqa: S608
_NEXT = f"SELECT min(next_at) FROM {_WAITING}"  # noqa: S608
_ADD = f"INSERT INTO schedules ({SCHEDULE_COLUMNS}) VALUES ({', '.join('?' * _COUNT)})"  # noqa: S608
_CHANGE = f"""
    UPDATE schedules SET ({SCHEDULE_COLUMNS}) = ({", ".join("?" * _COUNT)})
    WHERE name = ? AND last_at = ? AND next_at IS ? AND paused = ?
"""  # noqa: S608
_REMOVE = "DELETE FROM schedules WHERE name = ?"
_LIVE_RUNS = """
    SELECT id FROM jobs INDEXED BY jobs_of_schedule_live
    WHERE schedule = ? AND schedule IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled') ORDER BY id
"""
_LAST_RUNS = """
    SELECT id FROM jobs INDEXED BY jobs_of_schedule WHERE schedule = ? AND schedule IS NOT NULL
    ORDER BY id DESC LIMIT ?
"""


class SqliteSchedules:
    """Implement the Store protocol's verbs about schedules."""

    _db: Connections
    _clock: Clock

    def schedules(self) -> "list[Schedule]":
        with self._db.read() as db:
            return [schedule_from_row(row) for row in db.execute(_BY_NAME)]

    def schedule(self, name: str) -> "Schedule":
        with self._db.read() as db:
            row = db.execute(_ONE, (name,)).fetchone()
            if row is None:
                raise _missing(name)
            return schedule_from_row(row)

    def add_schedule(self, schedule: "Schedule") -> None:
        with self._db.write() as db:
            try:
                db.execute(_ADD, schedule_values(schedule))
            except apsw.ConstraintError:
                hint = "Change it: queuectl schedule add --replace ..."
                raise WrongState(f"there is a schedule {schedule.name!r} already", hint=hint) from None

    def change_schedule(self, before: "Schedule", after: "Schedule") -> bool:
        expected = (before.name, to_ms(before.last_at), optional_ms(before.next_at), int(before.paused))
        with self._db.write() as db:
            db.execute(_CHANGE, (*schedule_values(after), *expected))
            return bool(db.changes())

    def remove_schedule(self, name: str) -> None:
        with self._db.write() as db:
            db.execute(_REMOVE, (name,))
            if not db.changes():
                raise _missing(name)

    def due_schedules(self, limit: int) -> "list[Schedule]":
        with self._db.read() as db:
            rows = db.execute(_DUE, (to_ms(self._clock.now()), limit)).fetchall()
            return [schedule_from_row(row) for row in rows]

    def next_schedule(self) -> datetime | None:
        with self._db.read() as db:
            found = db.execute(_NEXT).get
        return None if found is None else from_ms(found)

    def live_runs(self, schedule: str) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(_LIVE_RUNS, (schedule,))]

    def last_runs(self, schedule: str, limit: int) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(_LAST_RUNS, (schedule, limit))]


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no schedule {name!r}", hint="List them: queuectl schedule list")
