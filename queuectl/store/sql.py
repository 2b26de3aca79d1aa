"""SQLite's statements; each change names the state, or the lease token, that it expects."""

from queuectl.model.hooks import HOOKS
from queuectl.store.rows import ATTEMPT_COLUMNS, EVENT_COLUMNS, HOST_COLUMNS, INSERT_COLUMNS, JOB_COLUMNS, SPEC_COLUMNS

_NOT_ENDED = "state NOT IN ('completed', 'dead', 'cancelled')"
_NO_LEASE = "lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL"
_SPEC_COUNT = len(SPEC_COLUMNS.split(","))
_MARKS = ", ".join("?" * len(INSERT_COLUMNS.split(",")))

# jobs: by a caller

JOB = f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?"
MISSING = """
    SELECT asked.value FROM json_each(:ids) AS asked WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = asked.value)
"""
STATE = "SELECT state FROM jobs WHERE id = ?"
RUN_AT = "SELECT run_at FROM jobs WHERE id = ?"
NEWEST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'jobs'"
LIVE_KEY = f"SELECT {JOB_COLUMNS} FROM jobs INDEXED BY jobs_live_key WHERE key = ? AND key IS NOT NULL AND {_NOT_ENDED}"
NEWEST_KEY = f"SELECT {JOB_COLUMNS} FROM jobs WHERE key = ? ORDER BY id DESC LIMIT 1"
OTHER_LIVE_KEY = f"SELECT id FROM jobs WHERE key = (SELECT key FROM jobs WHERE id = ?) AND id <> ? AND {_NOT_ENDED}"
ENQUEUE = f"INSERT INTO jobs ({INSERT_COLUMNS}) VALUES ({_MARKS}) RETURNING {JOB_COLUMNS}"
BATCH = "SELECT job_ids FROM batches WHERE token = ?"
ADD_BATCH = "INSERT INTO batches (token, created_at, job_ids) VALUES (?, ?, ?)"
ADD_QUEUE = "INSERT INTO queues (name, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
NEWER_KEY = f"SELECT {JOB_COLUMNS} FROM jobs WHERE key = ? AND created_at > ? ORDER BY id DESC LIMIT 1"
GIVE_UP_KEY = "UPDATE jobs SET key = NULL WHERE id = ? AND state = 'processing'"
ADD_DEPENDENCY = "INSERT INTO dependencies (job_id, parent_id, kind, met, if_dead) VALUES (?, ?, ?, ?, ?)"
DEPENDENTS = """
    SELECT job_id, kind, if_dead, mutex FROM dependencies JOIN jobs ON jobs.id = job_id
    WHERE parent_id = ? AND NOT met AND state = 'blocked'
"""
GRAPH = """
    WITH RECURSIVE part (id) AS (
        VALUES (?) UNION SELECT parent_id FROM dependencies JOIN part ON job_id = part.id
        UNION SELECT job_id FROM dependencies JOIN part ON parent_id = part.id LIMIT ?
    )
    SELECT job_id, parent_id, kind, met FROM part JOIN dependencies ON job_id = part.id ORDER BY job_id, parent_id
"""
MEET_DEPENDENCY = "UPDATE dependencies SET met = true WHERE job_id = ? AND parent_id = ?"
OTHER_DEPENDENTS = "SELECT job_id FROM dependencies WHERE parent_id = :old AND NOT met AND job_id <> :new"
HAND_OVER_DEPENDENTS = "UPDATE dependencies SET parent_id = :new WHERE parent_id = :old AND NOT met AND job_id <> :new"
NAME_PARENTS = "UPDATE jobs SET waits_for = ?, options = ? WHERE id = ?"
STOPPING = """
    SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND state = 'processing' AND cancel_requested
"""
STILL_BLOCKED = "SELECT EXISTS (SELECT 1 FROM dependencies WHERE job_id = ? AND NOT met)"
EXPLAIN_WAIT = "UPDATE jobs SET reason = ?, updated_at = ? WHERE id = ? AND state = 'blocked'"
UNBLOCK = "UPDATE jobs SET state = ?, run_at = ?, reason = NULL, updated_at = ? WHERE id = ? AND state = 'blocked'"
CANCEL = """
    UPDATE jobs SET state = 'cancelled', finished_at = ?, updated_at = ?, reason = ?, run_at = NULL
    WHERE id = ? AND state IN ('pending', 'scheduled', 'blocked', 'failed')
"""
REQUEST_CANCEL = "UPDATE jobs SET cancel_requested = true, updated_at = ? WHERE id = ? AND state = 'processing'"
RETRY = f"""
    UPDATE jobs SET state = 'pending', attempts = 0, run_at = NULL, finished_at = NULL, exit_code = NULL,
        reason = NULL, cancel_requested = false, progress = NULL, progress_text = NULL, updated_at = ?
    WHERE id = ? AND state IN ('completed', 'dead', 'cancelled', 'failed')
    RETURNING {JOB_COLUMNS}
"""
EXPLAIN_NO_MORE = """
    UPDATE jobs SET reason = NULL, updated_at = ?
    WHERE state = 'blocked' AND id IN (SELECT job_id FROM dependencies WHERE parent_id = ? AND NOT met)
"""
WAIT_NO_MORE = "UPDATE dependencies SET met = true WHERE job_id = ? AND NOT met"
EDIT = f"""
    UPDATE jobs SET ({SPEC_COLUMNS}, state, updated_at, run_at, reason) = ({", ".join("?" * (_SPEC_COUNT + 4))})
    WHERE id = ? AND state = ?
"""
OTHER_WITH_KEY = (
    f"SELECT id FROM jobs INDEXED BY jobs_live_key WHERE key = ? AND key IS NOT NULL AND id <> ? AND {_NOT_ENDED}"
)
DROP_DEPENDENCIES = "DELETE FROM dependencies WHERE job_id = ?"
# Whoever waits for a job, however far away.
IS_AHEAD = """
    WITH RECURSIVE behind (id) AS (
        VALUES (:job) UNION SELECT job_id FROM dependencies JOIN behind ON parent_id = behind.id
    )
    SELECT EXISTS (SELECT 1 FROM behind WHERE id = :parent)
"""
ANNOTATE = f"UPDATE jobs SET tags = ?, note = ?, updated_at = ? WHERE id = ? RETURNING {JOB_COLUMNS}"
DELETE = "DELETE FROM jobs WHERE id = ? AND state <> 'processing'"
FORGET = """
    DELETE FROM jobs WHERE id IN (
        SELECT id FROM jobs INDEXED BY jobs_ended
        WHERE state = ? AND finished_at IS NOT NULL AND finished_at < ? AND NOT EXISTS (
            SELECT 1 FROM dependencies JOIN jobs AS child ON child.id = job_id
            WHERE parent_id = jobs.id AND NOT met AND child.state = 'blocked'
        )
        ORDER BY finished_at LIMIT ?
    ) RETURNING id
"""
NTH_ENDED = """
    SELECT finished_at FROM jobs INDEXED BY jobs_ended WHERE state = ? AND finished_at IS NOT NULL
    ORDER BY finished_at DESC LIMIT 1 OFFSET ?
"""
COUNTS = "SELECT queue, state, count FROM job_counts WHERE count > 0 ORDER BY queue, state"
# What runs now has its row in jobs; a row in attempts comes when its process is known or it has ended.
ATTEMPTS = f"""
    SELECT {ATTEMPT_COLUMNS} FROM attempts WHERE job_id = :id
    UNION ALL
    SELECT id, runs, lease_owner, coalesce((SELECT name FROM hosts WHERE id = lease_owner), lease_owner), NULL, NULL,
        started_at, NULL, NULL, NULL, NULL, NULL, '', 0
    FROM jobs WHERE id = :id AND state = 'processing'
        AND NOT EXISTS (SELECT 1 FROM attempts WHERE job_id = :id AND number = jobs.runs)
    ORDER BY number
"""
EVENTS = f"SELECT {EVENT_COLUMNS} FROM events WHERE job_id = ? ORDER BY id"
RECORD = f"INSERT INTO events ({EVENT_COLUMNS}) SELECT id, ?, runs, ?, ?, ?, ?, ? FROM jobs WHERE id = ?"

