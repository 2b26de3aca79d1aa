"""What was built, ready to be tried by 'make smoke', which names its folder in QUEUECTL_DIST."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.hosts import HostProcess, until
from tests.support import PATIENCE

ROOT = Path(__file__).parents[3]
DIST = os.environ.get("QUEUECTL_DIST")
"""Not just dist/: what lies there may be older than the source that 'make test' is about."""

if sys.platform != "linux":
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def dist():
    """Return the folder with what 'make dist' has built."""
    if DIST is None:
        pytest.skip("tries the executables: make dist smoke")
    folder = Path(DIST).absolute()
    if not (folder / "queuectl").exists():
        pytest.fail(f"there are no executables in {folder}; build them: make dist", pytrace=False)
    return folder


class Executable:
    """One of the two programs, with a temp folder of its own."""

    def __init__(self, path, temp):
        self.path, self.temp = path, temp
        self.environ = {"TMPDIR": str(temp)}

    def run(self, *words, code=0, env=None, **options):
        """Run it to its end, and return what it printed."""
        done = subprocess.run(
            [self.path, *words],
            env={**os.environ, **self.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            **options,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def running(self, *words, env=None):
        """Start it, and stop it at the end."""
        environ = {**self.environ, **(env or {})}

        class Process(HostProcess):
            command = (str(self.path),)

        process = Process(*words, env=environ)
        try:
            yield process
        finally:
            process.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.process.wait(PATIENCE)
            if process.process.poll() is None:
                process.kill()

    def unpacked(self):
        """Return the folders that it has unpacked itself into."""
        return sorted(self.temp.glob("_MEI*"))


@pytest.fixture
def temp(tmp_path):
    """Give the executables a temp folder of their own."""
    folder = tmp_path / "temp"
    folder.mkdir()
    return folder


@pytest.fixture
def queuectl(dist, temp):
    """Return the command line."""
    return Executable(dist / "queuectl", temp)


@pytest.fixture
def tray(dist, temp):
    """Return the tray."""
    return Executable(dist / "queuectl-tray", temp)


@pytest.fixture
def serving(queuectl):
    """Have it run jobs."""
    queuectl.run("config", "set", "kill_grace", "1s")
    with queuectl.running("serve") as process:
        process.says("Ctrl+C")
        yield process


@pytest.fixture
def desktop(tmp_path_factory, monkeypatch):
    """Give a desktop with a panel, on a bus of its own."""
    from tests.tray.desktop import NOTIFICATIONS, WATCHER, Bus, Desktop

    bus = Bus(tmp_path_factory.mktemp("bus"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    started = Desktop(bus.address)
    started.own(WATCHER)
    started.own(NOTIFICATIONS)
    yield started
    started.close()
    bus.kill()


def look_at_the_page(url):
    """Come in as a browser does, and load what the page is made of."""
    with httpx.Client(trust_env=False, timeout=PATIENCE) as browser:
        assert browser.get(url).status_code == 200
        base = url.partition("login")[0]
        page = browser.get(base).text
        scripts = re.findall(r'src="(/static/[^"]+[.]js)"', page)
        assert scripts
        for path in scripts:
            assert browser.get(f"{base}{path[1:]}").headers["content-type"].startswith("text/javascript")
        assert browser.get(f"{base}api/v1/overview").json()["database"]
        with browser.stream("GET", f"{base}api/v1/events", params={"view": "/api/v1/status"}) as events:
            assert next(line for line in events.iter_lines() if line.startswith("data:"))


def lose_folder(executable):
    """Do what a cleaner of the temp folder does to a program that has run for weeks."""
    [folder] = executable.unpacked()
    until((folder / "queuectl.settled").exists, "that it needs its folder no more")
    shutil.rmtree(folder)
