"""How fast a full queue drains, against starting the same processes without any queue."""

import os
import subprocess
import threading
import time

from measure import fresh_home, goal_at_least, in_turns, report

from queuectl.host import Host, HostOptions
from queuectl.model.job import JobSpec
from queuectl.queue import Queue

JOBS = int(os.environ.get("BENCH_JOBS", "3000"))


def bare(workers):
    """Start the same number of processes from as many threads, output captured in one file each; return jobs/s."""
    home = fresh_home()

    def work(number):
        for _ in range(JOBS // workers):
            output = os.open(home / str(number), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
            subprocess.Popen(
                ["/bin/sh", "-c", "true"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            ).wait()
            os.close(output)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return JOBS / (time.perf_counter() - began)


def queued(workers):
    """Drain a queue of them: durable, output captured, every transition committed; return jobs/s."""
    fresh_home()
    with Queue.open() as queue:
        queue.enqueue([JobSpec(command="true", cwd="/")] * JOBS)
        host = Host(queue, HostOptions(kind="worker", workers=workers, budget=JOBS))
        began = time.perf_counter()
        host.start()
        host.wait_until_idle()
        seconds = time.perf_counter() - began
        host.stop()
    return JOBS / seconds


def main():
    """Print the drain at several concurrencies."""
    for workers in (1, 2, 4, 8):
        without, with_queue = in_turns(lambda w=workers: bare(w), lambda w=workers: queued(w))
        ratio = with_queue / without
        goal = goal_at_least(ratio, 0.85) if workers == 4 else ""
        note = f"{with_queue:.0f} against {without:.0f} jobs/s"
        report(f"drain, {workers} workers: queue / bare Popen", f"{ratio:.2f}", goal=goal, note=note)


if __name__ == "__main__":
    main()