# whole jobs, and what was done

JOBS_AFTER = f"SELECT {JOB_COLUMNS} FROM jobs WHERE id > ? ORDER BY id LIMIT ?"
WAITS = "SELECT parent_id, kind, met FROM dependencies WHERE job_id = ? ORDER BY parent_id"


def _marks(columns: str) -> str:
    return ", ".join("?" * len(columns.split(",")))


_RESTORED = f"{INSERT_COLUMNS}, id, attempts, runs, started_at, finished_at, exit_code, reason, progress, progress_text"
RESTORE = f"INSERT INTO jobs ({_RESTORED}) VALUES ({_marks(_RESTORED)})"
RESTORE_ATTEMPT = (
    f"INSERT INTO attempts ({ATTEMPT_COLUMNS}) VALUES ({', '.join('?' * len(ATTEMPT_COLUMNS.split(',')))})"
)
RESTORE_EVENT = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES ({_marks(EVENT_COLUMNS)})"
BEGIN_IDS = """
    INSERT INTO sqlite_sequence (name, seq)
    SELECT 'jobs', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'jobs')
"""
RESERVE_IDS = "UPDATE sqlite_sequence SET seq = :highest WHERE name = 'jobs' AND seq < :highest"

# jobs: by a host

ROOM_IN_QUEUES = """
    SELECT name, max_running - coalesce((SELECT count FROM job_counts WHERE queue = name AND state = 'processing'), 0)
    FROM queues WHERE max_running IS NOT NULL
"""
# The best of each queue, for any machine and for this one, by its index, then the best of these. What hooks run waits
# for no pause and for no limit.
CANDIDATES = f"""
    SELECT json_group_array(json_array({JOB_COLUMNS})) FROM (
        SELECT ready.*
        FROM queues AS q CROSS JOIN json_each(:places) AS place CROSS JOIN jobs AS ready ON ready.id IN (
            SELECT id FROM jobs INDEXED BY jobs_claimable
            WHERE state = 'pending' AND queue = q.name AND machine = place.value
                AND (:newest IS NULL OR id <= :newest OR q.name = '{HOOKS}')
            ORDER BY priority DESC, id LIMIT :limit
        )
        WHERE q.name = '{HOOKS}' OR (
            (:queues IS NULL OR q.name IN (SELECT value FROM json_each(:queues)))
            AND (:closed IS NULL OR q.name NOT IN (SELECT value FROM json_each(:closed)))
            AND NOT EXISTS (
                SELECT 1 FROM pauses WHERE queue IN ('', q.name) AND (until IS NULL OR until > :now)
            )
        )
        ORDER BY ready.priority DESC, ready.id LIMIT :limit
    )
"""
CLAIM = """
    UPDATE jobs SET state = 'processing', attempts = attempts + 1, runs = runs + 1, started_at = :now,
        finished_at = NULL, exit_code = NULL, reason = NULL, run_at = NULL, updated_at = :now, progress = NULL,
        progress_text = NULL, lease_token = taken.value ->> 1, lease_owner = :owner, lease_expires_at = :expires
    FROM json_each(:taken) AS taken WHERE jobs.id = taken.value ->> 0 AND jobs.state = 'pending'
"""
STARTED = """
    INSERT INTO attempts (job_id, number, host, host_name, pid, pid_created, started_at)
    SELECT id, runs, lease_owner, ?, ?, ?, started_at FROM jobs WHERE id = ? AND lease_token = ?
    ON CONFLICT (job_id, number) DO UPDATE SET pid = excluded.pid, pid_created = excluded.pid_created
"""
CURRENT_LEASES = """
    SELECT json_group_array(json_array(report.key, cancel_requested,
        EXISTS (SELECT 1 FROM dependencies WHERE parent_id = jobs.id AND NOT met)))
    FROM json_each(:reports) AS report CROSS JOIN jobs
    WHERE jobs.id = report.value ->> 0 AND state = 'processing' AND lease_token = report.value ->> 1
"""
# The leases have been checked in this transaction.
FINISH = f"""
    UPDATE jobs SET state = report.value ->> 1, attempts = report.value ->> 2, run_at = report.value ->> 3,
        finished_at = report.value ->> 4, exit_code = report.value ->> 5, reason = report.value ->> 6,
        updated_at = :now, cancel_requested = false, {_NO_LEASE}
    FROM json_each(:changes) AS report WHERE jobs.id = report.value ->> 0 AND jobs.state = 'processing'
"""
FINISH_ATTEMPTS = """
    INSERT INTO attempts (job_id, number, host, host_name, started_at, finished_at, outcome, next_state, exit_code,
        reason, tail, output_bytes)
    SELECT value ->> 0, value ->> 1, value ->> 2, :host_name, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7, value ->> 8, value ->> 9, value ->> 10
    FROM json_each(:attempts) WHERE true
    ON CONFLICT (job_id, number) DO UPDATE SET started_at = excluded.started_at, finished_at = excluded.finished_at,
        outcome = excluded.outcome, next_state = excluded.next_state, exit_code = excluded.exit_code,
        reason = excluded.reason, tail = excluded.tail, output_bytes = excluded.output_bytes
"""
# One that a person wants cancelled ends here and keeps the number of its run, to which its history refers.
UNCLAIM = f"""
    UPDATE jobs SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'pending' END,
        finished_at = CASE WHEN cancel_requested THEN :now END,
        reason = CASE WHEN cancel_requested THEN 'cancelled before it ran' END, cancel_requested = false,
        attempts = attempts - 1, runs = runs - (NOT cancel_requested), started_at = NULL, updated_at = :now, {_NO_LEASE}
    WHERE id = :id AND state = 'processing' AND lease_token = :token
    RETURNING state
"""
REPORT_PROGRESS = """
    UPDATE jobs SET progress = ?, progress_text = ? WHERE id = ? AND state = 'processing' AND lease_token = ?
"""
RENEW = "UPDATE jobs SET lease_expires_at = ? WHERE state = 'processing' AND lease_owner = ?"
HELD = "SELECT lease_token FROM jobs WHERE state = 'processing' AND lease_owner = ?"
CANCELLING = "SELECT id FROM jobs WHERE state = 'processing' AND lease_owner = ? AND cancel_requested"
DUE = """
    SELECT id, state, mutex FROM jobs WHERE state = 'scheduled' AND run_at <= :now
    UNION ALL SELECT id, state, mutex FROM jobs WHERE state = 'failed' AND run_at <= :now
"""
PROMOTE = """
    UPDATE jobs SET state = 'pending', run_at = NULL, updated_at = :now
    WHERE id IN (SELECT value FROM json_each(:ids)) AND state IN ('scheduled', 'failed') RETURNING id
"""
RECORD_PROMOTION = f"""
    INSERT INTO events ({EVENT_COLUMNS})
    SELECT jobs.id, :now, runs, 'promote', due.value ->> 1, 'pending', 'clock', NULL
    FROM json_each(:jobs) AS due CROSS JOIN jobs WHERE jobs.id = due.value ->> 0
"""
NEXT_DUE = """
    SELECT min(run_at) FROM (
        SELECT min(run_at) AS run_at FROM jobs WHERE state = 'scheduled'
        UNION ALL SELECT min(run_at) FROM jobs WHERE state = 'failed'
        UNION ALL SELECT min(next_at) FROM schedules INDEXED BY schedules_due WHERE NOT paused AND next_at IS NOT NULL
        UNION ALL SELECT min(until) FROM pauses WHERE until > ?
    )
"""
_RUNNING = f"""
    SELECT {", ".join("jobs." + name.strip() for name in JOB_COLUMNS.split(","))}, pid, pid_created
    FROM jobs INDEXED BY jobs_processing LEFT JOIN attempts ON job_id = jobs.id AND number = jobs.runs
    WHERE state = 'processing'
"""
EXPIRED = f"{_RUNNING} AND lease_expires_at < ? ORDER BY jobs.id"
RUNNING = f"{_RUNNING} AND (:owner IS NULL OR lease_owner = :owner) ORDER BY jobs.id"

