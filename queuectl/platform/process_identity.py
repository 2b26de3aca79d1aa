"""What names one process for good: its pid together with the time it was created."""

import os
import sys
import time
from contextlib import suppress

import psutil

TOLERANCE = 0.01 if sys.platform == "win32" else 2.0
"""Seconds by which two readings of one process may differ.

Linux counts a process's age from the boot, so when the clock is set, the time of its creation moves along. No pid comes
round again within 2 s there, nor on macOS; Windows gives pids anew at once, but keeps the time itself.
"""


def created_at(pid: int) -> float | None:
    """Return when a process was created, in seconds since the epoch, or None where there is none."""
    if sys.platform == "linux":  # for every job: psutil would take three times as long
        with suppress(OSError):
            fields = read_proc(pid, "stat").rpartition(b")")[2].split()
            after_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
            return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + after_boot
        return None
    with suppress(psutil.Error):
        return psutil.Process(pid).create_time()
    return None


def same_process(pid: int, created: float | None) -> bool:
    """Tell whether ``pid`` still is the process that was created then; without a time nothing is sure, so it is not."""
    now = created_at(pid)
    return now is not None and created is not None and abs(now - created) <= TOLERANCE


def read_proc(pid: int, name: str) -> bytes:
    """Return what Linux says about a process in one of its files.

    Raises:
        OSError: it ended, or belongs to another user.
    """
    fd = os.open(f"/proc/{pid}/{name}", os.O_RDONLY)
    try:
        content = b""
        while chunk := os.read(fd, 65_536):  # no larger: the memory costs more than the reading
            content += chunk
        return content
    finally:
        os.close(fd)
