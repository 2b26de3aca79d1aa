"""A queue and hosts that end with the test."""

import pytest

from tests.hosts import HostProcess, hosts_of_the_test, quick_queue


@pytest.fixture
def jobs():
    """Open the test's own queue."""
    with quick_queue() as opened:
        yield opened


@pytest.fixture
def start_host(jobs):
    """Start hosts in processes of their own; they are killed at the end."""
    with hosts_of_the_test() as hosts:

        def start(*args, **options):
            hosts.append(HostProcess(*(args or ("serve", "--no-drop", "--workers", "4")), **options))
            return hosts[-1]

        yield start
