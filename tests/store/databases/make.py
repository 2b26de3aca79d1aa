"""Write a small database of the present schema version to vN.sql, with a job in every state; run it once a version.

Run it as ``.venv/bin/python -m tests.store.databases.make``. What it wrote for an earlier version is never changed:
databases like it are on people's disks.
"""

import io
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import apsw
import apsw.shell

from queuectl.model.state import State, Verb
from queuectl.store.connection import latest_version
from queuectl.store.sqlite import SqliteStore
from tests.store.conformance.case import HOUR, SettableClock, add, new, run, take
from tests.store.conformance.registry import HOST
from tests.store.conformance.schedules import SCHEDULE


def fill(store, clock):
    """Bring a job into every state, named by its key, and something into every table."""
    store.add_host(replace(HOST, id="host-1"))
    store.set_dashboard("host-1", "http://127.0.0.1:1")
    store.pause("paused", None)
    store.set_setting("max_retries", "5")
    add(store, "echo 'it''s' \"$HOME\"\necho ü", key=State.PENDING, priority=7, tags=("red", "blue"), queue="other")
    add(store, key=State.SCHEDULED, run_at=clock.now() + timedelta(days=36_500))
    parent = add(store, queue="paused", name="parent")
    add(store, key=State.BLOCKED, after=(parent.id,))
    for state, verb in (
        (State.COMPLETED, Verb.COMPLETE), (State.FAILED, Verb.FAIL), (State.DEAD, Verb.BURY),
        (State.CANCELLED, Verb.CANCEL),
    ):  # fmt: skip
        job = add(store, key=state, env={"NAME": "Grüße"}, timeout=12.5, cwd="/tmp", shell="bash", max_retries=1)
        clock.forward(1)
        run(store, job, verb, wait=HOUR, tail="the end\n", output_bytes=8)
    retried = add(store, name="retried")
    store.cancel(retried.id, actor="tests", reason="not today")
    store.retry(retried.id, actor="tests")
    running = take(store, add(store, key=State.PROCESSING, queue="running"))
    store.started(running.id, running.lease.token, host_name="a machine", pid=4_000_000, pid_created=1.5)
    store.enqueue([new(queue="paused"), new(queue="paused")], batch="a token")
    store.delete(add(store).id)
    store.add_schedule(SCHEDULE)


def dump(path):
    """Return a database as text."""
    text = io.StringIO()
    shell = apsw.shell.Shell(stdout=text, db=apsw.Connection(str(path)))
    shell.process_command(".dump")
    shell.db.close()
    lines = text.getvalue().splitlines(keepends=True)
    return "".join(lines[lines.index("\n") + 1 :])  # without who made it, where and when


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queue.db"
        clock = SettableClock()
        store = SqliteStore(path, path.with_name("lock"), clock=clock, machine="here")
        fill(store, clock)
        store.close()
        target = Path(__file__).with_name(f"v{latest_version()}.sql")
        with target.open("x", encoding="utf-8", newline="\n") as file:
            file.write(dump(path))


if __name__ == "__main__":
    main()
