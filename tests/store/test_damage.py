"""P10: a database that is damaged says so, whatever the damage, and what is whole in it can still be read."""

import random
import shutil

import pytest

from queuectl.errors import QueuectlError, StoreCorrupt, StoreUnavailable
from queuectl.model.job import JobSpec
from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.store.types import JobFilter
from tests.store.conformance.case import claim

EVERYTHING = JobFilter(limit=1_000_000)


def damaged(path):
    """Make a database of 300 jobs; return it closed, and where in it the text of number 150 stands."""
    with Queue.open(str(path)) as queue:
        queue.enqueue([JobSpec(command=f"echo number {n}", tags=("a",), env={"A": "b"}) for n in range(1, 301)])
        claim(queue.store, 40)
        queue.cancel(200)
    return path.read_bytes().index(b"echo number 150")


def test_p10_a_page_that_is_overwritten_is_loud(path):
    page = damaged(path) // 4096
    backup = path.with_name("backup.db")
    shutil.copy(path, backup)
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(random.Random(1).randbytes(4096))
    with Queue.open(str(path)) as queue:
        for act in (lambda: queue.jobs(EVERYTHING), lambda: queue.find(150)):
            with pytest.raises(StoreCorrupt, match="damaged") as caught:
                act()
            assert caught.value.hint
        assert queue.find(1).spec.command == "echo number 1"
    backup.replace(path)
    with Queue.open(str(path)) as queue:
        assert len(queue.jobs(EVERYTHING)) == 300
        assert queue.add("true").id == 301


def test_p10_a_bit_that_flips_where_sqlite_looks_not_is_loud(path):
    where = damaged(path)
    with path.open("r+b") as file:
        file.seek(where)
        file.write(b"\xff")
    with Queue.open(str(path)) as queue, pytest.raises(StoreCorrupt, match="never wrote"):
        queue.find(150)


def complaints(queue):
    """Do everything with a queue, and count what it complains of; any other error than ours goes through."""
    store = queue.store
    acts = (
        lambda: queue.jobs(EVERYTHING), queue.status, lambda: queue.find(150), lambda: queue.history(200),
        lambda: queue.add("true", key="k"), lambda: claim(store, 300), store.promote, lambda: queue.cancel(250),
        lambda: queue.retry(200), queue.settings, lambda: queue.prune({State.CANCELLED: queue.clock.now()}),
    )  # fmt: skip
    count = 0
    for act in acts:
        try:
            act()
        except QueuectlError as exc:
            count += isinstance(exc, StoreUnavailable)
    return count


def test_p10_whatever_is_damaged_nothing_but_our_own_errors_come(path, tmp_path):
    damaged(path)
    whole = path.read_bytes()
    rng = random.Random(4711)
    count = 0
    for number in range(40):
        data = bytearray(whole)
        for _ in range(20):
            data[rng.randrange(100, len(data))] ^= 1 << rng.randrange(8)
        copy = tmp_path / f"{number}.db"
        copy.write_bytes(data)
        try:
            queue = Queue.open(str(copy))
        except StoreCorrupt:
            count += 1
            continue
        with queue:
            count += complaints(queue)
    assert count > 40
