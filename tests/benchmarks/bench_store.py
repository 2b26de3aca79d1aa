"""What the store costs: enqueueing one by one and in batches, and claiming with a long history."""

import os
import time

import apsw
from measure import fresh_home, goal_at_most, in_turns, report

from queuectl.model.job import JobSpec
from queuectl.queue import Queue

COMMITS = 300
BATCH = 20_000
CLAIMS = 300
HISTORY = int(os.environ.get("BENCH_HISTORY", "1000000"))


def bare_commits():
    """Insert rows with one commit each, by apsw alone; return commits/s."""
    connection = apsw.Connection(str(fresh_home() / "bare.db"))
    connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, command TEXT, state TEXT)")
    began = time.perf_counter()
    for _ in range(COMMITS):
        connection.execute("INSERT INTO jobs (command, state) VALUES ('true', 'pending')")
    return COMMITS / (time.perf_counter() - began)


def enqueue_commits():
    """Enqueue jobs one by one; return enqueues/s."""
    fresh_home()
    with Queue.open() as queue:
        began = time.perf_counter()
        for _ in range(COMMITS):
            queue.add("true")
        return COMMITS / (time.perf_counter() - began)


def batch():
    """Enqueue many jobs at once; return rows/s."""
    fresh_home()
    with Queue.open() as queue:
        began = time.perf_counter()
        queue.enqueue([JobSpec(command="true")] * BATCH)
        return BATCH / (time.perf_counter() - began)


def with_history(count):
    """Open a queue with so many completed jobs in it, and pending ones."""
    fresh_home()
    queue = Queue.open()
    queue.enqueue([JobSpec(command="true")])
    connection = apsw.Connection(queue.store.location)
    connection.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
        INSERT INTO jobs (state, queue, priority, command, max_retries, backoff_base, source, attempts, runs,
            created_at, updated_at, started_at, finished_at, exit_code)
        SELECT 'completed', 'default', 0, 'true', 3, 2.0, 'bench', 1, 1, i, i, i, i, 0 FROM n
        """,
        (count,),
    )
    connection.close()
    return queue


def claim_cost(queue):
    """Claim jobs one by one; return seconds for each."""
    queue.enqueue([JobSpec(command="true")] * CLAIMS)
    began = time.perf_counter()
    with queue.store.transaction():
        for _ in range(CLAIMS):
            assert queue.store.claim("bench", 1, lease=60)
    return (time.perf_counter() - began) / CLAIMS


def main():
    """Print what the store costs."""
    bare, ours = in_turns(bare_commits, enqueue_commits)
    note = f"{ours:.0f} against {bare:.0f} commits/s"
    report("enqueue one by one: queue / bare apsw insert loop", f"{ours / bare:.2f}", note=note)
    [rows] = in_turns(batch)
    report("enqueue in one batch", f"{rows:.0f}", note=f"rows/s, {BATCH} at once")
    small, large = with_history(1000), with_history(HISTORY)
    few, many = in_turns(lambda: claim_cost(small), lambda: claim_cost(large))
    note = f"{many * 1e6:.0f} against {few * 1e6:.0f} us a claim"
    report(
        f"claim with {HISTORY} finished jobs / with 1000",
        f"{many / few:.2f}",
        goal=goal_at_most(many / few, 1.2),
        note=note,
    )
    began = time.perf_counter()
    large.status()
    report(f"status with {HISTORY} jobs", f"{(time.perf_counter() - began) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
