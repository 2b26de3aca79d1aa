"""The file lock: who is excluded, who is woken, and what becomes of those who give up."""

import contextlib
import gc
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from queuectl.platform.lock import FileLock, is_locked
from tests.support import PATIENCE

OPEN_FILES = Path("/proc/self/fd")

HOLD = """
import sys
from pathlib import Path
from queuectl.platform.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
print(lock.acquire(30), flush=True)
sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from queuectl.platform.lock import FileLock
path, counter = map(Path, sys.argv[1:])
lock = FileLock(path)
for _ in range(100):
    assert lock.acquire(60)
    counter.write_text(str(int(counter.read_text()) + 1))
    lock.release()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "the.lock"


@contextlib.contextmanager
def other_process(path, program=HOLD):
    """Let another process hold the lock, until it is killed or the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout.readline() == "True\n"
            yield child
        finally:
            child.kill()


def waiters():
    return [thread for thread in threading.enumerate() if thread.name == "lock-waiter"]


def join_waiters():
    for thread in waiters():
        thread.join(PATIENCE)
    assert not waiters()


def test_two_instances_exclude_each_other_in_one_process(path):
    one, two = FileLock(path), FileLock(path)
    assert one.acquire(0)
    assert not two.acquire(0)
    one.release()
    assert two.acquire(0)
    assert not one.acquire(0)
    assert (one.held, two.held) == (False, True)


def test_an_instance_can_be_used_again_and_again(path):
    lock = FileLock(path)
    for timeout in (0, 1, None):
        assert lock.acquire(timeout)
        lock.release()
    lock.close()
    with lock:
        assert lock.held
    assert not lock.held


def test_to_lock_twice_is_a_mistake(path):
    with FileLock(path) as lock, pytest.raises(RuntimeError, match="already locked"):
        lock.acquire(0)


def test_to_release_what_is_not_held_does_nothing(path):
    lock = FileLock(path)
    lock.release()
    lock.close()
    with FileLock(path):
        assert not lock.acquire(0)
        lock.release()
        assert is_locked(path)


def test_a_missing_folder_is_the_callers_to_create(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "none" / "the.lock").acquire(0)


def test_another_process_is_excluded(path):
    lock = FileLock(path)
    with other_process(path):
        assert not lock.acquire(0)
        assert not lock.acquire(0.01)
    assert lock.acquire(PATIENCE)


def test_the_death_of_its_holder_frees_it_and_wakes_who_waits(path):
    with other_process(path) as child:
        killer = threading.Timer(0.2, child.kill)
        killer.start()
        assert FileLock(path).acquire(PATIENCE)
        killer.join()


