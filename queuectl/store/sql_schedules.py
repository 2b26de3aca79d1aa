"""SQLite's statements about schedules."""

from queuectl.store.schedule_rows import SCHEDULE_COLUMNS

_COUNT = len(SCHEDULE_COLUMNS.split(","))
_ALL = f"SELECT {SCHEDULE_COLUMNS} FROM schedules"
BY_NAME = f"{_ALL} ORDER BY name"
ONE = f"{_ALL} WHERE name = ?"
HOLD = ONE
_WAITING = "schedules INDEXED BY schedules_due WHERE NOT paused AND next_at IS NOT NULL"
DUE = f"SELECT {SCHEDULE_COLUMNS} FROM {_WAITING} AND next_at <= ? ORDER BY next_at, name LIMIT ?"
NEXT = f"SELECT min(next_at) FROM {_WAITING}"
ADD = f"INSERT INTO schedules ({SCHEDULE_COLUMNS}) VALUES ({', '.join('?' * _COUNT)}) ON CONFLICT DO NOTHING"
CHANGE = f"""
    UPDATE schedules SET ({SCHEDULE_COLUMNS}) = ({", ".join("?" * _COUNT)})
    WHERE name = ? AND last_at = ? AND next_at IS ? AND paused = ?
"""
REMOVE = "DELETE FROM schedules WHERE name = ?"
LIVE_RUNS = """
    SELECT id FROM jobs INDEXED BY jobs_of_schedule_live
    WHERE schedule = ? AND schedule IS NOT NULL AND state NOT IN ('completed', 'dead', 'cancelled') ORDER BY id
"""
LAST_RUNS = """
    SELECT id FROM jobs INDEXED BY jobs_of_schedule WHERE schedule = ? AND schedule IS NOT NULL
    ORDER BY id DESC LIMIT ?
"""
