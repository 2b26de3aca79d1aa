"""The three operations of a file lock on POSIX: flock, which belongs to the open file and not to the process."""

import fcntl
import sys

if sys.platform == "win32":
    raise ImportError("flock is for POSIX")


def try_lock(fd: int, *, shared: bool = False) -> bool:
    """Lock an open file if that needs no waiting, and tell whether it did; shared locks exclude only others."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(fd: int) -> None:
    """Lock an open file, however long that takes."""
    fcntl.flock(fd, fcntl.LOCK_EX)


def unlock(fd: int) -> None:
    """Release the lock of an open file."""
    fcntl.flock(fd, fcntl.LOCK_UN)
