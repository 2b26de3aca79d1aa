"""A real queue, a real folder, and somebody who waits."""

import threading
import time

import pytest

from queuectl.dropfolder.folder import DropFolder
from queuectl.dropfolder.ingest import Ingester
from queuectl.dropfolder.watcher import Watcher
from queuectl.queue import Queue

DEADLINE = 30.0


class Drop:
    """A drop folder with its queue; what happened is in ``events``."""

    def __init__(self, root):
        self.path = root / "drop"
        self.database = str(root / "queue.db")
        self.queue = Queue.open(self.database)
        self.folder = DropFolder(self.path)
        self.folder.prepare()
        self.events = []
        self.started = []

    def ingester(self, queue=None, **options):
        """Return an ingester that is quick, so that the tests are."""
        options = {"settle": 0.05, "patience": 0.1, "on_event": self.events.append, "stop": threading.Event()} | options
        ingester = Ingester(queue or self.queue, self.folder, **options)
        self.started.append(ingester.close)
        return ingester

    def watcher(self, **options):
        """Return a watcher that runs."""
        watcher = Watcher(self.queue, self.path, **{"on_event": self.events.append} | options)
        self.started.append(lambda: watcher.stop(10.0))
        watcher.start()
        return watcher

    def put(self, name, content="echo hi\n"):
        """Drop a file as a careful program does: written elsewhere, then renamed."""
        draft = self.path.parent / f"{name}.draft"
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        return draft.rename(self.path / name)

    def run(self, ingester=None, until=None, seconds=None):
        """Look until ``until`` holds, or nothing waits; at most ``seconds``."""
        ingester = ingester or self.ingester()
        deadline = time.monotonic() + (seconds or DEADLINE)
        while time.monotonic() < deadline:
            delay = ingester.look()
            if until() if until else self.idle():
                return
            time.sleep(min(delay or 0.05, 0.05))
        assert seconds, "it did not come about"

    def idle(self):
        """Tell whether no file waits, claimed or not."""
        return not self.folder.waiting() and not self.claims()

    def claims(self):
        """Return the names of the claimed files."""
        return sorted(path.name for path in self.folder.claimed.glob("*/*"))

    def commands(self):
        """Return what is in the queue, in the order of ids."""
        from queuectl.store.types import JobFilter

        jobs = self.queue.jobs(JobFilter(limit=100_000))
        return [job.spec.command for job in sorted(jobs, key=lambda job: job.id)]

    def accepted(self):
        """Return the names in accepted/."""
        return sorted(path.name for path in self.folder.accepted.iterdir())

    def rejected(self):
        """Return the names in rejected/."""
        return sorted(path.name for path in self.folder.rejected.iterdir())

    def reason(self, name):
        """Return what a rejected file's explanation says."""
        return (self.folder.rejected / f"{name}.error.txt").read_text("utf-8")


@pytest.fixture
def drop(tmp_path):
    drop = Drop(tmp_path)
    yield drop
    for stop in drop.started:
        stop()
    drop.queue.close()


@pytest.fixture
def wait_until():
    def wait(condition, seconds=DEADLINE):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.01)

    return wait
