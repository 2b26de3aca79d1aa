"""Connections to a SQLite file: durable, one a thread, and open to any number of processes at once."""

import subprocess
import sys
import threading
from pathlib import Path

import apsw
import pytest

from queuectl.errors import QueuectlError
from queuectl.queue import Queue
from queuectl.store.types import JobFilter
from tests.store.conformance.case import add, ids
from tests.support import PATIENCE

OPEN_FILES = Path("/proc/self/fd")
NEW_DATABASE = "SQLite alone waits out its busy timeout there when several open and close one new database"

ENQUEUE_AND_DIE = """
import os, sys
import psutil
from queuectl.queue import Queue
queue = Queue.open(sys.argv[1])
for number in range(int(sys.argv[2])):
    os.write(1, b"%d\\n" % queue.add(f"echo {number}").id)
psutil.Process().kill()
"""

CREATE = """
import sys
from queuectl.queue import Queue
print("ready", flush=True)
sys.stdin.readline()
Queue.open(sys.argv[1]).add("true")
"""

ENQUEUE = """
import sys
from queuectl.queue import Queue
queue = Queue.open(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    queue.add("true", key=f"{sys.argv[2]}-{number}")
"""

NEVER_REST = """
import sys, threading
from queuectl.queue import Queue
queue = Queue.open(sys.argv[1])
print("ready", flush=True)
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
rounds = 0
while not over.is_set():
    queue.store.set_setting("rounds", str(rounds := rounds + 1))
"""


def start(program, *args):
    """Start a program and wait until it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n", child.communicate()
    return child


def say_go(child):
    child.stdin.write("\n")
    child.stdin.flush()


def ends_well(child):
    _, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, errors


@pytest.mark.parametrize("count", [1, 25])
def test_p1_enqueued_is_durable(path, count):
    child = subprocess.run(
        [sys.executable, "-c", ENQUEUE_AND_DIE, path, str(count)], capture_output=True, check=False, timeout=PATIENCE
    )
    assert child.returncode != 0
    acknowledged = [int(line) for line in child.stdout.split()]
    assert len(acknowledged) == count, child.stderr
    with Queue.open(str(path)) as queue:
        assert ids(queue.jobs()) == acknowledged[::-1]
        assert queue.add("true").id > acknowledged[-1]


def test_p1_every_commit_is_on_the_disk_before_it_returns(open_sqlite):
    store = open_sqlite()
    found = []

    def look():
        with store._db.read() as connection:
            found.append([connection.pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")])

    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [["wal", 2, 1]] * 2  # 2 is FULL; https://sqlite.org/pragma.html#pragma_synchronous


def test_a_copy_that_lost_the_wal_mode_gets_it_back(open_sqlite, path, tmp_path):
    job = add(open_sqlite())
    connection = apsw.Connection(str(path))
    connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))  # how people take backups
    connection.close()
    with Queue.open(str(tmp_path / "copy.db")) as queue:
        assert ids(queue.jobs()) == [job.id]
        with queue.store._db.read() as connection:
            assert connection.pragma("journal_mode") == "wal"


def test_each_thread_has_a_connection_of_its_own(open_sqlite):
    store = open_sqlite()
    seen = []
    inside, look = threading.Event(), threading.Event()

    def write():
        with store.transaction():
            add(store)
            inside.set()
            look.wait(PATIENCE)

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(PATIENCE)
    seen.append(len(store.jobs(JobFilter())))
    look.set()
    writer.join(PATIENCE)
    seen.append(len(store.jobs(JobFilter())))
    assert seen == [0, 1]


@pytest.mark.wine("counts in /proc what Wine itself opens for each thread")
@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="counts open files in /proc")
def test_a_thread_takes_its_files_along_when_it_ends(open_sqlite):
    store = open_sqlite()
    before = len(list(OPEN_FILES.iterdir()))
    for _ in range(20):
        thread = threading.Thread(target=add, args=(store,))
        thread.start()
        thread.join()
    assert len(list(OPEN_FILES.iterdir())) <= before + 2  # SQLite may keep one open a little longer
    store.close()
    assert len(list(OPEN_FILES.iterdir())) < before


@pytest.mark.wine(NEW_DATABASE)
def test_threads_that_create_the_same_database_at_once(tmp_path):
    failures = []

    def create(path, barrier):
        barrier.wait()
        try:
            Queue.open(str(path)).close()
        except QueuectlError as exc:
            failures.append(exc)

    for number in range(40):
        barrier = threading.Barrier(6)
        threads = [
            threading.Thread(target=create, args=(tmp_path / str(number) / "queue.db", barrier)) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert failures == []


@pytest.mark.wine(NEW_DATABASE)
def test_processes_that_create_the_same_database_at_once(path):
    children = [start(CREATE, path) for _ in range(3)]
    for child in children:
        say_go(child)
    for child in children:
        ends_well(child)
    with Queue.open(str(path)) as queue:
        assert len(queue.jobs()) == 3


def test_who_enqueues_beside_one_that_never_rests_never_fails(path):
    restless = start(NEVER_REST, path)
    children = [start(ENQUEUE, path, number) for number in range(4)]
    for child in children:
        say_go(child)
    for child in children:
        ends_well(child)
    say_go(restless)
    ends_well(restless)
    with Queue.open(str(path)) as queue:
        assert len(queue.jobs()) == 100
        assert queue.status().counts["pending"] == 160
        assert int(queue.store.settings()["rounds"]) > 0
