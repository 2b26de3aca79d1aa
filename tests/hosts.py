"""Real hosts as child processes, the real command line, and ways to wait for what they do."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

from queuectl.model.job import JobSpec
from queuectl.platform.process import kill_marked
from queuectl.queue import Queue
from tests.support import PATIENCE, running_under_wine

CLI = [sys.executable, "-m", "queuectl"]
QUICK = {"reaper_interval": "0.1s", "kill_grace": "1s", "stop_grace": "0.2s"}
"""Settings under which a test need not wait long for housekeeping."""


def run_cli(*args, stdin=None, env=None, cwd=None, check=False):
    """Run the command line to its end; the output is text, and ``json()`` reads it."""
    done = subprocess.run(
        [*CLI, *args],
        input=stdin,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    done.out = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    done.err = done.stderr.decode("utf-8", "replace").replace("\r\n", "\n")
    done.json = lambda: json.loads(done.out)
    assert "Traceback" not in done.err, done.err
    if check:
        assert done.returncode == 0, done.err or done.out
    return done


def waits_for(file):
    """Return a job that runs until a file is there, whatever the shell here is."""
    program = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]):\n    time.sleep(0.02)"
    return JobSpec(argv=(sys.executable, "-c", program, str(file)))


def until(condition, what="the condition", patience=PATIENCE):
    """Look until something holds, and return it; a test has no better event than the database's and the disk's."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about in {patience} s")


class HostProcess:
    """A host in a process of its own; its output can be waited on line by line."""

    command = CLI

    def __init__(self, *args, env=None, cwd=None):
        self.lines = []
        self._fresh = queue.SimpleQueue()
        self._env = env
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if sys.platform == "win32" else {}
        self.process = subprocess.Popen(
            [*self.command, *args],
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **flags,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._fresh.put(line.decode("utf-8", "replace").rstrip())
        self._fresh.put(None)

    def says(self, text, patience=PATIENCE):
        """Wait for a line that holds a text, and return it."""
        deadline = time.monotonic() + patience
        while True:
            try:
                line = self._fresh.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"never said {text!r}, but:\n" + "\n".join(self.lines))
            self.lines.append(line)
            if text in line:
                return line

    def terminate(self, patience=PATIENCE):
        """Ask it to stop, and return its exit code."""
        if self.process.poll() is None:
            self.interrupt()
        return self.ends(patience)

    def interrupt(self):
        """Ask it to stop, as a terminal or the system does it; Wine has no such signals, only the command."""
        if running_under_wine():
            run_cli("worker", "stop", "--all", env=self._env, check=True)
        else:
            self.process.send_signal(signal.CTRL_BREAK_EVENT if sys.platform == "win32" else signal.SIGTERM)

    def ends(self, patience=PATIENCE):
        """Wait for its end, and return its exit code."""
        code = self.process.wait(patience)
        self._reader.join(patience)
        while (line := self._fresh.get()) is not None:
            self.lines.append(line)
        self._fresh.put(None)  # who asks again is not kept waiting
        return code

    def kill(self):
        """Kill it the hard way."""
        self.process.kill()
        self.process.wait(PATIENCE)


@contextlib.contextmanager
def quick_queue(**settings):
    """Open the test's own queue, with settings that suit tests; what still runs at the end is killed."""
    with Queue.open() as opened:
        for key, value in {**QUICK, **settings}.items():
            opened.set_setting(key, value)
        try:
            yield opened
        finally:
            kill_marked([run.job.lease.token for run in opened.store.running() if run.job.lease])


@contextlib.contextmanager
def shared_queue(url, monkeypatch, **settings):
    """Open a queue that machines share; what the test starts works on it, too, and runs all of it."""
    monkeypatch.setenv("QUEUECTL_DB", url)
    monkeypatch.setenv("QUEUECTL_RUN_QUEUES", "*")
    with quick_queue(**settings) as opened:
        yield opened


@contextlib.contextmanager
def hosts_of_the_test():
    """Give a list for hosts; at the end those that still run are killed."""
    hosts = []
    try:
        yield hosts
    finally:
        for host in hosts:
            if host.process.poll() is None:
                host.kill()
