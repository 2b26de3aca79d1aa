"""What tests of real processes share: a child's output to wait on, and which Windows this is."""

import contextlib
import os
import queue
import shlex
import sys
import threading

import psutil

PATIENCE = 30.0
"""Seconds; an event that has not come by then never will."""

SETSID = shlex.join([sys.executable, "-c", "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"])
"""The beginning of a shell command that runs in a session of its own; macOS has no program for that."""
SLEEP = f"echo $$; exec {shlex.join([sys.executable, '-c', 'import time; time.sleep(1000)'])}"
"""A shell command that says its pid; it is Python that sleeps, for macOS hides the environment of its own programs."""


def running_under_wine():
    """Tell whether this Windows is Wine's, which lacks some of what the real one does."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


class Output:
    """The output of a tree of processes: ``fd`` to hand to it, lines to wait for, and the end of its last member."""

    def __init__(self):
        read, self.fd = os.pipe()
        self._lines = queue.SimpleQueue()
        self._ended = threading.Event()
        threading.Thread(target=self._collect, args=(read,), daemon=True).start()

    def _collect(self, read):
        with os.fdopen(read, "rb") as stream:
            for line in stream:
                self._lines.put(line.decode().rstrip("\r\n"))
        self._ended.set()

    def line(self):
        """Return the next line, when it comes."""
        self.close()
        return self._lines.get(timeout=PATIENCE)

    def ends(self, within=PATIENCE):
        """Wait until no process holds the output open any more, and tell whether that came about."""
        self.close()
        return self._ended.wait(within)

    def close(self):
        """Close this process's own end."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def is_alive(pid):
    """Tell whether a process still runs; a zombie does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False