def test_processes_that_contend_take_turns(path, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    children = [subprocess.Popen([sys.executable, "-c", COUNT, path, counter]) for _ in range(3)]
    assert [child.wait(PATIENCE * 2) for child in children] == [0, 0, 0]
    assert counter.read_text() == "300"


def test_threads_that_contend_take_turns(path):
    inside, most = [], []

    def work():
        lock = FileLock(path)
        for _ in range(50):
            assert lock.acquire(PATIENCE)
            inside.append(1)
            most.append(len(inside))
            inside.pop()
            lock.release()
        lock.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert most == [1] * 200


def test_who_gave_up_does_not_keep_the_lock_when_its_turn_comes(path):
    holder, quitter, third = FileLock(path), FileLock(path), FileLock(path)
    holder.acquire(0)
    assert not quitter.acquire(0.01)
    holder.release()
    assert third.acquire(PATIENCE)
    third.release()
    join_waiters()
    assert quitter.acquire(0)


def test_who_gave_up_and_tries_again_keeps_its_place(path):
    holder, lock = FileLock(path), FileLock(path)
    holder.acquire(0)
    for _ in range(5):
        assert not lock.acquire(0.01)
    assert len(waiters()) == 1
    threading.Timer(0.05, holder.release).start()
    assert lock.acquire(PATIENCE)
    assert lock.held
    assert is_locked(path)
    lock.release()
    assert holder.acquire(0)


def test_a_try_without_waiting_succeeds_once_who_gave_up_would_have_its_turn(path):
    holder, lock = FileLock(path), FileLock(path)
    holder.acquire(0)
    assert not lock.acquire(0.01)
    assert not lock.acquire(0)
    holder.release()
    join_waiters()
    assert lock.acquire(0)


def test_to_close_after_giving_up_leaves_nothing_behind(path):
    holder, lock = FileLock(path), FileLock(path)
    holder.acquire(0)
    assert not lock.acquire(0.01)
    lock.close()
    holder.release()
    join_waiters()
    assert not is_locked(path)


@pytest.mark.posix
def test_ctrl_c_while_waiting_gives_up(path):
    holder, lock = FileLock(path), FileLock(path)
    holder.acquire(0)
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        lock.acquire(PATIENCE)
    assert not lock.held
    holder.release()
    join_waiters()
    assert not is_locked(path)
    assert lock.acquire(0)


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="counts open files in /proc")
def test_no_file_stays_open(path):
    def open_files():
        return len(list(OPEN_FILES.iterdir()))

    before = open_files()
    for _ in range(3):
        holder, lock = FileLock(path), FileLock(path)
        holder.acquire(0)
        lock.acquire(0.001)
        lock.acquire(0)
        holder.close()
        join_waiters()
        lock.close()
        assert not is_locked(path)
    assert open_files() == before


def test_an_instance_that_is_forgotten_frees_it(path):
    lock = FileLock(path)
    lock.acquire(0)
    del lock
    gc.collect()
    assert not is_locked(path)


def test_a_child_does_not_inherit_it(path):
    lock = FileLock(path)
    lock.acquire(0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        lock.close()
        assert not is_locked(path)
        child.kill()


def test_is_locked_only_looks(path):
    assert not is_locked(path)
    assert not path.exists()
    lock = FileLock(path)
    lock.acquire(0)
    assert is_locked(path)
    assert is_locked(path)
    lock.release()
    assert not is_locked(path)
    assert lock.acquire(0)


def test_is_locked_sees_another_process(path):
    with other_process(path):
        assert is_locked(path)
    assert not is_locked(path)


def test_a_look_at_the_lock_keeps_nobody_from_taking_it(path):
    stop = threading.Event()

    def look():
        while not stop.is_set():
            is_locked(path)

    looker = threading.Thread(target=look)
    looker.start()
    lock = FileLock(path)
    try:
        for _ in range(200):
            assert lock.acquire(PATIENCE)
            lock.release()
    finally:
        stop.set()
        looker.join()


@pytest.mark.posix
def test_only_its_owner_may_open_the_file(path):
    with FileLock(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_who_waits_wakes_at_once(path):
    holder, lock = FileLock(path), FileLock(path)
    delays = []
    for _ in range(15):
        holder.acquire(None)
        released = []
        timer = threading.Timer(0.03, lambda stamps=released: (stamps.append(time.perf_counter()), holder.release()))
        timer.start()
        assert lock.acquire(PATIENCE)
        delays.append(time.perf_counter() - released[0])
        timer.join()
        lock.release()
    assert statistics.median(delays) < 0.015


@pytest.mark.posix
def test_the_childs_child_does_not_keep_the_lock_of_a_killed_holder(path):
    program = HOLD.replace("print", "import subprocess; grandchild = subprocess.Popen(['sleep', '1000'])\nprint", 1)
    program = program.replace("flush=True)", "flush=True)\nprint(grandchild.pid, flush=True)")
    with other_process(path, program) as child:
        grandchild = int(child.stdout.readline())
        child.kill()
        child.wait()
        try:
            assert FileLock(path).acquire(0)
        finally:
            os.kill(grandchild, signal.SIGKILL)
