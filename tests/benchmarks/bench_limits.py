"""What limits, slots and mutexes cost a drain, with 10,000 jobs that wait for others beside it."""

import os
import time

from measure import fresh_home, goal_at_least, in_turns, report

from queuectl.host import Host, HostOptions
from queuectl.model.job import JobSpec
from queuectl.queue import Queue

JOBS = int(os.environ.get("BENCH_JOBS", "3000"))
BLOCKED = 10_000
WORKERS = 4


def drain(queue, jobs=JOBS):
    """Run so many jobs; return how many a second."""
    host = Host(queue, HostOptions(kind="worker", workers=WORKERS, budget=jobs))
    began = time.perf_counter()
    host.start()
    host.wait_until_idle()
    seconds = time.perf_counter() - began
    host.stop()
    return jobs / seconds


def plain():
    """Drain a queue of jobs that want nothing."""
    fresh_home()
    with Queue.open() as queue:
        queue.enqueue([JobSpec(command="true", cwd="/")] * JOBS)
        return drain(queue)


def blocked(queue):
    """Add jobs that wait for one that never runs."""
    parent = queue.add("true", run_at=queue.clock.now().replace(year=2100))
    queue.enqueue([JobSpec(command="true", after=(parent.id,), queue=f"queue-{n % 5}") for n in range(BLOCKED)])


def with_blocked():
    """Drain the same jobs beside those that wait."""
    fresh_home()
    with Queue.open() as queue:
        blocked(queue)
        queue.enqueue([JobSpec(command="true", cwd="/")] * JOBS)
        return drain(queue)


def with_queues_and_limits():
    """Drain the same jobs spread over five queues that have limits which leave room for all."""
    fresh_home()
    with Queue.open() as queue:
        for number in range(5):
            queue.set_queue(f"queue-{number}", max_running=100)
        blocked(queue)
        queue.enqueue([JobSpec(command="true", cwd="/", queue=f"queue-{n % 5}", priority=n % 3) for n in range(JOBS)])
        return drain(queue)


def with_slots():
    """Drain jobs of which one in a hundred takes two slots."""
    fresh_home()
    with Queue.open() as queue:
        blocked(queue)
        queue.enqueue([JobSpec(command="true", cwd="/", slots=1 + (n % 100 == 0)) for n in range(JOBS)])
        return drain(queue)


def with_mutexes():
    """Drain jobs of which each has one of fifty mutexes."""
    fresh_home()
    with Queue.open() as queue:
        blocked(queue)
        queue.enqueue([JobSpec(command="true", cwd="/", mutex=f"m{n % 50}") for n in range(JOBS)])
        return drain(queue)


def main():
    """Print each drain as a share of the plain one."""
    sides = (plain, with_blocked, with_queues_and_limits, with_slots, with_mutexes)
    base, *others = in_turns(*sides, rounds=3)
    names = (f"{BLOCKED} blocked", "5 queues with limits", "1 % of two slots", "50 mutexes")
    for name, found in zip(names, others, strict=True):
        goal = goal_at_least(found / base, 0.9) if name != "50 mutexes" else ""
        note = f"{found:.0f} against {base:.0f} jobs/s"
        report(f"drain, {name} / plain", f"{found / base:.2f}", goal=goal, note=note)


if __name__ == "__main__":
    main()
