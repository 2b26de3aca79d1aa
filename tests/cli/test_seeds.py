"""The walk-throughs of the two programs that this one follows: the same commands, flags and states."""

import re
from itertools import pairwise

import pytest

from queuectl.model.state import State
from queuectl.queue import Queue
from tests.conftest import need
from tests.hosts import HostProcess, until

pytestmark = pytest.mark.posix
COUNTS = 'sqlite3 data/queue.db "SELECT state, COUNT(*) FROM jobs GROUP BY state;"'


@pytest.fixture
def portable(typed, monkeypatch):
    """Keep everything in data/ where the lines are typed."""
    monkeypatch.setenv("QUEUECTL_HOME", str(typed.place / "data"))
    return typed


def states(table):
    return {int(line.split("\t")[0]): line.split("\t")[1] for line in table.splitlines()}


def test_the_walk_through_with_timeout_15(portable):
    need("timeout")
    portable("rm -rf data/")
    assert "max_retries = 3" in portable("queuectl config set max-retries 3")
    assert "backoff_base = 2" in portable("queuectl config set backoff-base 2")
    assert portable('queuectl enqueue -c "echo Success"') == "1\n"
    assert portable('queuectl enqueue -c "exit 1"') == "2\n"
    told = portable("timeout 15 queuectl worker -v -s 1", code=124)
    assert states(portable("queuectl list")) == {1: "completed", 2: "dead"}
    assert states(portable("queuectl dlq list")) == {2: "dead"}
    need("sqlite3")
    assert portable(COUNTS) == "completed|1\ndead|1\n"

    with Queue.open() as queue:
        runs = queue.attempts(2)
        waits = [(after.started_at - before.finished_at).total_seconds() for before, after in pairwise(runs)]
        assert [round(wait) for wait in waits] == [2, 4, 8]
        assert all(wait >= wanted for wait, wanted in zip(waits, (2, 4, 8), strict=True))
        assert (queue.find(2).finished_at - runs[0].started_at).total_seconds() < 15
    for attempt, wait in ((1, 2), (2, 4), (3, 8)):
        assert f"job 2 failed (exit code 1), attempt {attempt} of 4; next in {wait}s" in told
    assert "job 2 dead after 4 attempts" in told

    assert "max_retries = 3" in portable("queuectl dlq retry 2")
    assert portable(COUNTS) == "completed|1\npending|1\n"
    assert re.search("max_retries\t3\tdatabase", portable("queuectl config get"))


def test_three_workers_share_ten_jobs_until_worker_stop(portable):
    need("sqlite3")
    portable('for i in {1..10}; do\nqueuectl enqueue -c "echo Job $i && sleep 1"\ndone')
    worker = HostProcess("worker", "-v", "-c", "3", "-s", "1", cwd=portable.place)
    try:
        worker.says("started: 3 workers")
        with Queue.open() as queue:
            ended = queue.wait(range(1, 11), 30)
            assert {job.state for job in ended} == {State.COMPLETED}
            runs = [queue.attempts(job.id)[-1] for job in ended]
            assert max(sum(one.started_at <= run.started_at < one.finished_at for one in runs) for run in runs) == 3
            assert queue.attempts(10)[-1].tail == "Job 10\n"
        assert portable(COUNTS) == "completed|10\n"
        assert "Stop signal sent to all workers" in portable("queuectl worker --stop")
        assert worker.ends() == 0
    finally:
        if worker.process.poll() is None:
            worker.kill()


def test_every_state_can_be_listed_by_its_short_option(portable):
    portable('queuectl enqueue -c "echo Hello World"')
    for state in ("pending", "processing", "failed", "dead"):
        found = portable(f"queuectl list -s {state}")
        assert states(found) == ({1: "pending"} if state == "pending" else {})


def test_the_walk_through_with_a_database_of_its_own(typed):
    assert typed('queuectl enqueue "echo hello" --db ./queue.db') == "1\n"
    assert states(typed("queuectl list --state pending --db ./queue.db")) == {1: "pending"}
    typed('queuectl enqueue "exit 1" --max-retries 0 --db ./queue.db')
    worker = HostProcess("worker", "start", "--db", "./queue.db", cwd=typed.place)
    try:
        status = "queuectl status --db ./queue.db"
        until(lambda: {"completed\t1", "dead\t1"} <= set(typed(status).splitlines()), "the end of both jobs")
        assert typed("queuectl logs 1 --db ./queue.db") == "hello\n"
        assert states(typed("queuectl dlq list --db ./queue.db")) == {2: "dead"}
        typed("queuectl config set backoff_base 3 --db ./queue.db")
        assert "backoff_base\t3\tdatabase" in typed("queuectl config get --db ./queue.db")
        assert "Job 2 is in the queue again" in typed("queuectl dlq retry 2 --db ./queue.db")
    finally:
        assert worker.terminate() == 0
    need("sqlite3")
    counts = dict(
        line.split("|")
        for line in typed('sqlite3 queue.db "SELECT state, COUNT(*) FROM jobs GROUP BY state;"').splitlines()
    )
    assert counts["completed"] == "1"
    assert not (typed.place / "data").exists()
