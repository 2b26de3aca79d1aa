"""PostgreSQL's statements about lists: each finds the first keys behind one, by the index that has their order."""

from queuectl.store.pages import BY_ID, WAYS, Way
from queuectl.store.postgres.dialect import numbers, texts
from queuectl.store.rows import JOB_COLUMNS
from queuectl.store.sql_pages import SEARCHED


def _select(way: Way, where: str) -> str:
    """Write the statement that finds the first keys behind one."""
    keys = ", ".join(f"{'-' if sign < 0 else ''}{column}" for column, sign in way.columns)
    names = ", ".join(column for column, _ in way.columns)
    order = ", ".join(f"{column} {'DESC' if sign < 0 else 'ASC'}" for column, sign in way.columns)
    begin = f"SELECT {names} FROM jobs WHERE {where}"
    between, limit = "id > %(low)s AND id < %(high)s", f"ORDER BY {order} LIMIT %(each)s"
    behind = [f"{begin} AND {between} {limit}"]
    if len(way.columns) > 1:  # behind a job come first those that are its equals but for the id
        column, sign = way.columns[0]
        then = f"{column} {'<' if sign < 0 else '>'} %(mark)s AND id < %(below)s"
        behind = [f"{begin} AND {column} = %(mark)s AND {between} {limit}", f"{begin} AND {then} {limit}"]
    union = " UNION ALL ".join(f"SELECT * FROM ({part}) AS part" for part in behind)
    return f"SELECT {keys} FROM ({union} LIMIT %(each)s) AS found"


def _in_parts(way: Way) -> str:
    """Write the statement that finds the first keys of each queue and state in ``parts``."""
    one = _select(way, f"queue = part.value ->> 0 AND state = part.value ->> 1 AND {way.holds}")
    keys = ", ".join(f"key.key_{place}" for place, _ in enumerate(way.columns))
    names = ", ".join(f"key_{place}" for place, _ in enumerate(way.columns))
    return f"""
        SELECT (SELECT coalesce(json_agg(json_build_array({keys})), '[]') FROM ({one}) AS key ({names}))
        FROM jsonb_array_elements(%(parts)s::jsonb) AS part (value)
    """


_OF_QUEUE = "(%(queue)s::text IS NULL OR queue = %(queue)s)"
IN_PARTS = {order: _in_parts(way) for order, way in WAYS.items()}
RUNNING = {order: _select(WAYS[order], f"state = 'processing' AND {_OF_QUEUE}") for order in BY_ID}
ALL = {order: _select(WAYS[order], "true") for order in BY_ID}
WITH_KEY = {order: _select(WAYS[order], "key = %(key)s AND key IS NOT NULL") for order in BY_ID}
PARTS = f"""
    SELECT queue, state FROM job_counts WHERE {_OF_QUEUE} AND state IN ({texts("states")})
    GROUP BY queue, state HAVING sum(count) > 0
"""
_LIKE = "ILIKE %(pattern)s ESCAPE '~'"
JOBS = f"""
    SELECT {JOB_COLUMNS} FROM jobs
    WHERE id IN ({numbers("ids")}) AND state IN ({texts("states")}) AND {_OF_QUEUE}
        AND (%(key)s::text IS NULL OR key = %(key)s)
        AND (%(tag)s::text IS NULL OR (tags IS NOT NULL AND jsonb_exists(tags::jsonb, %(tag)s)))
        AND (%(pattern)s::text IS NULL OR {" OR ".join(f"{column} {_LIKE}" for column in SEARCHED)}
            OR EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id AND tail {_LIKE}))
"""
