"""PostgreSQL's statements; each change names the state, or the lease token, that it expects."""

from queuectl.model.hooks import HOOKS
from queuectl.store import sql as sqlite
from queuectl.store.postgres.dialect import numbers, rows, same, texts
from queuectl.store.rows import EVENT_COLUMNS, JOB_COLUMNS

_NO_LEASE = "lease_token = NULL, lease_owner = NULL, lease_expires_at = NULL"
_JOBS_COLUMNS = ", ".join(f"jobs.{name.strip()}" for name in JOB_COLUMNS.split(","))

# locks, which last until the end of the transaction

_CLASS = 0x71756575
LOCK_GRAPH = f"SELECT pg_advisory_xact_lock({_CLASS}, 1)"
LOCK_NAMES = f"""
    SELECT pg_advisory_xact_lock({_CLASS}, number) FROM (
        SELECT DISTINCT 1024 + (hashtext(name) & 1023) AS number FROM unnest(%(names)s::text[]) AS name ORDER BY 1
    ) AS numbers
"""
LOCK_JOBS = "SELECT 1 FROM jobs WHERE id = ANY (%(jobs)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
LOCK_QUEUES = "LOCK TABLE queues IN SHARE ROW EXCLUSIVE MODE"
TRY_GRAPH = f"SELECT pg_try_advisory_xact_lock({_CLASS}, 1)"
# LIMIT keeps it from becoming a join that reads all that is pending.
WHAT_CLAIMS_NEED = """
    SELECT EXISTS (SELECT 1 FROM jobs WHERE mutex IS NOT NULL AND state = 'pending') AS with_mutexes,
        EXISTS (
            SELECT 1 FROM queues WHERE max_running IS NOT NULL
                AND (SELECT true FROM jobs WHERE state = 'pending' AND queue = queues.name LIMIT 1)
        ) AS with_limits
"""
LOCK_LIMITS = f"SELECT pg_advisory_xact_lock({_CLASS}, 2)"
LOCK_SCHEMA = f"SELECT pg_advisory_xact_lock({_CLASS}, 3)"
ELECT = f"SELECT pg_try_advisory_lock({_CLASS}, 4)"

# jobs: by a caller

JOB = same(sqlite.JOB)
MISSING = f"SELECT id FROM ({numbers('ids')}) AS asked (id) WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = asked.id)"
STATE = same(sqlite.STATE)
RUN_AT = same(sqlite.RUN_AT)
NEWEST_ID = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM jobs_id_seq"
LIVE_KEY = same(sqlite.LIVE_KEY)
NEWEST_KEY = same(sqlite.NEWEST_KEY)
OTHER_LIVE_KEY = same(sqlite.OTHER_LIVE_KEY)
ENQUEUE = same(sqlite.ENQUEUE)
BATCH = same(sqlite.BATCH)
ADD_BATCH = same(sqlite.ADD_BATCH)
ADD_QUEUE = same(sqlite.ADD_QUEUE)
NEWER_KEY = same(sqlite.NEWER_KEY)
GIVE_UP_KEY = same(sqlite.GIVE_UP_KEY)
ADD_DEPENDENCY = same(sqlite.ADD_DEPENDENCY)
DEPENDENTS = same(sqlite.DEPENDENTS)
GRAPH = """
    WITH RECURSIVE part (id) AS (
        VALUES (%s::bigint) UNION SELECT next.id FROM part CROSS JOIN LATERAL (
            SELECT parent_id FROM dependencies WHERE job_id = part.id
            UNION ALL SELECT job_id FROM dependencies WHERE parent_id = part.id
        ) AS next (id)
    )
    SELECT job_id, parent_id, kind, met FROM (SELECT id FROM part LIMIT %s) AS found
    JOIN dependencies ON job_id = found.id ORDER BY job_id, parent_id
"""
MEET_DEPENDENCY = same(sqlite.MEET_DEPENDENCY)
OTHER_DEPENDENTS = same(sqlite.OTHER_DEPENDENTS)
HAND_OVER_DEPENDENTS = same(sqlite.HAND_OVER_DEPENDENTS)
NAME_PARENTS = same(sqlite.NAME_PARENTS)
STOPPING = """
    SELECT id FROM jobs WHERE id IN (SELECT jsonb_array_elements_text(%s::jsonb)::bigint)
        AND state = 'processing' AND cancel_requested
"""
STILL_BLOCKED = same(sqlite.STILL_BLOCKED)
EXPLAIN_WAIT = same(sqlite.EXPLAIN_WAIT)
UNBLOCK = same(sqlite.UNBLOCK)
CANCEL = same(sqlite.CANCEL)
REQUEST_CANCEL = same(sqlite.REQUEST_CANCEL)
RETRY = same(sqlite.RETRY)
EXPLAIN_NO_MORE = same(sqlite.EXPLAIN_NO_MORE)
WAIT_NO_MORE = same(sqlite.WAIT_NO_MORE)
EDIT = same(sqlite.EDIT)
OTHER_WITH_KEY = same(sqlite.OTHER_WITH_KEY)
DROP_DEPENDENCIES = same(sqlite.DROP_DEPENDENCIES)
IS_AHEAD = same(sqlite.IS_AHEAD).replace("VALUES (%(job)s)", "VALUES (%(job)s::bigint)")
ANNOTATE = same(sqlite.ANNOTATE)
DELETE = same(sqlite.DELETE)
FORGET = same(sqlite.FORGET)
NTH_ENDED = same(sqlite.NTH_ENDED)
COUNTS = """
    SELECT queue, state, sum(count)::bigint FROM job_counts GROUP BY queue, state HAVING sum(count) > 0
    ORDER BY queue COLLATE "C", state COLLATE "C"
"""
ATTEMPTS = same(sqlite.ATTEMPTS)
EVENTS = same(sqlite.EVENTS)
RECORD = same(sqlite.RECORD)

