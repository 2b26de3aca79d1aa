"""Start and end a job's process on Windows: a Job Object holds its whole tree, and takes it along when it is closed."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import cast

from queuectl.platform import windows_api as api
from queuectl.platform.environment import Variables
from queuectl.platform.process_identity import created_at

if sys.platform != "win32":
    raise ImportError("Job Objects are for Windows")

_CREATE_SUSPENDED = 0x4
_FLAGS = _CREATE_SUSPENDED | subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
_SETTLE = 1.0
"""Seconds in which a killed tree has to go; only the kernel can hold one up."""


class Process:
    """A job's process and its tree. Every method may be called from any thread at any time."""

    def __init__(self, popen: "subprocess.Popen[bytes]", job: int) -> None:
        self.pid = popen.pid
        self._popen = popen
        self._job = job
        self._guard = threading.Lock()
        self._ended = False

    def created(self) -> float | None:
        """Return when it was created, in seconds since the epoch, or None after it ended."""
        with self._guard:
            return None if self._ended else created_at(self.pid)

    def wait(self) -> int:
        """Wait until it ended, kill what is left of its tree, and return its exit code.

        Does not return in the midst of a ``kill``, so that nothing outlives both.
        """
        code = self._popen.wait()
        with self._guard:
            if not self._ended:
                _end(self._job)
                self._ended = True
        return code

    def set_niceness(self, niceness: int) -> None:
        """Give it the priority class that comes nearest to a niceness; what it starts from then on gets it too.

        Raises:
            OSError: this user may not.
        """
        import psutil

        classes = (
            (-10, psutil.HIGH_PRIORITY_CLASS),
            (-1, psutil.ABOVE_NORMAL_PRIORITY_CLASS),
            (0, psutil.NORMAL_PRIORITY_CLASS),
            (9, psutil.BELOW_NORMAL_PRIORITY_CLASS),
            (19, psutil.IDLE_PRIORITY_CLASS),
        )
        wanted = next(number for highest, number in classes if niceness <= highest)
        with self._guard:
            if not self._ended:
                try:
                    psutil.Process(self.pid).nice(wanted)
                except psutil.Error as exc:
                    raise OSError(str(exc)) from exc

    def terminate(self) -> None:
        """Ask it to end, where a console can be used for that; it does not hear of it otherwise."""
        with self._guard:
            if not self._ended:
                api.send_break(self.pid)

    def kill(self, token: str) -> None:  # noqa: ARG002  (nothing leaves a Job Object)
        """Kill its whole tree; the exit code becomes 1."""
        with self._guard:
            if not self._ended:
                api.terminate_job(self._job)


def keep_exit_codes() -> None:
    """Do nothing: a handle keeps its process's exit code and pid."""


def spawn(argv: Sequence[str] | str, *, cwd: str | None, env: Variables, stdout: int) -> Process:
    """Start a program with no input, and both outputs going to the open file ``stdout``.

    Raises:
        OSError: there is no such program or folder, it may not be run, or its arguments are too long.
    """
    api.forget_bundle()
    job = api.create_job()
    try:
        popen = subprocess.Popen(  # noqa: S603  (to run what the user says is what this is for)
            argv,
            cwd=cwd,
            env=cast("Mapping[str, str]", env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            creationflags=_FLAGS,
        )
    except BaseException:
        api.close(job)
        raise
    try:
        handle = int(vars(popen)["_handle"])  # the one that pins the pid
        api.assign(job, handle)  # while it is suspended, so that it has no child yet
        api.resume(handle)
    except BaseException:
        popen.kill()
        popen.wait()
        api.close(job)
        raise
    return Process(popen, job)


def _end(job: int) -> None:
    api.terminate_job(job)
    deadline = time.monotonic() + _SETTLE
    while api.active_processes(job) and time.monotonic() < deadline:
        time.sleep(0.001)
    api.close(job)
