"""PostgreSQL's statements about schedules."""

from queuectl.store import sql_schedules as sqlite
from queuectl.store.postgres.dialect import same

BY_NAME = same(sqlite.BY_NAME) + ' COLLATE "C"'
ONE = same(sqlite.ONE)
HOLD = f"{ONE} FOR NO KEY UPDATE"
DUE = same(sqlite.DUE)
NEXT = same(sqlite.NEXT)
ADD = same(sqlite.ADD)
CHANGE = same(sqlite.CHANGE).replace("next_at IS %s", "next_at IS NOT DISTINCT FROM %s")
REMOVE = same(sqlite.REMOVE)
LIVE_RUNS = same(sqlite.LIVE_RUNS)
LAST_RUNS = same(sqlite.LAST_RUNS)
