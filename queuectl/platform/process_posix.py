"""Start and end a job's process on POSIX: a session of its own, whose process group dies with its leader."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

from queuectl.platform.environment import Variables
from queuectl.platform.posix_spawn import AVAILABLE, posix_spawn
from queuectl.platform.process_identity import created_at
from queuectl.platform.process_remains import kill_group, kill_tree

if sys.platform == "win32":
    raise ImportError("process groups are for POSIX")

_SETTLE = 1.0
"""Seconds in which a killed process group has to go; only the kernel can hold one up."""


class Process:
    """A job's process and its group. Every method may be called from any thread at any time.

    Its leader stays a zombie until the group is dead, so that nobody else gets its pid, and no signal hits a stranger.
    """

    def __init__(self, pid: int, reap: Callable[[], int]) -> None:
        self.pid = pid
        self._reap = reap
        self._code = 0
        self._guard = threading.Lock()
        self._reaped = False

    def created(self) -> float | None:
        """Return when it was created, in seconds since the epoch, or None after it ended."""
        with self._guard:
            return None if self._reaped else created_at(self.pid)

    def wait(self) -> int:
        """Wait until it ended, kill what is left of its group, and return its exit code, or -N for the signal N.

        Does not return in the midst of a ``kill``, so that nothing outlives both.
        """
        _wait_for_exit(self.pid)
        with self._guard:
            if not self._reaped:
                kill_group(self.pid)
                self._code = self._reap()
                self._reaped = True
        _wait_for_group(self.pid)
        return self._code

    def set_niceness(self, niceness: int) -> None:
        """Give its whole group a niceness.

        Raises:
            OSError: this user may not, as with a negative one.
        """
        with self._guard:
            if not self._reaped:
                os.setpriority(os.PRIO_PGRP, self.pid, niceness)

    def terminate(self) -> None:
        """Ask its whole group to end."""
        with self._guard:
            if not self._reaped:
                with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
                    os.killpg(self.pid, signal.SIGTERM)
                    os.killpg(self.pid, signal.SIGCONT)  # who is stopped notices nothing else

    def kill(self, token: str) -> None:
        """Kill its group, its descendants and whatever else carries the token, wherever it went."""
        with self._guard:
            if not self._reaped:
                kill_tree(self.pid, token)


def keep_exit_codes() -> None:
    """Let the system keep the exit codes of children also where whoever started this program had it forget them.

    Without that, a child's pid may be another's before anybody has heard of its end. Only the main thread can do it.
    """
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def spawn(argv: Sequence[str] | str, *, cwd: str | None, env: Variables, stdout: int) -> Process:
    """Start a program with no input, and both outputs going to the open file ``stdout``.

    Raises:
        OSError: there is no such program or folder, it may not be run, or its arguments are too long.
    """
    if AVAILABLE and not isinstance(argv, str):
        pid = posix_spawn(argv, cwd=cwd or ".", env=env, stdout=stdout)
        return Process(pid, lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    # A new session without a preexec_fn keeps CPython on vfork: three times as many starts a second as with fork.
    popen = subprocess.Popen(  # noqa: S603  (to run what the user says is what this is for)
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Process(popen.pid, popen.wait)


if sys.platform == "darwin":

    def _wait_for_exit(pid: int) -> None:
        """Wait until a child ended, and leave it a zombie; os.waitid came to macOS with Python 3.13."""
        queue = select.kqueue()
        try:
            event = select.kevent(
                pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT
            )
            with suppress(ProcessLookupError):  # it has ended already
                queue.control([event], 1)
        finally:
            queue.close()

else:

    def _wait_for_exit(pid: int) -> None:
        """Wait until a child ended, and leave it a zombie."""
        with suppress(ChildProcessError):  # another thread has reaped it already
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _wait_for_group(pgid: int) -> None:
    """Wait until the killed members of a group are gone. Asks only: from here on the number may be anybody's."""
    deadline = time.monotonic() + _SETTLE
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pgid, 0)
        while _group_lives(pgid) and time.monotonic() < deadline:
            time.sleep(0.001)


def _group_lives(pgid: int) -> bool:
    for pid in psutil.pids():
        with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
            if os.getpgid(pid) == pgid and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return True
    return False
