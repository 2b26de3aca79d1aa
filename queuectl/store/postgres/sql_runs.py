"""PostgreSQL's statements about ended runs, one by one and counted."""

from queuectl.model.state import FINAL, State
from queuectl.store import sql_runs as sqlite
from queuectl.store.postgres.dialect import rows, same
from queuectl.store.rows import JOB_COLUMNS

_JOBS_COLUMNS = ", ".join(f"jobs.{name.strip()}" for name in JOB_COLUMNS.split(","))
# A row is a change; the sum is the count.
ADD_COUNTS = """
    INSERT INTO run_counts (minute, outcome, runs)
    SELECT (value ->> 0)::bigint, value ->> 1, (value ->> 2)::bigint
    FROM jsonb_array_elements(%s::jsonb) AS ended (value)
"""
ADD_TOTALS = """
    INSERT INTO run_totals (queue, outcome, runs, took)
    SELECT value ->> 0, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint
    FROM jsonb_array_elements(%s::jsonb) AS ended (value)
"""
COUNTS = """
    SELECT (minute * 60000 - %(since)s) / %(step)s, outcome, sum(runs)::bigint FROM run_counts WHERE minute >= %(first)s
    GROUP BY 1, 2 ORDER BY 1, 2
"""
TOTALS = """
    SELECT queue, outcome, sum(runs)::bigint, sum(took)::bigint FROM run_totals GROUP BY queue, outcome
    ORDER BY queue COLLATE "C", outcome COLLATE "C"
"""
FORGET = same(sqlite.FORGET)

RUNS_SINCE = same(sqlite.RUNS_SINCE)
# What a title is made of, cut before it is handed on: a command may be long.
_TITLE = """
    substr(coalesce(nullif(name, ''), command, (
        SELECT string_agg(word, ' ' ORDER BY place)
        FROM jsonb_array_elements_text(argv::jsonb) WITH ORDINALITY AS words (word, place)
    )), 1, 1000)
"""
RECENT_RUNS = f"""
    SELECT job_id, number, {_TITLE} AS title, host, host_name, attempts.started_at, attempts.finished_at, outcome
    FROM attempts JOIN jobs ON jobs.id = job_id
    WHERE attempts.finished_at IS NOT NULL AND attempts.finished_at >= %(since)s
    ORDER BY attempts.finished_at DESC, job_id DESC, number DESC LIMIT %(limit)s
"""
_ENDED = ", ".join(f"'{state}'" for state in sorted(FINAL | {State.FAILED}))
RECENT = f"""
    SELECT ended, {_JOBS_COLUMNS} FROM (
        SELECT job_id, number, finished_at AS ended FROM attempts
        WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, job_id DESC, number DESC LIMIT %(look_at)s
    ) AS newest JOIN jobs ON jobs.id = job_id AND runs = number
    WHERE state IN ({_ENDED}) ORDER BY ended DESC, id DESC LIMIT %(limit)s
"""
TAILS = f"""
    SELECT job_id, right(tail, %(length)s::int) FROM {rows("runs", "wanted")}
    JOIN attempts ON job_id = (wanted.value ->> 0)::bigint AND number = (wanted.value ->> 1)::bigint
"""
