"""Find and kill what is left of a job's tree, also where it left the job's process group and session.

Each job's environment carries a random token, which all its descendants inherit. On Windows the Job Object does this
work, and the search finds nothing.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress

import psutil

from queuectl.platform.process_identity import read_proc, same_process

MARKER = "QUEUECTL_LEASE_TOKEN"
"""The environment variable that holds the token of a job's attempt."""

PATIENCE = 5.0
"""Seconds in which killed processes have to go; only the kernel can hold one up."""

_PAUSE = 0.002
_PROGRAM_LOADS = 0.5
"""Seconds for which a process may show no environment because it is in the midst of an exec."""
_MARKED = re.compile(rb"(?:\A|\0)" + MARKER.encode() + rb"=([^\0]*)")


def kill_marked(tokens: Collection[str]) -> int:
    """Kill every process of this user that carries one of the tokens, and return how many there were.

    It waits at most 5 s until all are gone. On Windows it does nothing.
    """
    return _hunt([], tokens)[0]


def kill_tree(pid: int, token: str) -> bool:
    """Kill a process, its group, its descendants and all that carries the token.

    It waits at most 5 s and returns whether all of it is gone. The caller makes sure that the pid is still that of the
    process it means.
    """
    family = _family(pid)  # before the kill, which leaves the children without their parent
    kill_group(pid)
    return _hunt(family, [token])[1]


def kill_remains(pid: int | None, created: float | None, token: str) -> bool:
    """Kill what is left of an attempt whose host died; wait at most 5 s and return whether all of it is gone."""
    if pid is not None and same_process(pid, created):
        return kill_tree(pid, token)
    return _hunt([], [token])[1]


def kill_group(pid: int) -> None:
    """Kill the process group that ``pid`` leads, where there are such; whoever is left there."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM when only a zombie is left
            os.killpg(pid, signal.SIGKILL)


def _family(pid: int) -> list[psutil.Process]:
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        leader = psutil.Process(pid)
        family.append(leader)
        family.extend(leader.children(recursive=True))
    return family


def _hunt(family: list[psutil.Process], tokens: Collection[str]) -> tuple[int, bool]:
    """Kill the family and what carries a token; return how many that were, and whether all are gone."""
    hunted = {process.pid: process for process in family}
    deadline = time.monotonic() + PATIENCE
    _kill(family)
    while True:
        found = _marked(tokens)
        _kill(found)
        hunted.update((process.pid, process) for process in found)
        if not found and all(map(_is_gone, hunted.values())):
            return len(hunted), True
        if time.monotonic() > deadline:
            return len(hunted), False
        time.sleep(_PAUSE)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):  # psutil looks at the time of creation first: never another with that pid
            process.kill()


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _marked(tokens: Collection[str]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for pid in _pids_of_this_user() if tokens else ():
        if _token(pid) in tokens:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if _token(pid) in tokens:  # the pid may have come to another process between the two looks
                    found.append(process)
    return found


if sys.platform == "linux":

    def _pids_of_this_user() -> Iterator[int]:
        me, mine = os.getpid(), os.geteuid()
        with os.scandir("/proc") as entries:
            for entry in entries:
                with suppress(OSError):  # it ended meanwhile
                    if entry.name.isdigit() and int(entry.name) != me and entry.stat().st_uid == mine:
                        yield int(entry.name)

    def _token(pid: int) -> str | None:
        with suppress(OSError):
            environ = read_proc(pid, "environ")
            deadline = time.monotonic() + _PROGRAM_LOADS
            while not environ and _loads_a_program(pid) and time.monotonic() < deadline:
                time.sleep(_PAUSE)
                environ = read_proc(pid, "environ")
            match = _MARKED.search(environ)
            return match[1].decode(errors="replace") if match else None
        return None

    def _loads_a_program(pid: int) -> bool:
        """Tell whether a process is between two programs: it has memory, but no end of its environment yet."""
        fields = read_proc(pid, "stat").rpartition(b")")[2].split()
        vsize, env_end = fields[20], fields[48]
        return vsize != b"0" and env_end == b"0"

elif sys.platform != "win32":

    def _pids_of_this_user() -> Iterator[int]:
        me, mine = os.getpid(), os.geteuid()
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.pid != me and process.uids().effective == mine:
                    yield process.pid

    def _token(pid: int) -> str | None:
        with suppress(psutil.Error):
            return psutil.Process(pid).environ().get(MARKER)
        return None

else:

    def _pids_of_this_user() -> Iterator[int]:
        return iter(())

    def _token(pid: int) -> str | None:  # noqa: ARG001  (there is nothing to find)
        return None
