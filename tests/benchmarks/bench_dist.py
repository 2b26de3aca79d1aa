"""How big the executables are, and what their start costs against an empty one of the same PyInstaller."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from measure import ROUNDS, fresh_home, goal_at_most, in_turns, report

ROOT = Path(__file__).parent.parent.parent
FROZEN = ROOT / "build" / "frozen"
MIB = 1e6


def started(*command):
    """Return a function that runs a program to its end, and returns the seconds it took."""

    def run():
        began = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return time.monotonic() - began

    return run


def icons():
    """Return a function that starts the tray, and returns the seconds until its icon was up; and its end."""
    sys.path.insert(0, str(ROOT))
    from tests.tray.desktop import NOTIFICATIONS, WATCHER, Bus, Desktop

    bus = Bus(Path(tempfile.mkdtemp()))
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    desktop = Desktop(bus.address)
    desktop.own(WATCHER)
    desktop.own(NOTIFICATIONS)
    count = 0

    def run():
        nonlocal count
        count += 1
        fresh_home()
        began = time.monotonic()
        process = subprocess.Popen([FROZEN / "queuectl-tray"], stderr=subprocess.DEVNULL)
        desktop.icon(count)
        took = time.monotonic() - began
        psutil.Process(process.pid).terminate()
        process.wait()
        return took

    def end():
        desktop.close()
        bus.kill()

    return run, end


def main():
    """Build with the empty program, unless that is there, and print sizes and starts."""
    if not (FROZEN / "queuectl-nothing").exists():
        subprocess.run([sys.executable, ROOT / "packaging/build.py", "--with-nothing"], check=True)
    for name, goal in (("queuectl", 16.5), ("queuectl-tray", 18)):  # 4.3 MB of each are what connects to PostgreSQL
        size = (FROZEN / name).stat().st_size / MIB
        report(f"size of {name}", f"{size:.1f} MB", goal=goal_at_most(size, goal))
    fresh_home()
    rounds = max(ROUNDS, 15)
    nothing, version, folder, enqueue = in_turns(
        started(FROZEN / "queuectl-nothing"),
        started(FROZEN / "queuectl", "--version"),
        started(FROZEN / "onedir" / "queuectl", "--version"),
        started(FROZEN / "queuectl", "enqueue", "true"),
        rounds=rounds,
    )
    note = f"against {nothing * 1000:.0f} ms for an empty one file"
    report(
        "queuectl --version, one file", f"{version / nothing:.2f}", goal=goal_at_most(version / nothing, 1.3), note=note
    )
    report("queuectl --version, in a folder", f"{folder / nothing:.2f}", note=note)
    report("queuectl enqueue, one file", f"{enqueue / nothing:.2f}", note=note)
    if sys.platform == "linux":
        icon, end = icons()
        nothing, up = in_turns(started(FROZEN / "queuectl-nothing"), icon, rounds=ROUNDS)
        end()
        after = up - nothing
        report("icon up, after an empty one file would have ended", f"{after:.2f} s", goal=goal_at_most(after, 0.5))


if __name__ == "__main__":
    main()