# whole jobs, and what was done

JOBS_AFTER = same(sqlite.JOBS_AFTER)
WAITS = same(sqlite.WAITS)
RESTORE = same(sqlite.RESTORE)
RESTORE_ATTEMPT = same(sqlite.RESTORE_ATTEMPT)
RESTORE_EVENT = same(sqlite.RESTORE_EVENT)
# Whoever takes an id holds this lock in another mode until his transaction ends.
KEEP_OTHERS_FROM_IDS = "LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE"
RESERVE_IDS = (
    "SELECT setval('jobs_id_seq', %(highest)s) FROM jobs_id_seq WHERE last_value < %(highest)s OR NOT is_called"
)

# jobs: by a host

ROOM_IN_QUEUES = """
    SELECT name, max_running - (SELECT count(*) FROM jobs WHERE state = 'processing' AND queue = queues.name)
    FROM queues WHERE max_running IS NOT NULL
"""
# The best of each queue, for any machine and for this one, by its index. What hooks run waits for no pause and no
# limit; but a queue's name alone lets nothing run on machines that were not told to run it.
_READY = f"""
    SELECT ready.id, ready.priority, q.name, place.name AS place
    FROM queues AS q CROSS JOIN jsonb_array_elements_text(%(places)s::jsonb) AS place (name) CROSS JOIN LATERAL (
        SELECT id, priority FROM jobs
        WHERE state = 'pending' AND queue = q.name AND machine = place.name
            AND (%(graph)s OR mutex IS NULL)
            AND (%(newest)s::bigint IS NULL OR id <= %(newest)s OR q.name = '{HOOKS}')
        ORDER BY priority DESC, id LIMIT %(reach)s
    ) AS ready
    WHERE (q.name = '{HOOKS}' AND place.name <> '') OR (
        (%(limits)s OR q.max_running IS NULL)
        AND (%(queues)s::jsonb IS NULL OR q.name IN ({texts("queues")}))
        AND (%(closed)s::jsonb IS NULL OR q.name NOT IN ({texts("closed")}))
        AND NOT EXISTS (
            SELECT 1 FROM pauses WHERE queue IN ('', q.name) AND (until IS NULL OR until > %(now)s)
        )
    )
"""
# What stands in a job's row when it is locked may be newer than what it was found by.
_IS_STILL_READY = """
    jobs.state = 'pending' AND jobs.queue = ready.name AND jobs.machine = ready.place
    AND (%(graph)s OR jobs.mutex IS NULL)
"""
# The best of these that nobody else is about to claim.
CANDIDATES = f"""
    SELECT {_JOBS_COLUMNS} FROM (
        {_READY} ORDER BY ready.priority DESC, ready.id
    ) AS ready JOIN jobs ON jobs.id = ready.id
    WHERE {_IS_STILL_READY}
    ORDER BY ready.priority DESC, ready.id LIMIT %(limit)s FOR NO KEY UPDATE OF jobs SKIP LOCKED
"""
IS_CUT = f"SELECT EXISTS (SELECT 1 FROM ({_READY}) AS ready GROUP BY name HAVING count(*) >= %(reach)s)"
_BEGIN_RUN = """
    state = 'processing', attempts = attempts + 1, runs = runs + 1, started_at = %(now)s, finished_at = NULL,
    exit_code = NULL, reason = NULL, run_at = NULL, updated_at = %(now)s, progress = NULL, progress_text = NULL,
    lease_owner = %(owner)s, lease_expires_at = %(expires)s
"""
CLAIM = f"""
    UPDATE jobs SET {_BEGIN_RUN}, lease_token = taken.value ->> 1
    FROM {rows("taken", "taken")} WHERE jobs.id = (taken.value ->> 0)::bigint AND jobs.state = 'pending'
"""
# Nearly always no limit and no mutex matters and each job takes one slot: then the best are taken as they are found.
CLAIM_PLAINLY = f"""
    WITH need AS MATERIALIZED ({WHAT_CLAIMS_NEED}),
    ready AS MATERIALIZED (
        SELECT * FROM ({_READY}) AS ready WHERE NOT (SELECT with_mutexes OR with_limits FROM need)
    ), best AS MATERIALIZED (
        SELECT jobs.id, jobs.slots FROM (SELECT * FROM ready ORDER BY priority DESC, id) AS ready
        JOIN jobs ON jobs.id = ready.id
        WHERE {_IS_STILL_READY}
        ORDER BY ready.priority DESC, ready.id LIMIT %(limit)s FOR NO KEY UPDATE OF jobs SKIP LOCKED
    ), taken AS (
        UPDATE jobs SET {_BEGIN_RUN}, lease_token = %(token)s || jobs.id
        FROM best WHERE jobs.id = best.id AND NOT EXISTS (SELECT 1 FROM best WHERE slots > 1)
        RETURNING {_JOBS_COLUMNS}
    )
    SELECT with_mutexes OR with_limits, EXISTS (SELECT 1 FROM best WHERE slots > 1),
        (SELECT count(*) FROM best) < %(limit)s
            AND EXISTS (SELECT 1 FROM ready GROUP BY name HAVING count(*) >= %(reach)s),
        taken.*
    FROM need LEFT JOIN taken ON true
"""
# A job that is being deleted is waited for.
STARTED = same(sqlite.STARTED).replace("ON CONFLICT", "FOR KEY SHARE ON CONFLICT")
# One step for the whole batch, with the locks: the function is in the first migration.
END_RUNS = "SELECT place, state, is_awaited FROM end_runs(%(runs)s::jsonb, %(now)s, %(host_name)s)"
UNCLAIM = same(sqlite.UNCLAIM).replace("(NOT cancel_requested)", "(NOT cancel_requested)::int")
REPORT_PROGRESS = same(sqlite.REPORT_PROGRESS)
RENEW = same(sqlite.RENEW)
HELD = same(sqlite.HELD)
CANCELLING = same(sqlite.CANCELLING)
DUE = same(sqlite.DUE)
# Several hosts may have found them due.
PROMOTE = f"""
    UPDATE jobs SET state = 'pending', run_at = NULL, updated_at = %(now)s
    WHERE id IN (
        SELECT id FROM jobs WHERE id IN ({numbers("ids")}) AND state IN ('scheduled', 'failed') AND run_at <= %(now)s
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ) RETURNING id
"""
RECORD_PROMOTION = f"""
    INSERT INTO events ({EVENT_COLUMNS})
    SELECT jobs.id, %(now)s, runs, 'promote', due.value ->> 1, 'pending', 'clock', NULL
    FROM {rows("jobs", "due")} JOIN jobs ON jobs.id = (due.value ->> 0)::bigint
"""
NEXT_DUE = same(sqlite.NEXT_DUE).rstrip() + " AS due"
EXPIRED = same(sqlite.EXPIRED)
RUNNING = same(sqlite.RUNNING).replace("(%(owner)s IS NULL", "(%(owner)s::text IS NULL")