# mutexes

MUTEXES = """
    SELECT DISTINCT mutex FROM jobs INDEXED BY jobs_mutex WHERE mutex IS NOT NULL AND state IN ('pending', 'blocked')
"""
HOLDER = "SELECT id FROM jobs INDEXED BY jobs_mutex_held WHERE mutex = ? AND state = 'processing'"
# A blocked job that waits for no other one's end waits for its mutex alone.
FIRST_IN_LINE = """
    SELECT (
        SELECT id FROM jobs INDEXED BY jobs_mutex
        WHERE mutex = ? AND queue = q.name AND state IN ('pending', 'blocked') AND (
            state = 'pending' OR NOT EXISTS (SELECT 1 FROM dependencies WHERE job_id = jobs.id AND NOT met)
        )
        ORDER BY priority DESC, id LIMIT 1
    ) FROM queues AS q
"""
BLOCK_OTHERS = """
    UPDATE jobs INDEXED BY jobs_mutex_ready SET state = 'blocked', reason = :reason, updated_at = :now
    WHERE mutex = :mutex AND state = 'pending' AND id NOT IN (SELECT value FROM json_each(:first))
    RETURNING id
"""
UNBLOCK_FIRST = """
    UPDATE jobs SET state = 'pending', reason = NULL, updated_at = :now
    WHERE state = 'blocked' AND id IN (SELECT value FROM json_each(:first))
    RETURNING id
"""

