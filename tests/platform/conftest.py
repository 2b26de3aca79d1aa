"""Jobs to start: real processes, of which nothing is left after the test."""

import os
import uuid

import pytest

from queuectl.platform.process import MARKER, kill_marked, spawn
from tests.support import Output


class Job:
    """A process as a job has it, with its token in the environment and its output to wait on."""

    def __init__(self, argv, *, cwd=None, **env):
        self.token = uuid.uuid4().hex
        self.output = Output()
        try:
            self.process = spawn(argv, cwd=cwd, env={**os.environ, MARKER: self.token, **env}, stdout=self.output.fd)
        finally:
            self.output.close()

    def line(self):
        """Return the next line of its output, when it comes."""
        return self.output.line()

    def kill(self):
        """Kill all of it."""
        self.process.kill(self.token)


@pytest.fixture
def start():
    """Start a job, with these variables in its environment too; all of it is killed after the test."""
    jobs = []

    def start(argv, **options):
        jobs.append(Job(argv, **options))
        return jobs[-1]

    yield start
    for job in jobs:
        job.kill()
        job.process.wait()
    kill_marked([job.token for job in jobs])