# mutexes

MUTEXES = same(sqlite.MUTEXES)
HOLDER = same(sqlite.HOLDER)
FIRST_IN_LINE = same(sqlite.FIRST_IN_LINE)
BLOCK_OTHERS = f"""
    UPDATE jobs SET state = 'blocked', reason = %(reason)s, updated_at = %(now)s
    WHERE mutex = %(mutex)s AND state = 'pending' AND id NOT IN ({numbers("first")})
    RETURNING id
"""
UNBLOCK_FIRST = f"""
    UPDATE jobs SET state = 'pending', reason = NULL, updated_at = %(now)s
    WHERE state = 'blocked' AND id IN ({numbers("first")})
    RETURNING id
"""

# hosts, pauses, settings

RING = "SELECT pg_notify('queuectl', '')"
ADD_HOST = same(sqlite.ADD_HOST)
REMOVE_HOST = same(sqlite.REMOVE_HOST)
HOSTS = same(sqlite.HOSTS) + ' COLLATE "C"'
SEEN = same(sqlite.SEEN)
DESCRIBE_HOST = same(sqlite.DESCRIBE_HOST)
SET_DASHBOARD = same(sqlite.SET_DASHBOARD)
ASK_TO_STOP = same(sqlite.ASK_TO_STOP)
STOP_ASKED = same(sqlite.STOP_ASKED)
QUEUE = same(sqlite.QUEUE)
QUEUES = same(sqlite.QUEUES) + ' COLLATE "C"'
SET_QUEUE = same(sqlite.SET_QUEUE)
JOBS_IN_QUEUE = "SELECT coalesce(sum(count), 0)::bigint FROM job_counts WHERE queue = %s"
REMOVE_QUEUE = same(sqlite.REMOVE_QUEUE)
PAUSE = same(sqlite.PAUSE)
RESUME = same(sqlite.RESUME)
PAUSES = same(sqlite.PAUSES) + ' COLLATE "C"'
SETTINGS = same(sqlite.SETTINGS)
SET = same(sqlite.SET)
UNSET = same(sqlite.UNSET)
