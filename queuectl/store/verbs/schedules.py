"""Schedules in a store."""

from datetime import datetime
from typing import TYPE_CHECKING

from queuectl.clock import Clock
from queuectl.errors import NotFound, WrongState
from queuectl.store.database import Connections
from queuectl.store.rows import from_ms, to_ms
from queuectl.store.schedule_rows import optional_ms, schedule_from_row, schedule_values

if TYPE_CHECKING:
    from queuectl.model.schedules import Schedule  # every command would pay for its import


class SchedulesVerbs:
    """Implement the Store protocol's verbs about schedules."""

    _db: Connections
    _clock: Clock

    def schedules(self) -> "list[Schedule]":
        with self._db.read() as db:
            return [schedule_from_row(row) for row in db.execute(db.sql_schedules.BY_NAME)]

    def schedule(self, name: str) -> "Schedule":
        with self._db.read() as db:
            row = db.execute(db.sql_schedules.ONE, (name,)).fetchone()
            if row is None:
                raise _missing(name)
            return schedule_from_row(row)

    def hold_schedule(self, name: str) -> "Schedule":
        with self._db.write() as db:
            row = db.execute(db.sql_schedules.HOLD, (name,)).fetchone()
            if row is None:
                raise _missing(name)
            return schedule_from_row(row)

    def add_schedule(self, schedule: "Schedule") -> None:
        with self._db.write() as db:
            db.execute(db.sql_schedules.ADD, schedule_values(schedule))
            if not db.changes():
                hint = "Change it: queuectl schedule add --replace ..."
                raise WrongState(f"there is a schedule {schedule.name!r} already", hint=hint)

    def change_schedule(self, before: "Schedule", after: "Schedule") -> bool:
        expected = (before.name, to_ms(before.last_at), optional_ms(before.next_at), before.paused)
        with self._db.write() as db:
            db.execute(db.sql_schedules.CHANGE, (*schedule_values(after), *expected))
            return bool(db.changes())

    def remove_schedule(self, name: str) -> None:
        with self._db.write() as db:
            db.execute(db.sql_schedules.REMOVE, (name,))
            if not db.changes():
                raise _missing(name)

    def due_schedules(self, limit: int) -> "list[Schedule]":
        with self._db.read() as db:
            rows = db.execute(db.sql_schedules.DUE, (to_ms(self._clock.now()), limit)).fetchall()
            return [schedule_from_row(row) for row in rows]

    def next_schedule(self) -> datetime | None:
        with self._db.read() as db:
            found = db.execute(db.sql_schedules.NEXT).get
        return None if found is None else from_ms(found)

    def live_runs(self, schedule: str) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(db.sql_schedules.LIVE_RUNS, (schedule,))]

    def last_runs(self, schedule: str, limit: int) -> list[int]:
        with self._db.read() as db:
            return [row[0] for row in db.execute(db.sql_schedules.LAST_RUNS, (schedule, limit))]


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no schedule {name!r}", hint="List them: queuectl schedule list")
