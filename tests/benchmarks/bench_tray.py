"""What the tray costs: the time until its icon is up, and its memory and processor time when nothing happens."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from measure import PYTHON, fresh_home, goal_at_most, report

ROOT = Path(__file__).parent.parent.parent
STARTS = 7
IDLE = 20.0


def start(desktop, nth):
    """Start the application; return its process and the seconds until its icon was up."""
    fresh_home()
    began = time.monotonic()
    process = subprocess.Popen([PYTHON, "-m", "queuectl.tray"], cwd=ROOT, stderr=subprocess.DEVNULL)
    desktop.icon(nth)
    return process, time.monotonic() - began


def main():
    """Print them."""
    if sys.platform != "linux":
        print("  the tray's bench needs Linux")
        return
    sys.path.insert(0, str(ROOT))
    from tests.tray.desktop import NOTIFICATIONS, WATCHER, Bus, Desktop

    bus = Bus(Path(tempfile.mkdtemp()))
    os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus.address
    desktop = Desktop(bus.address)
    desktop.own(WATCHER)
    desktop.own(NOTIFICATIONS)
    seconds = []
    for nth in range(1, STARTS + 1):
        process, took = start(desktop, nth)
        seconds.append(took)
        if nth < STARTS:
            process.terminate()
            process.wait()
    median = statistics.median(seconds)
    report("icon up after the start, median", f"{median:.2f} s", goal=goal_at_most(median, 0.5), note="from source")
    time.sleep(5)
    watched = psutil.Process(process.pid)
    before = watched.cpu_times()
    time.sleep(IDLE)
    after = watched.cpu_times()
    share = (after.user + after.system - before.user - before.system) / IDLE * 100
    rss = watched.memory_info().rss / 2**20
    report("RSS of the idle application", f"{rss:.0f} MiB", goal=goal_at_most(rss, 60))
    report("CPU of the idle application", f"{share:.2f} %", goal=goal_at_most(share, 0.2), note="of a core")
    process.terminate()
    process.wait()
    desktop.close()
    bus.kill()


if __name__ == "__main__":
    main()
