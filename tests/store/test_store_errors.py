"""P10: what goes wrong with a database says so, says what to do, and takes nothing along that was accepted."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import apsw
import pytest

from queuectl.errors import StoreBusy, StoreCorrupt, StoreFull, StoreTooNew, StoreUnavailable, UsageError
from queuectl.platform.lock import FileLock
from queuectl.queue import Queue
from queuectl.store import connection
from queuectl.store.types import JobFilter
from tests.store.conformance.case import add, claim, counted, ids, new, rows_counted
from tests.support import PATIENCE

NOBODY = 65_534
LOCKS = "queue.db.files/locks"
LOCK = f"{LOCKS}/write.lock"
EVERYTHING = JobFilter(limit=1_000_000)

FILL = """
import resource, sys
from queuectl.errors import StoreUnavailable
from queuectl.queue import Queue
with Queue.open(sys.argv[1]) as queue:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, unlimited[1]))
    kept = 0
    try:
        while True:
            queue.add("x" * 3000)
            kept += 1
    except StoreUnavailable as exc:
        assert exc.hint, exc
    assert kept == len(queue.jobs()) > 0
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    queue.add("true")
    print(kept + 1)
"""


def complaint(error, act, *args):
    """Return the message of an error of exactly this kind, which has a hint."""
    with pytest.raises(error) as caught:
        act(*args)
    assert type(caught.value) is error
    assert caught.value.hint
    return caught.value.message


def directory(path):
    path.mkdir()


def text(path):
    path.write_text("Dear diary, this is no database.\n" * 200)


def short(path):
    path.write_text("hi")


def foreign(path):
    with contextlib.closing(apsw.Connection(str(path))) as db:
        db.execute("CREATE TABLE diary (entry TEXT); PRAGMA user_version = 1")


def foreign_and_marked(path):
    with contextlib.closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA application_id = 42; CREATE TABLE diary (entry TEXT)")


def newer(path):
    with Queue.open(str(path)) as queue:
        queue.add("true")
    with contextlib.closing(apsw.Connection(str(path))) as db:
        db.execute(f"PRAGMA user_version = {connection.latest_version() + 1}")


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (directory, StoreUnavailable, "is a directory"),
        (text, StoreCorrupt, "no SQLite database"),
        (short, StoreCorrupt, "no SQLite database"),
        (foreign, StoreCorrupt, "not one of queuectl's"),
        (foreign_and_marked, StoreCorrupt, "not one of queuectl's"),
        (newer, StoreTooNew, "version"),
    ],
)
def test_p10_store_errors_are_loud(path, make, error, says):
    make(path)
    before = path.is_file() and path.read_bytes()
    message = complaint(error, Queue.open, str(path))
    assert str(path) in message
    assert says in message
    assert (path.is_file() and path.read_bytes()) == before, "what is not ours was changed"


@pytest.mark.parametrize("name", ["file/queue.db", "x" * 300], ids=["below a file", "too long"])
def test_p10_a_path_that_cannot_be_is_loud(tmp_path, name):
    (tmp_path / "file").touch()
    assert "cannot be created" in complaint(StoreUnavailable, Queue.open, str(tmp_path / name))


@pytest.fixture
def others_folder(tmp_path):
    """A folder with a queue of one job, in which the permissions of others can be tried, even by root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="queuectl-test-")) if root else tmp_path / "others"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    with Queue.open(str(folder / "queue.db")) as queue:
        queue.add("true")
    yield folder
    if root:
        shutil.rmtree(folder)


