"""A queue and hosts that end with the test."""

import pytest

from tests.hosts import HostProcess, quick_queue


@pytest.fixture
def jobs():
    """Open the test's own queue."""
    with quick_queue() as opened:
        yield opened


@pytest.fixture
def start_host(jobs):  # noqa: ARG001 - its settings are in force before the first host
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
