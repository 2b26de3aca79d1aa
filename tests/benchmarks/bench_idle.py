"""How soon an idle host starts what is enqueued in another process, and what being idle costs it."""

import statistics
import subprocess
import sys
import time

import apsw
import psutil
from measure import fresh_home, goal_at_most, report

from queuectl.host import Host, HostOptions
from queuectl.queue import Queue

SAMPLES = 60
IDLE = 20.0
NOW = ["/bin/sh", "-c", "date +%s%N"]


def floor():
    """Start the same command without a queue; return milliseconds until it ran."""
    began = time.time_ns()
    done = subprocess.run(NOW, capture_output=True, check=True)
    return (int(done.stdout) - began) / 1e6


def to_start(queue):
    """Enqueue it; return milliseconds from the call until the job's process ran."""
    began = time.time_ns()
    job = queue.add(NOW)
    queue.wait([job.id])
    return (int(queue.paths.log(job.id, 1).read_text()) - began) / 1e6


def statements_when_idle():
    """Count the statements that an idle host runs on its database, per second."""
    count = 0

    def trace(_cursor, _sql, _values):
        nonlocal count
        count += 1
        return True

    def hook(connection):
        connection.exec_trace = trace

    apsw.connection_hooks.append(hook)
    fresh_home()
    with Queue.open() as queue:
        host = Host(queue, HostOptions(kind="serve", drop_folder=True))
        host.start()
        time.sleep(2)
        before = count
        time.sleep(IDLE / 2)
        polled = (count - before) / (IDLE / 2)
        host.stop()
    apsw.connection_hooks.remove(hook)
    return polled


def main():
    """Print latency and idle cost."""
    fresh_home()
    host = subprocess.Popen([sys.executable, "-m", "queuectl", "serve", "--workers", "4"], stdout=subprocess.DEVNULL)
    with Queue.open() as queue:
        while not queue.hosts():
            time.sleep(0.01)
        time.sleep(2)
        process = psutil.Process(host.pid)
        before = process.cpu_times()
        time.sleep(IDLE)
        after = process.cpu_times()
        share = (after.user + after.system - before.user - before.system) / IDLE * 100
        rss = process.memory_info().rss / 2**20
        direct, latency = [], []
        for _ in range(SAMPLES):
            direct.append(floor())
            time.sleep(0.02)
            latency.append(to_start(queue))
    host.terminate()
    host.wait()
    median = statistics.median(latency)
    note = f"ms; p95 {sorted(latency)[int(SAMPLES * 0.95)]:.1f}; floor (bare start) {statistics.median(direct):.1f}"
    report("enqueue to start, between two processes, median", f"{median:.1f}", goal=goal_at_most(median, 20), note=note)
    report("CPU of an idle host", f"{share:.2f} %", goal=goal_at_most(share, 0.2), note=f"of a core; RSS {rss:.0f} MiB")
    report("statements of an idle host", f"{statements_when_idle():.1f}", note="per second; a poll is one of them")


if __name__ == "__main__":
    main()