@contextlib.contextmanager
def as_another():
    """Be another user than root; whoever else runs the tests has no more rights than the modes give him."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.posix
@pytest.mark.parametrize(
    ("modes", "says"),
    [
        ({"queue.db": 0o000}, "cannot be written"),
        ({"queue.db": 0o444, ".": 0o555}, "cannot be written"),
        ({"queue.db": 0o444, LOCK: 0o666, LOCKS: 0o777, ".": 0o777}, "cannot be written"),
        ({"queue.db": 0o666, LOCK: 0o000, LOCKS: 0o777, ".": 0o777}, "cannot be locked"),
        ({"queue.db": 0o666, LOCK: None, LOCKS: 0o555, ".": 0o777}, "cannot be locked"),
    ],
    ids=["unreadable", "read-only file and folder", "read-only file", "lock", "lock folder"],
)
def test_p10_missing_permissions_are_loud(others_folder, modes, says):
    for name, mode in modes.items():
        if mode is None:
            (others_folder / name).unlink()
        else:
            (others_folder / name).chmod(mode)

    def use():
        with as_another(), Queue.open(str(others_folder / "queue.db")) as queue:
            add(queue.store)

    assert says in complaint(StoreUnavailable, use)
    for name, mode in reversed(modes.items()):
        if mode is not None:
            (others_folder / name).chmod(0o755 if (others_folder / name).is_dir() else 0o600)
    for left in others_folder.glob("queue.db-*"):
        left.chmod(0o600)  # SQLite gives them the mode of the database
    with Queue.open(str(others_folder / "queue.db")) as queue:
        queue.add("true")
        assert len(queue.jobs()) == 2


@pytest.mark.posix
def test_p10_a_folder_where_nothing_can_be_created_is_loud(others_folder):
    others_folder.chmod(0o555)
    with as_another():
        assert "cannot be created" in complaint(StoreUnavailable, Queue.open, str(others_folder / "new.db"))
    others_folder.chmod(0o755)
    assert not (others_folder / "new.db").exists()


def test_p10_a_full_disk_is_loud_and_loses_nothing(open_sqlite):
    store = open_sqlite()
    with store._db.read() as db:
        db.pragma("max_page_count", db.pragma("page_count") + 20)
    kept = []
    message = complaint(StoreFull, lambda: [kept.append(add(store, "x" * 3000).id) for _ in range(1000)])
    assert "full" in message
    complaint(StoreFull, store.enqueue, [new("x" * 3000)] * 3)

    def several():
        with store.transaction():
            claim(store)
            store.enqueue([new("x" * 3000)] * 3)

    complaint(StoreFull, several)
    assert ids(store.jobs(EVERYTHING)) == kept[::-1]
    assert store.running() == []
    assert ids(open_sqlite().jobs(EVERYTHING)) == kept[::-1]
    with store._db.read() as db:
        db.pragma("max_page_count", 1_000_000)
        assert db.pragma("integrity_check") == "ok"
    assert ids(claim(store)) == kept
    assert add(store).id > kept[-1]
    assert counted(store) == rows_counted(store)


@pytest.mark.posix
def test_p10_a_file_that_may_not_grow_is_loud_and_loses_nothing(path):
    child = subprocess.run(
        [sys.executable, "-c", FILL, path], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert child.returncode == 0, child.stderr
    with Queue.open(str(path)) as queue:
        assert len(queue.jobs(EVERYTHING)) == int(child.stdout)


def test_p10_a_program_that_holds_the_database_is_loud(open_sqlite, path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.2)
    store = open_sqlite()
    job = add(store)
    with contextlib.closing(apsw.Connection(str(path))) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        assert "another program" in complaint(StoreBusy, add, store)
        assert store.get(job.id) == job
        stranger.execute("ROLLBACK")
    assert add(store).id == job.id + 1


def test_a_process_that_hangs_with_the_write_lock_only_delays(open_sqlite, path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT", 0.2)
    store = open_sqlite()
    with FileLock(path.with_name("write.lock")):
        add(store)
        add(store)
    assert len(store.jobs(EVERYTHING)) == 2


def test_p10_a_closed_store_is_loud(open_sqlite):
    store = open_sqlite()
    add(store)
    store.close()
    complaint(StoreUnavailable, add, store)
    failures = []
    thread = threading.Thread(target=lambda: failures.append(complaint(StoreUnavailable, add, store)))
    thread.start()
    thread.join()
    assert "closed" in failures[0]


def test_p10_text_that_is_no_unicode_is_refused(path):
    with Queue.open(str(path)) as queue:
        job = queue.add("true")
        for act in (lambda: queue.find("\udcff"), lambda: queue.cancel(job.id, reason="\udcff"),
                    lambda: queue.pause("\udcff"), lambda: queue.jobs(JobFilter(tag="\udcff"))):  # fmt: skip
            with pytest.raises(UsageError, match="Unicode"):
                act()
        assert queue.find(job.id) == job


def test_an_error_of_the_caller_s_own_stays_his_own(open_sqlite):
    store = open_sqlite()
    for error in (ValueError("x"), OverflowError("x"), OSError("x")):
        with pytest.raises(type(error)), store.transaction():
            raise error
