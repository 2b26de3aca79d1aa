"""A queue and hosts that end with the test."""

import pytest

from queuectl.platform.process import kill_marked
from tests.hosts import HostProcess, quick_queue


@pytest.fixture
def jobs():
    """Open the test's own queue."""
    with quick_queue() as opened:
        yield opened


@pytest.fixture
def start_host(jobs):
    """Start hosts in processes of their own; they are killed at the end."""
    hosts = []

    def start(*args, **options):
        host = HostProcess(*(args or ("serve", "--no-drop", "--workers", "4")), **options)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        if host.process.poll() is None:
            host.kill()
    kill_marked([run.job.lease.token for run in jobs.store.running() if run.job.lease])
