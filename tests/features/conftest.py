"""What the walks through the features share: the command line, workers that run what there is, and a clerk."""

import json
import sys
from pathlib import Path

import pytest

from queuectl.model.plain import as_json, attempt_as_json, event_as_json
from queuectl.queue import Queue
from tests.hosts import HostProcess, quick_queue, run_cli

CLERK = Path(__file__).with_name("clerk.py")


@pytest.fixture(autouse=True)
def _quick():
    with quick_queue():
        pass


@pytest.fixture
def enqueue():
    """Return a function that enqueues by the command line and returns the id."""

    def enqueue(*args, **options):
        return int(run_cli("enqueue", *map(str, args), check=True, **options).out)

    return enqueue


@pytest.fixture
def burst():
    """Return a function that runs workers until nothing is left."""

    def burst(count=2, *args):
        return run_cli("worker", "start", "-v", "-c", str(count), "--poll", "50ms", "--burst", *args, check=True).out

    return burst


@pytest.fixture
def show():
    """Return a function that returns a job as ``show --json`` prints it, without a process for each look."""
    with Queue.open() as queue:

        def show(job):
            found = queue.find(job)
            attempts = [attempt_as_json(attempt) for attempt in queue.attempts(found.id)]
            history = [event_as_json(event) for event in queue.history(found.id)]
            return json.loads(json.dumps(as_json(found) | {"runs_list": attempts, "history": history}))

        yield show


@pytest.fixture
def host():
    """Return a function that starts a host; it ends with the test."""
    started = []

    def host(*args):
        started.append(HostProcess(*args))
        return started[-1]

    yield host
    for process in started:
        if process.process.poll() is None:
            process.kill()


class Notes:
    """What clerks have noted, and the words that make one of a job."""

    def __init__(self, path):
        self.path = path

    def clerk(self, name, seconds=0, code=0):
        return ["--", sys.executable, str(CLERK), str(self.path), str(name), str(seconds), str(code)]

    def lines(self):
        return self.path.read_text("utf-8").splitlines() if self.path.exists() else []

    def begun(self):
        """Return who began, in order."""
        return [line.split()[1] for line in self.lines() if line.startswith("begin")]

    def most_at_once(self, weight=lambda _: 1):
        """Return the greatest sum of the weights of those that ran at the same time."""
        now = most = 0
        for line in self.lines():
            what, name = line.split()
            now += weight(name) if what == "begin" else -weight(name)
            most = max(most, now)
        return most


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path / "notes")


@pytest.fixture
def jobs_folder():
    """Return a function that returns the drop folder."""

    def folder():
        return Path(run_cli("drop-folder", check=True).out.strip())

    return folder
