"""SQLite's statements about lists: each finds the first keys behind one, as JSON, by the index that has their order."""

from queuectl.store.pages import BY_ID, WAYS, Way
from queuectl.store.rows import JOB_COLUMNS


def _select(way: Way, source: str, where: str) -> str:
    """Write the statement that finds the first keys behind one, as JSON."""
    keys = ", ".join(f"{'-' if sign < 0 else ''}{column}" for column, sign in way.columns)
    names = ", ".join(column for column, _ in way.columns)
    order = ", ".join(f"{column} {'DESC' if sign < 0 else 'ASC'}" for column, sign in way.columns)
    begin = f"SELECT {names} FROM jobs {source} WHERE {where}"
    behind = [f"{begin} AND id > :low AND id < :high ORDER BY {order} LIMIT :each"]
    if len(way.columns) > 1:  # behind a job come first those that are its equals but for the id
        column, sign = way.columns[0]
        then = f"{begin} AND {column} {'<' if sign < 0 else '>'} :mark AND id < :below"
        behind = [
            f"{begin} AND {column} = :mark AND id > :low AND id < :high ORDER BY {order} LIMIT :each",
            f"{then} ORDER BY {order} LIMIT :each",
        ]
    union = " UNION ALL ".join(f"SELECT * FROM ({part})" for part in behind)
    return f"SELECT json_group_array(json_array({keys})) FROM ({union} LIMIT :each)"


def _in_parts(way: Way) -> str:
    """Write the statement that finds the first keys of each queue and state in ``parts``."""
    where = f"queue = part.value ->> 0 AND state = part.value ->> 1 AND {way.holds}"
    one = _select(way, f"INDEXED BY {way.index}", where)
    return f"SELECT json_group_array(json_array(json(({one})))) FROM json_each(:parts) AS part"


IN_PARTS = {order: _in_parts(way) for order, way in WAYS.items()}
RUNNING = {
    order: _select(
        WAYS[order], "INDEXED BY jobs_processing", "state = 'processing' AND (:queue IS NULL OR queue = :queue)"
    )
    for order in BY_ID
}
ALL = {order: _select(WAYS[order], "NOT INDEXED", "true") for order in BY_ID}
WITH_KEY = {order: _select(WAYS[order], "INDEXED BY jobs_key", "key = :key AND key IS NOT NULL") for order in BY_ID}
PARTS = """
    SELECT json_group_array(json_array(queue, state)) FROM job_counts
    WHERE count > 0 AND (:queue IS NULL OR queue = :queue) AND state IN (SELECT value FROM json_each(:states))
"""
SEARCHED = ("command", "argv", "name", "tags", "key", "note")
_LIKE = "LIKE :pattern ESCAPE '~'"
JOBS = f"""
    SELECT json_group_array(json_array({JOB_COLUMNS}))
    FROM (SELECT value AS wanted FROM json_each(:ids)) CROSS JOIN jobs ON jobs.id = wanted
    WHERE state IN (SELECT value FROM json_each(:states)) AND (:queue IS NULL OR queue = :queue)
        AND (:key IS NULL OR key = :key)
        AND (:tag IS NULL OR (tags IS NOT NULL AND :tag IN (SELECT value FROM json_each(tags))))
        AND (:pattern IS NULL OR {" OR ".join(f"{column} {_LIKE}" for column in SEARCHED)}
            OR EXISTS (SELECT 1 FROM attempts WHERE job_id = jobs.id AND tail {_LIKE}))
"""
