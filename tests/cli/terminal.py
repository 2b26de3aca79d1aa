"""A terminal of a given width with a program in it: what it shows, and keys for it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time

from tests.support import PATIENCE

ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>])")


class Terminal:
    """Run a program in a terminal; ``raw`` is what it has written so far."""

    def __init__(self, *argv, columns=80, cwd=None, **env):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        ambient = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**ambient, "TERM": "xterm", **env},
            preexec_fn=lambda: os.login_tty(slave),  # noqa: PLW1509 - its Ctrl+C has to reach the program
        )
        os.close(slave)
        self.raw = ""
        self._grown = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # how Linux says that the program has closed its end
                data = b""
            with self._grown:
                self.raw += data.decode("utf-8", "replace").replace("\r\n", "\n")
                self._grown.notify_all()
            if not data:
                return

    @property
    def text(self):
        """Return what it has shown so far, without colours and moves of the cursor."""
        return ESCAPE.sub("", self.raw)

    def keys(self, text):
        """Press keys."""
        os.write(self._master, text.encode())

    def shows(self, pattern, patience=PATIENCE):
        """Wait until it has shown something, and return the match."""
        deadline = time.monotonic() + patience
        with self._grown:
            while not (match := re.search(pattern, self.text)):
                left = deadline - time.monotonic()
                if left <= 0 or not (self._grown.wait(left) or self._reader.is_alive()):
                    raise AssertionError(f"never showed {pattern!r}, but:\n{self.text[-2000:]}")
            return match

    def ends(self):
        """Wait for the program's end, and return its exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._master)
        return code

    def close(self):
        """End the program the hard way, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.ends()


def shown(*args, columns=80, code=0, colours=False, **env):
    """Return what the command line shows on a terminal."""
    terminal = Terminal(sys.executable, "-m", "queuectl", *args, columns=columns, **env)
    try:
        assert terminal.ends() == code, terminal.text
    finally:
        terminal.close()
    assert "Traceback" not in terminal.text
    return terminal.raw if colours else terminal.text
