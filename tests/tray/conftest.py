"""A desktop on a bus of its own, and a tray that is shown on it."""

import os
import sys
import threading

import pytest

from tests.hosts import hosts_of_the_test
from tests.support import PATIENCE
from tests.tray.application import Tray

if sys.platform != "linux":
    collect_ignore_glob = ["test_sni*.py"]


@pytest.fixture
def bus(tmp_path_factory, monkeypatch):
    """Start a bus that belongs to the test, and name it in the environment."""
    from tests.tray.desktop import Bus

    started = Bus(tmp_path_factory.mktemp("bus"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", started.address)
    yield started
    started.kill()


@pytest.fixture
def desktop(bus):
    """Give a desktop whose panel and notification server are up."""
    from tests.tray.desktop import NOTIFICATIONS, WATCHER, Desktop

    started = Desktop(bus.address)
    started.own(WATCHER)
    started.own(NOTIFICATIONS)
    yield started
    started.close()


class Shown:
    """A tray that runs in a thread; ``error`` is what ended it."""

    def __init__(self, tray):
        self.tray = tray
        self.ready = threading.Event()
        self.error = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        try:
            self.tray.run(self.ready.set)
        except Exception as error:  # noqa: BLE001 - the test asks for it
            self.error = error

    def ends(self):
        """Wait for its end, and return the error."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "run() did not return"
        return self.error


@pytest.fixture
def show():
    """Give a function that shows a tray; at the end it is stopped."""
    shown = []

    def start(tray):
        shown.append(Shown(tray))
        return shown[-1]

    yield start
    for one in shown:
        one.tray.stop()
        one.ends()


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Stand in for the desktop's programs by scripts that note what they were asked to open."""
    programs, note = tmp_path / "bin", tmp_path / "opened"
    programs.mkdir()
    for name in ("xdg-open", "a-terminal"):
        script = programs / name
        script.write_text(f'#!/bin/sh\necho "{name} $*" >> {note}\n')
        script.chmod(0o755)
    clipboard = programs / "wl-paste"
    clipboard.write_text("#!/bin/sh\nprintf 'echo from the clipboard'\n")
    clipboard.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("TERMINAL", "a-terminal")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with hosts_of_the_test() as trays:
        monkeypatch.setattr(Tray, "started", trays)
        yield lambda: note.read_text() if note.exists() else ""
