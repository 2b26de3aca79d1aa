"""What it costs to look at a queue with a million jobs: pages in every order, counts, the newest runs, the dead."""

import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import apsw
from measure import fresh_home, goal_at_most, report

from queuectl.model.job import JobSpec
from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.store.types import JobFilter, Order
from queuectl.web.answers import Answers
from queuectl.web.api.table import ENDPOINTS
from queuectl.web.endpoint import PREFIX, Site

JOBS = int(os.environ.get("BENCH_HISTORY", "1000000"))
QUEUES = 20
LOOKS = 20
GOAL = 20.0
"""Milliseconds, at worst."""
PAGE_GOAL = 100.0
"""Milliseconds of a whole page, at worst."""
PAGES = (
    "/overview?span=hour", "/overview?span=week", "/jobs", "/jobs?state=completed", "/jobs?state=dead&state=failed",
    "/jobs?queue=queue-7", "/jobs?queue=queue-7&state=pending", "/jobs?order=ended", "/jobs?order=due",
    "/jobs?order=next", "/jobs?order=oldest", "/jobs?tag=rare", "/jobs?text=nowhere", "/jobs/500000", "/dead",
    "/status", "/queues", "/hosts",
)  # fmt: skip
WEEK = 7 * 86_400_000

# Every state in every queue; they came in the course of a week.
FILL = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs)
    INSERT INTO jobs (state, queue, priority, command, max_retries, backoff_base, source, tags, attempts, runs,
        created_at, updated_at, run_at, started_at, finished_at, exit_code, reason)
    SELECT state, 'queue-' || (i / 100 * 7 % :queues), i % 3, 'ffmpeg -i film-' || i || '.mov', 3, 2.0, 'bench',
        CASE WHEN i % 1000 = 0 THEN '["rare"]' END, 1, 1, at, at,
        CASE WHEN state IN ('scheduled', 'failed') THEN at + :week END, at,
        CASE WHEN state IN ('completed', 'dead', 'cancelled') THEN at + i % 977 END, 1,
        CASE WHEN state IN ('dead', 'failed') THEN 'exit code 1' END
    FROM (
        SELECT i, :began + i * :week / :jobs AS at, CASE
            WHEN i % 100 < 2 THEN 'pending' WHEN i % 100 < 4 THEN 'scheduled' WHEN i % 100 < 5 THEN 'failed'
            WHEN i % 100 < 6 THEN 'blocked' WHEN i % 100 < 8 THEN 'dead' WHEN i % 100 < 9 THEN 'cancelled'
            ELSE 'completed' END AS state
        FROM n
    )
"""
FILL_ATTEMPTS = """
    INSERT INTO attempts (job_id, number, host, host_name, started_at, finished_at, outcome, next_state, exit_code,
        reason, tail)
    SELECT id, 1, 'host', 'a machine', started_at, coalesce(finished_at, started_at + 100),
        CASE state WHEN 'completed' THEN 'completed' ELSE 'failed' END, state, exit_code, reason,
        'line 1' || char(10) || 'error ' || id % 10 || ': cannot read film-' || id
    FROM jobs WHERE state IN ('completed', 'dead', 'failed')
"""
FILL_COUNTS = """
    INSERT INTO run_counts SELECT finished_at / 60000, outcome, count(*) FROM attempts GROUP BY 1, 2;
    INSERT INTO run_totals
    SELECT queue, outcome, count(*), sum(attempts.finished_at - attempts.started_at)
    FROM attempts JOIN jobs ON jobs.id = job_id GROUP BY 1, 2
"""


def full_queue():
    """Open a queue with so many jobs in it."""
    fresh_home()
    queue = Queue.open()
    queue.enqueue([JobSpec(command="true", queue=f"queue-{number}") for number in range(QUEUES)])
    began = round(time.time() * 1000) - WEEK
    with apsw.Connection(queue.store.location) as connection:
        connection.execute(FILL, {"jobs": JOBS, "queues": QUEUES, "week": WEEK, "began": began})
        connection.execute(FILL_ATTEMPTS)
        connection.execute(FILL_COUNTS)
    connection.close()
    return queue


def look(what, act, *, goal=GOAL):
    """Do something several times, and print the median and the worst of what it took."""
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    note = f"ms; at worst {max(took):.1f}"
    report(what, f"{statistics.median(took):.1f}", goal=goal_at_most(max(took), goal) if goal else "", note=note)


def look_at_pages(store):
    """Print each order and filter, and a page further behind."""
    for order in Order:
        for states in ((), (State.DEAD,), (State.COMPLETED,), (State.PENDING, State.SCHEDULED, State.FAILED)):
            for queue in (None, "queue-7"):
                fields = {"order": order, "states": states, "queue": queue, "limit": 50}
                page = store.page(JobFilter(**fields))
                if not page.jobs:
                    continue  # an order that has no such states
                what = f"{order}, {'+'.join(states) or 'every state'}, {queue or 'every queue'}"
                look(what, lambda fields=fields: store.page(JobFilter(**fields)))
                for _ in range(20):
                    if page.cursor is None:
                        break
                    fields["cursor"] = page.cursor
                    page = store.page(JobFilter(**fields))
                look("  20 pages further", lambda fields=fields: store.page(JobFilter(**fields)))


def main():
    """Print what each look costs."""
    queue = full_queue()
    store = queue.store
    now = datetime.now(UTC)
    look_at_pages(store)
    look(
        "a tag of one in 1000, at most 50 ms",
        lambda: store.page(JobFilter(tag="rare", limit=50), seconds=0.05),
        goal=70,
    )
    look("a text that no job has, at most 50 ms", lambda: store.page(JobFilter(text="nowhere"), seconds=0.05), goal=70)
    look("counts", store.counts)
    look("run_counts of an hour", lambda: store.run_counts(now - timedelta(hours=1), 60))
    look("run_counts of a week", lambda: store.run_counts(now - timedelta(days=7), 3600))
    look("run_totals", store.run_totals)
    look("recent_runs, 400", lambda: store.recent_runs(now - timedelta(minutes=15), 400))
    look("recent, 10", lambda: store.recent(10))
    look("dead_with_tails, 1000", lambda: store.dead_with_tails(1000), goal=None)
    look("dead_with_tails, 50", lambda: store.dead_with_tails(50))
    look("runs_since, a day", lambda: store.runs_since(now - timedelta(days=1)), goal=None)
    look_at_answers(queue)
    queue.close()


def look_at_answers(queue):
    """Print what the server needs for each page, its JSON included."""
    site = Site(host_id="bench", drop_folder=queue.paths.drop, watches=False, csrf=str)
    answers = Answers(queue, site, ENDPOINTS)
    for path in PAGES:
        assert answers.look(f"{PREFIX}{path}").status == HTTPStatus.OK
        look(f"GET {path}", lambda path=path: answers.look(f"{PREFIX}{path}"), goal=PAGE_GOAL)


if __name__ == "__main__":
    main()
