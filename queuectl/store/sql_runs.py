"""SQLite's statements about ended runs, one by one and counted."""

from queuectl.model.state import FINAL, State
from queuectl.store.rows import JOB_COLUMNS

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

RUNS_SINCE = """
    SELECT queue, coalesce(name, ''), outcome, attempts.finished_at - attempts.started_at,
        CASE WHEN number = 1 THEN attempts.started_at - coalesce(
            (SELECT max(at) FROM events WHERE events.job_id = jobs.id AND run = 0 AND after = 'pending'), created_at
        ) END
    FROM attempts INDEXED BY attempts_ended JOIN jobs ON jobs.id = job_id
    WHERE attempts.finished_at IS NOT NULL AND attempts.finished_at >= ?
"""
# What a title is made of, cut before it is handed on: a command may be long.
_TITLE = """
    substr(coalesce(nullif(name, ''), command, (SELECT group_concat(value, ' ') FROM json_each(argv))), 1, 1000)
"""
RECENT_RUNS = f"""
    SELECT json_group_array(json_array(job_id, number, title, host, host_name, started_at, finished_at, outcome))
    FROM (
        SELECT job_id, number, {_TITLE} AS title, host, host_name, attempts.started_at, attempts.finished_at, outcome
        FROM attempts INDEXED BY attempts_ended CROSS JOIN jobs ON jobs.id = job_id
        WHERE attempts.finished_at IS NOT NULL AND attempts.finished_at >= :since
        ORDER BY attempts.finished_at DESC, job_id DESC, number DESC LIMIT :limit
    )
"""
_ENDED = ", ".join(f"'{state}'" for state in sorted(FINAL | {State.FAILED}))
RECENT = f"""
    SELECT json_group_array(json_array(ended, {JOB_COLUMNS})) FROM (
        SELECT ended, jobs.* FROM (
            SELECT job_id, number, finished_at AS ended FROM attempts INDEXED BY attempts_ended
            WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, job_id DESC LIMIT :look_at
        ) CROSS JOIN jobs ON jobs.id = job_id AND runs = number
        WHERE state IN ({_ENDED}) ORDER BY ended DESC, id DESC LIMIT :limit
    )
"""
TAILS = """
    SELECT json_group_array(json_array(job_id, substr(tail, -:length)))
    FROM json_each(:runs) AS wanted CROSS JOIN attempts
    WHERE job_id = wanted.value ->> 0 AND number = wanted.value ->> 1
"""
