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

MARKER = "QUEUECTL_LEASE"
"""The environment variable that holds the token of a job's attempt."""

PATIENCE = 5.0
"""Seconds in which killed processes have to go; only the kernel can hold one up."""

_PAUSE = 0.002
_MARKED = re.compile(rb"(?:\A|\0)" + MARKER.encode() + rb"=([^\0]*)")


def kill_marked(tokens: Collection[str]) -> int:
    """Kill every process of this user that carries one of the tokens, until none is left; return how many there were.

    It gives up after ``PATIENCE`` seconds. On Windows it does nothing.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + PATIENCE
    while (found := _marked(tokens)) and time.monotonic() < deadline:
        killed.update(process.pid for process in found)
        _kill(found)
        time.sleep(_PAUSE)
    return len(killed)


def kill_tree(pid: int, token: str) -> list[psutil.Process]:
    """Kill a process, its group, its descendants and all that carries the token; return it and its descendants.

    The caller makes sure that the pid is still that of the process it means.
    """
    family = _family(pid)  # before the kill, which leaves the children without their parent
    kill_group(pid)
    _kill(family)
    kill_marked([token])
    return family


def kill_remains(pid: int | None, created: float | None, token: str) -> bool:
    """Kill what is left of an attempt whose host died; wait at most 5 s and return whether all of it is gone."""
    family: list[psutil.Process] = []
    if pid is not None and same_process(pid, created):
        family = kill_tree(pid, token)
    else:
        kill_marked([token])
    deadline = time.monotonic() + PATIENCE
    while not (gone := all(map(_is_gone, family))) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    return gone and not _marked([token])


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
            match = _MARKED.search(read_proc(pid, "environ"))
            return match[1].decode(errors="replace") if match else None
        return None

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