# hosts, pauses, settings

PORTS = "SELECT port FROM hosts WHERE machine = ? AND port IS NOT NULL"
ADD_HOST = f"INSERT INTO hosts ({HOST_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)"
REMOVE_HOST = "DELETE FROM hosts WHERE id = ?"
HOSTS = f"SELECT {HOST_COLUMNS} FROM hosts ORDER BY started_at, id"
SEEN = "UPDATE hosts SET seen_at = ? WHERE id = ?"
DESCRIBE_HOST = "UPDATE hosts SET workers = ?, tags = ?, queues = ? WHERE id = ?"
SET_DASHBOARD = "UPDATE hosts SET dashboard = ?, logs = ? WHERE id = ?"
ASK_TO_STOP = "UPDATE hosts SET stop = ? WHERE id = ?"
STOP_ASKED = "SELECT stop FROM hosts WHERE id = ?"
QUEUE = "SELECT name, max_running, defaults FROM queues WHERE name = ?"
QUEUES = "SELECT name, max_running, defaults FROM queues ORDER BY name"
SET_QUEUE = """
    INSERT INTO queues (name, created_at, max_running, defaults) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET max_running = excluded.max_running, defaults = excluded.defaults
"""
JOBS_IN_QUEUE = "SELECT coalesce(sum(count), 0) FROM job_counts WHERE queue = ?"
REMOVE_QUEUE = "DELETE FROM queues WHERE name = ?"
PAUSE = """
    INSERT INTO pauses (queue, since, until) VALUES (?, ?, ?)
    ON CONFLICT (queue) DO UPDATE SET since = excluded.since, until = excluded.until
"""
RESUME = "DELETE FROM pauses WHERE queue = ?"
PAUSES = "SELECT queue, since, until FROM pauses WHERE until IS NULL OR until > ? ORDER BY queue"
SETTINGS = "SELECT key, value FROM settings"
SET = "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
UNSET = "DELETE FROM settings WHERE key = ?"
