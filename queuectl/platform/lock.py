"""An advisory lock on a file, between processes and between threads.

The filelock package is not used because it polls: whoever finds the lock taken sleeps 50 ms before the next look. This
lock is taken around each write transaction, so whoever waits for it has to wake when it becomes free.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

if sys.platform == "win32":
    from queuectl.platform.lock_windows import lock, try_lock, unlock
else:
    from queuectl.platform.lock_posix import lock, try_lock, unlock

_PROBE = 0.001
"""Seconds; longer than ``is_locked`` of another process keeps a lock that it finds free."""


class FileLock:
    """Hold a file's lock; the death of the process releases it.

    One instance belongs to one thread at a time; two instances exclude each other, in one process too. The file stays
    open between ``acquire`` and ``release``, which makes both cost a microsecond while nobody else wants the lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._waiter: _Waiter | None = None
        self._held = False

    @property
    def held(self) -> bool:
        """Tell whether this instance holds the lock."""
        return self._held

    def acquire(self, timeout: float | None) -> bool:
        """Take the lock within ``timeout`` seconds and tell whether that succeeded; 0 tries once, None waits for ever.

        Raises:
            OSError: the file cannot be opened or locked; its folder is the caller's to create.
            RuntimeError: this instance holds the lock already.
        """
        if self._held:
            raise RuntimeError(f"{self._path} is already locked by this instance")
        if self._waiter is None or not self._waiter.resume():
            self._waiter = None
            fd = self._open()
            if try_lock(fd):
                self._held = True
                return True
            if timeout is not None and timeout <= 0:
                time.sleep(_PROBE)
                self._held = try_lock(fd)
                return self._held
            self._fd = None
            self._waiter = _Waiter(fd)
        self._fd = self._waiter.wait(timeout)
        self._held = self._fd is not None
        if self._held:
            self._waiter = None
        return self._held

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held."""
        if self._held and self._fd is not None:
            self._held = False
            unlock(self._fd)

    def close(self) -> None:
        """Give the lock back and close the file; the instance can be used again."""
        self.release()
        self._waiter = None  # one that nobody wants closes its file by itself
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._fd

    def __enter__(self) -> Self:
        self.acquire(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.release()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):  # the interpreter may be half gone
            self.close()


class _Waiter:
    """Wait for a lock in a thread of its own, because no operating system lets that wait time out.

    It owns the file until ``wait`` returns it. Whoever gave up leaves it standing in line: it closes the file, and so
    releases the lock, when its turn comes, unless it was resumed before.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._wanted = True
        self._error: OSError | None = None
        threading.Thread(target=self._run, name="lock-waiter", daemon=True).start()

    def _run(self) -> None:
        try:
            lock(self._fd)
        except OSError as exc:
            self._error = exc
        with self._guard:
            self._ended.set()
            if self._error is not None or not self._wanted:
                os.close(self._fd)

    def resume(self) -> bool:
        """Want the lock again after giving up; return whether it is not too late for that."""
        with self._guard:
            self._wanted = not self._ended.is_set()
            return self._wanted

    def wait(self, timeout: float | None) -> int | None:
        """Return the locked file, or None after ``timeout`` seconds.

        Raises:
            OSError: the file cannot be locked.
        """
        try:
            self._ended.wait(timeout)
        except BaseException:  # Ctrl+C: nobody will take the lock that may just have come
            self._abandon()
            raise
        with self._guard:
            self._wanted = self._ended.is_set()
        if not self._wanted:
            return None
        if self._error is not None:
            raise self._error
        return self._fd

    def _abandon(self) -> None:
        with self._guard:
            self._wanted = False
            if self._ended.is_set() and self._error is None:
                os.close(self._fd)


def is_locked(path: Path) -> bool:
    """Tell whether anybody holds the lock of this file, at once and without keeping it from its holder.

    Raises:
        OSError: the file is there but cannot be opened.
    """
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        if not try_lock(fd, shared=True):
            return True
        unlock(fd)
        return False
    finally:
        os.close(fd)
